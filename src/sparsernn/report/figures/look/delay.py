"""The shape of the motion: one column against another, or against itself some rows later."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sparsernn.errors import Undefined
from sparsernn.report.figures import style
from sparsernn.report.figures.look.view import View

POINTS = 6000


class Orbit(NamedTuple):
    """Two projections: `x`, `y` (k,) each with the labels of their axes; `markers`: points are not joined."""

    panels: tuple[tuple[np.ndarray, np.ndarray, str, str], ...]
    markers: bool


def numbers(view: View) -> Orbit | Undefined:
    """The last rows of the longest piece without a gap."""
    columns, piece = view.shown(), view.piece()
    if len(piece) < 20 + 2 * view.lag:
        return Undefined("the longest piece without a hole is too short for a delay")
    piece = piece[-POINTS - 2 * view.lag :]

    def later(column: int, rows: int) -> tuple[np.ndarray, str]:
        name = view.label(column)
        values = piece[rows : len(piece) - 2 * view.lag + rows, column]
        return values, f"{name}, {rows:,} row{'' if rows == 1 else 's'} later" if rows else name

    first = int(columns[0])
    pairs = [((first, 0), (first, view.lag))]
    if len(columns) == 1:
        pairs.append(((first, 0), (first, 2 * view.lag)))
    else:
        pairs.insert(0, ((first, 0), (int(columns[min(2, len(columns) - 1)]), 0)))
    panels = []
    for a, b in pairs:
        (x, name), (y, other) = later(*a), later(*b)
        panels.append((x, y, name, other))
    return Orbit(tuple(panels), view.coarse)


def draw(numbers: Orbit) -> go.Figure:
    """Two panels side by side."""
    made = make_subplots(1, 2, horizontal_spacing=0.12)
    for i, (x, y, name, other) in enumerate(numbers.panels, start=1):
        made.add_trace(
            go.Scatter(
                x=x,
                y=y,
                mode="markers" if numbers.markers else "lines",
                line={"color": style.MODEL, "width": 0.7},
                marker={"color": style.MODEL, "size": 2.5},
                hoverinfo="skip",
            ),
            1,
            i,
        )
        made.update_xaxes(title_text=style.shown(name), row=1, col=i)
        made.update_yaxes(title_text=style.shown(other), row=1, col=i)
    return style.house(made, 400, showlegend=False, margin={"t": 16})
