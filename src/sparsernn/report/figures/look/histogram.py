"""How often each value occurs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sparsernn.report.figures import style
from sparsernn.report.figures.look.view import View

BINS = 60
ROW = 3


class Histograms(NamedTuple):
    """A (label, edges (b + 1,), share of the rows (b,)) for each column that is drawn."""

    columns: tuple[tuple[str, np.ndarray, np.ndarray], ...]


def numbers(view: View) -> Histograms:
    """`BINS` bins over the range of each column; missing values are left out. A column without a range has one bin."""
    found = []
    for c in view.shown():
        column = view.values[:, c]
        column = column[np.isfinite(column)]
        low, high = (float(column.min()), float(column.max())) if len(column) else (0.0, 1.0)
        with np.errstate(over="ignore"):
            wide = np.isfinite(high - low) and high - low > 1e-300
        scale = 1.0 if wide else max(abs(low), abs(high), 1e-300)
        edges = np.linspace(low / scale, high / scale, BINS + 1) if low < high else np.array([low - 0.5, low + 0.5])
        counts, edges = np.histogram(column / scale if low < high else column, edges)
        found.append((view.label(c), edges * scale, counts / max(len(column), 1)))
    return Histograms(tuple(found))


def draw(numbers: Histograms) -> go.Figure:
    """Small panels, three in a row."""
    k = len(numbers.columns)
    rows, across = -(-k // ROW), min(k, ROW)
    made = make_subplots(rows, across, horizontal_spacing=0.08, vertical_spacing=0.22)
    for i, (label, edges, share) in enumerate(numbers.columns):
        row, column = i // ROW + 1, i % ROW + 1
        made.add_trace(
            go.Bar(
                x=edges[:-1] / 2 + edges[1:] / 2,
                y=100 * share,
                width=np.diff(edges),
                marker={"color": style.DATA, "line": {"width": 0}},
                hovertemplate="%{x:.4g}: %{y:.3g} %<extra></extra>",
            ),
            row,
            column,
        )
        made.update_xaxes(title_text=style.shown(label), nticks=5, row=row, col=column)
        made.update_yaxes(
            title_text="% of the rows" if column == 1 else "", nticks=4, rangemode="tozero", row=row, col=column
        )
    return style.house(made, 60 + 180 * rows, showlegend=False, bargap=0, margin={"t": 16})
