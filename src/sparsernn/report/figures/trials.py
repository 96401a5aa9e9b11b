"""Sequences of a task: channels over time as heat maps, what is wanted below what is read, weights of errors last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sparsernn.errors import Undefined
from sparsernn.report.figures import style
from sparsernn.tasks.picture import Epoch, Picture

SINGLE = 4
"""Rows in which a block of one channel is drawn, so that it can be seen beside large ones."""
GAP = 2
SEQUENTIAL = ((0.0, "#ffffff"), (0.5, "#7fb8d9"), (1.0, "#004c7f"))


class Image(NamedTuple):
    """`values` (rows, T), two rows of NaN between blocks; `ticks` names blocks at the middle of their rows."""

    values: np.ndarray
    ticks: tuple[tuple[float, str], ...]


class Column(NamedTuple):
    """One sequence: images of what is read and wanted (None if there is no such thing), and `weight` (T,)."""

    title: str
    read: Image | None
    wanted: Image | None
    weight: np.ndarray | None
    epochs: tuple[Epoch, ...]
    dt: float
    unit: str


class TrialsFigure(NamedTuple):
    """Side by side. Colors run from `low` to `high`; `signed`: with 0 in the middle."""

    columns: tuple[Column, ...]
    low: float
    high: float
    signed: bool


def numbers(pictures: Sequence[Picture]) -> TrialsFigure | Undefined:
    """From pictures of one group. Undefined if there are none."""
    if not pictures:
        return Undefined("the task has no sequences to draw")
    columns = tuple(
        Column(p.title, _image(p.read), _image(p.wanted), p.weight, p.epochs, p.dt, p.unit) for p in pictures
    )
    values = np.concatenate([b.values.ravel() for p in pictures for b in (*p.read, *p.wanted)])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    signed = low < -0.3 * max(high, 0.0)
    limit = max(abs(low), abs(high)) or 1.0
    return TrialsFigure(columns, -limit if signed else 0.0, limit, signed)


def _image(blocks: Sequence[Any]) -> Image | None:
    if not blocks:
        return None
    rows: list[np.ndarray] = []
    ticks, at = [], 0
    for block in blocks:
        values = np.asarray(block.values, np.float32).T
        values = np.repeat(values, SINGLE, axis=0) if len(values) == 1 else values
        if rows:
            rows.append(np.full((GAP, values.shape[1]), np.nan, np.float32))
            at += GAP
        ticks.append((at + (len(values) - 1) / 2, block.name))
        rows.append(values)
        at += len(values)
    return Image(np.concatenate(rows), tuple(ticks))


def draw(numbers: TrialsFigure) -> go.Figure:
    """A column a sequence; dotted lines where epochs begin, their names above."""
    first = numbers.columns[0]
    parts = [p for p in ("read", "wanted", "weight") if getattr(first, p) is not None]
    heights = [18 if p == "weight" else int(np.clip(len(getattr(first, p).values), 24, 100)) for p in parts]
    made = make_subplots(
        len(parts),
        len(numbers.columns),
        shared_xaxes=True,
        row_heights=heights,
        vertical_spacing=0.035,
        horizontal_spacing=0.11,
    )
    lines, labels = [], []
    for j, column in enumerate(numbers.columns):
        length = next(len(v) for v in (column.weight, *_lengths(column)) if v is not None)
        time = (np.arange(length) + 0.5) * column.dt
        for i, part in enumerate(parts):
            shown = getattr(column, part)
            _panel(made, shown, part, time, i + 1, j + 1)
            lines += [] if part == "weight" else _between(shown, i * len(numbers.columns) + j + 1)
        x = "x" if j == 0 else f"x{j + 1}"
        for epoch in column.epochs:
            begin, end = epoch.begin * column.dt, epoch.end * column.dt
            if epoch.begin:
                lines.append(
                    {"type": "line", "xref": x, "yref": "paper", "x0": begin, "x1": begin, "y0": 0, "y1": 1}
                    | {"line": style.REFERENCE}
                )
            labels.append(_label(style.shown(epoch.name), x, (begin + end) / 2, style.NOTE | {"size": 10}))
        above = 20 if column.epochs else 2
        labels.append(_label(style.shown(column.title), x, time[-1] / 2, style.SMALL, above))
        made.update_xaxes(range=[0, length * column.dt], col=j + 1)
        title = "step" if column.unit == "step" else f"time ({column.unit})"
        made.update_xaxes(title_text=title, row=len(parts), col=j + 1)
    colors = {"colorscale": style.SIGNED if numbers.signed else SEQUENTIAL, "cmin": numbers.low, "cmax": numbers.high}
    style.house(made, 130 + int(3.2 * sum(heights)), coloraxis=colors, showlegend=False, margin={"t": 64, "l": 78})
    made.update_layout(shapes=lines, annotations=labels)
    return made


def _lengths(column: Column) -> list[np.ndarray | None]:
    return [None if image is None else image.values[0] for image in (column.read, column.wanted)]


def _between(image: Image, panel: int) -> list[dict[str, Any]]:
    """Gray bars between blocks, in the panel of a number."""
    number = "" if panel == 1 else str(panel)
    gaps = np.flatnonzero(np.isnan(image.values[:, 0]))[::GAP]
    place = {"type": "rect", "xref": f"x{number} domain", "yref": f"y{number}", "x0": 0, "x1": 1}
    look = {"fillcolor": style.GRID, "line": {"width": 0}}
    return [place | look | {"y0": gap - 0.5, "y1": gap + GAP - 0.5} for gap in gaps]


def _label(text: str, x: str, at: float, font: Any, shift: int = 2) -> dict[str, Any]:
    place = {"xref": x, "yref": "paper", "x": at, "y": 1.0, "yanchor": "bottom", "yshift": shift}
    return place | {"text": text, "showarrow": False, "font": font}


def _panel(made: go.Figure, what: Any, part: str, time: np.ndarray, row: int, col: int) -> None:
    place = {"row": row, "col": col}
    if part == "weight":
        made.add_trace(
            go.Scatter(
                x=style.compact(time),
                y=style.compact(what),
                mode="lines",
                line={"color": style.DATA, "width": 1.2, "shape": "hvh"},
                hovertemplate="%{x}: weight %{y}<extra></extra>",
            ),
            **place,
        )
        made.update_yaxes(title_text="weight" if col == 1 else None, rangemode="tozero", nticks=3, **place)
        return
    made.add_trace(
        go.Heatmap(
            x=style.compact(time),
            z=style.compact(what.values),
            coloraxis="coloraxis",
            hovertemplate="%{x}: %{z:.3g}<extra></extra>",
        ),
        **place,
    )
    made.update_yaxes(
        tickvals=[at for at, _ in what.ticks],
        ticktext=[style.shown(name) for _, name in what.ticks],
        title_text=part if col == 1 else None,
        showgrid=False,
        autorange="reversed",
        **place,
    )
    made.update_xaxes(showgrid=False, **place)
