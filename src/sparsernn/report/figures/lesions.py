"""A number of a network from which more and more is taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from sparsernn.errors import Undefined
from sparsernn.report.figures import style


class Lesioned(NamedTuple):
    """Curves by `kinds`: `x`, `mean`, `sd` (steps + 1,) each, the sd 0 of one order; `axis` the labels of x and y."""

    kinds: tuple[str, ...]
    x: tuple[np.ndarray, ...]
    mean: tuple[np.ndarray, ...]
    sd: tuple[np.ndarray, ...]
    axis: tuple[str, str]


def numbers(
    kinds: Sequence[str], x: Sequence[np.ndarray], scores: Sequence[np.ndarray], axis: tuple[str, str]
) -> Lesioned | Undefined:
    """From scores (orders, steps + 1) of every kind. Undefined where none is finite."""
    if not any(np.isfinite(s).any() for s in scores):
        return Undefined("the number does not exist after any removal")
    spread = [s.std(axis=0, ddof=1) if len(s) > 1 else np.zeros(s.shape[1]) for s in scores]
    return Lesioned(tuple(kinds), tuple(x), tuple(s.mean(axis=0) for s in scores), tuple(spread), axis)


def draw(numbers: Lesioned) -> go.Figure:
    """One line a kind, mean ± sd over orders."""
    made = go.Figure()
    for i, kind in enumerate(numbers.kinds):
        made.add_trace(
            go.Scatter(
                x=numbers.x[i],
                y=numbers.mean[i],
                error_y={"type": "data", "array": numbers.sd[i], "thickness": 1, "width": 3},
                mode="lines+markers",
                name=style.shown(kind),
                line={"color": style.COLORS[i], "dash": style.DASHES[i], "width": 2},
                marker={"symbol": style.MARKERS[i], "size": 7},
                hovertemplate="%{x:.4g}: %{y:.4g}<extra></extra>",
            )
        )
    style.house(made, 400, margin={"l": 70, "r": 20, "t": 44, "b": 56})
    made.update_xaxes(title_text=numbers.axis[0], rangemode="tozero")
    made.update_yaxes(title_text=numbers.axis[1])
    return made
