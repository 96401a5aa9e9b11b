"""The spectrum of every column."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from sparsernn.dynamics.binned_power import binned_power
from sparsernn.errors import Undefined
from sparsernn.report.figures import style
from sparsernn.report.figures.look.view import View

POINTS, LEAST = 300, 32
DECADES = 12
"""What lies lower is the rounding of the numbers, not the recording."""


class Power(NamedTuple):
    """`frequency` (F,) in cycles a row, or per unit of dt; `power` (F, columns), as shares of the sum."""

    frequency: np.ndarray
    power: np.ndarray
    labels: tuple[str, ...]
    axis: str


def numbers(view: View) -> Power | Undefined:
    """Windowed spectra of the longest piece without a gap, averaged over bins that grow with the frequency."""
    columns = view.shown()
    piece = view.piece()[:, columns]
    if len(piece) < LEAST or not np.isfinite(piece).all():
        return Undefined(f"the longest piece without a hole has fewer than {LEAST} rows")
    frequency, power = binned_power(piece, POINTS)
    unit = (
        "cycles a row" if view.dt is None else f"cycles per {view.time_unit}" if view.time_unit else "cycles per time"
    )
    return Power(
        frequency / (1.0 if view.dt is None else view.dt),
        power,
        tuple(view.label(c) for c in columns),
        f"frequency [{unit}]",
    )


def draw(numbers: Power) -> go.Figure:
    """Both axes logarithmic; the floor on the right is noise, peaks are rhythms, a slope all along is a walk."""
    made = style.figure(360)
    for i, label in enumerate(numbers.labels):
        positive = numbers.power[:, i] > 0
        made.add_trace(
            go.Scatter(
                x=style.compact(numbers.frequency[positive]),
                y=numbers.power[positive, i],
                mode="lines",
                line={"color": style.color(i), "width": 1.2},
                name=style.shown(label),
                hovertemplate="%{x:.4g}: %{y:.3g}<extra>" + style.shown(label) + "</extra>",
            )
        )
    made.update_layout(showlegend=len(numbers.labels) > 1)
    made.update_xaxes(title_text=style.shown(numbers.axis), **style.log_axis(list(numbers.frequency)))
    top = np.log10(max(float(numbers.power.max()), 1e-300))
    low = max(np.log10(max(float(numbers.power.min()), 1e-300)), top - DECADES)
    made.update_yaxes(title_text="share of the power", type="log", exponentformat="power", title_standoff=18)
    made.update_yaxes(range=[low - 0.2, top + 0.5], dtick=2 if top - low > 5 else 1)
    return made
