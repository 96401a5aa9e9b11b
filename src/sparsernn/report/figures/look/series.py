"""The series against time, whole or a few turns of it: every peak is kept, however many rows there are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sparsernn.errors import Undefined
from sparsernn.report.figures import style
from sparsernn.report.figures.look.view import View

BINS = 900
"""Pieces of the time axis, each drawn by its lowest and its highest value: about two pixels."""
TURNS, FEWEST, MOST = 5, 60, 3000
"""Turns in the detail, and its fewest and most rows."""


class Lines(NamedTuple):
    """`time` (k,) and `values` (k, columns), NaN where the line is broken; `cuts`: times at which a stretch begins."""

    time: np.ndarray
    values: np.ndarray
    labels: tuple[str, ...]
    time_label: str
    cuts: tuple[float, ...]
    markers: bool


def numbers(view: View) -> Lines:
    """All rows."""
    return _lines(view, slice(0, len(view.values)))


def detail(view: View) -> Lines | Undefined:
    """A few turns from the middle of the longest piece without a gap."""
    piece = view.piece_rows()
    length = piece.stop - piece.start
    if length < 2:
        return Undefined("there are no two rows without a hole")
    wanted = int(np.clip(TURNS * (view.turn or length), FEWEST, MOST))
    first = piece.start + max(0, (length - wanted) // 2)
    return _lines(view, slice(first, min(first + wanted, piece.stop)))


def _lines(view: View, rows: slice) -> Lines:
    columns = view.shown()
    values, numbers = view.values[rows][:, columns], np.arange(rows.start, rows.stop)
    cuts = [s for s in view.starts if rows.start < s < rows.stop]
    markers = view.coarse and len(values) <= 400
    if len(values) > 2 * BINS:
        edges = np.linspace(0, len(values), BINS + 1).astype(int)[:-1]
        with np.errstate(invalid="ignore"):
            low, high = np.fmin.reduceat(values, edges), np.fmax.reduceat(values, edges)
        values = np.stack([low, high], axis=1).reshape(-1, len(columns))
        numbers = np.repeat(numbers[edges], 2)
    elif cuts and len(cuts) <= 200:
        place = np.searchsorted(numbers, cuts)
        values, numbers = np.insert(values, place, np.nan, axis=0), np.insert(numbers, place, cuts)
    return Lines(
        view.times(numbers),
        values,
        tuple(view.label(c) for c in columns),
        view.time_label,
        tuple(float(t) for t in view.times(np.array(cuts[:50]))),
        markers,
    )


def draw(numbers: Lines) -> go.Figure:
    """One panel a column, one below the other, on one time axis."""
    k = len(numbers.labels)
    height = 110 if k > 3 else 150
    made = make_subplots(k, 1, shared_xaxes=True, vertical_spacing=0.03)
    for i, label in enumerate(numbers.labels):
        made.add_trace(
            go.Scatter(
                x=style.compact(numbers.time),
                y=numbers.values[:, i],
                mode="lines+markers" if numbers.markers else "lines",
                line={"color": style.DATA, "width": 0.6 if numbers.markers else 1},
                marker={"size": 4},
                name=style.shown(label),
                hovertemplate="%{x:.6g}: %{y:.4g}<extra></extra>",
            ),
            i + 1,
            1,
        )
        made.update_yaxes(title_text=style.shown(label), title_font=style.SMALL, nticks=4, row=i + 1, col=1)
    for time in numbers.cuts:
        made.add_vline(x=time, line=style.REFERENCE | {"color": style.POSITIVE})
    style.house(made, 60 + height * k, showlegend=False, margin={"t": 16})
    made.update_xaxes(title_text=numbers.time_label, row=k, col=1)
    return made
