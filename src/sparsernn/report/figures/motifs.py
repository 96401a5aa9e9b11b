"""The motif profile: counts beside their nulls, and how far apart they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sparsernn.errors import Undefined
from sparsernn.report.figures import style

BALANCED, UNBALANCED, PLAIN = style.OBSERVED, style.COLORS[1], style.DATA
BAND = 2


class Profile(NamedTuple):
    """One bar a kind: `labels` (k,), `values`, `means`, `sds`, `z` (k,) with NaN where there is none; `balanced` True,
    False, or None where a kind is neither; `what` the values are."""

    labels: tuple[str, ...]
    values: np.ndarray
    means: np.ndarray
    sds: np.ndarray
    z: np.ndarray
    balanced: tuple[bool | None, ...]
    what: str


def numbers(
    labels: Sequence[str],
    rows: Sequence[Sequence[object]],
    balanced: Sequence[bool | None],
    what: str,
) -> Profile | Undefined:
    """From rows (value, null mean, null sd, z). Undefined if no value exists."""
    plain = lambda v: np.nan if isinstance(v, Undefined) or v is None else float(v)
    table = np.array([[plain(cell) for cell in row] for row in rows], float).reshape(len(labels), 4)
    if not np.isfinite(table[:, 0]).any():
        first = rows[0][0] if rows else "nothing was counted"
        return Undefined(str(first))
    values, means, sds, z = table.T
    return Profile(tuple(labels), values, means, sds, z, tuple(balanced), what)


def draw(numbers: Profile) -> go.Figure:
    """Above: values as points on gray bars of null mean ± 2 sd. Below: z, with the band within ± 2."""
    made = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.55, 0.45], vertical_spacing=0.07)
    labels = [style.shown(label) for label in numbers.labels]
    colors = [PLAIN if b is None else BALANCED if b else UNBALANCED for b in numbers.balanced]
    known = np.isfinite(numbers.means)
    made.add_trace(
        go.Bar(
            x=[label for label, k in zip(labels, known, strict=True) if k],
            y=2 * BAND * np.maximum(numbers.sds[known], 1e-12),
            base=numbers.means[known] - BAND * numbers.sds[known],
            marker={"color": "#cfd4da"},
            width=0.62,
            name="null: mean ± 2 sd",
            customdata=np.stack([numbers.means[known], numbers.sds[known]], axis=1),
            hovertemplate="%{x}: null %{customdata[0]:.4g} ± %{customdata[1]:.3g}<extra></extra>",
        ),
        1,
        1,
    )
    for kind, name in ((True, "balanced"), (False, "unbalanced"), (None, "this graph")):
        at = [i for i, b in enumerate(numbers.balanced) if b is kind]
        if at:
            made.add_trace(
                go.Scatter(
                    x=[labels[i] for i in at],
                    y=numbers.values[at],
                    mode="markers",
                    marker={"size": 11, "color": colors[at[0]], "symbol": "circle" if kind is not False else "diamond"},
                    name=name,
                    hovertemplate="%{x}: %{y:.4g}<extra></extra>",
                ),
                1,
                1,
            )
    made.add_trace(
        go.Bar(
            x=labels,
            y=np.where(np.isfinite(numbers.z), numbers.z, 0),
            marker={"color": colors},
            width=0.62,
            showlegend=False,
            hovertemplate="%{x}: z = %{y:.2f}<extra></extra>",
        ),
        2,
        1,
    )
    style.house(made, 460, bargap=0.3, barmode="overlay", margin={"l": 70, "r": 20, "t": 44, "b": 46})
    made.add_hrect(-BAND, BAND, fillcolor="#e5e7eb", opacity=0.6, line_width=0, layer="below", row=2, col=1)
    made.add_hline(0, line={"color": style.QUIET, "width": 1}, row=2, col=1)
    made.update_xaxes(type="category", categoryorder="array", categoryarray=labels)
    made.update_yaxes(title_text=numbers.what, rangemode="tozero", row=1, col=1)
    made.update_yaxes(title_text="z", row=2, col=1)
    return made
