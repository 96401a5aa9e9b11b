"""The attractor of the data and of the network side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sparsernn.dynamics.time_scale import first_lag
from sparsernn.errors import Undefined
from sparsernn.report.figures import style
from sparsernn.report.subject import Signals

POINTS = 3_000


class Attractor(NamedTuple):
    """Orbits (n, dim) with dim 2 or 3, of consecutive rows, and axis labels. `how` says what the axes are."""

    data: np.ndarray
    model: np.ndarray
    axes: tuple[str, ...]
    how: str


def numbers(signals: Signals, points: int = POINTS) -> Attractor | Undefined:
    """The first `points` rows; the first three columns, or two of two. One column x is shown as (x(t), x(t - d)), d the
    first lag at which the autocorrelation of the data falls to 1/e. Rows that are not finite are left out."""
    data, model = signals.data[:points], signals.model[:points]
    names = [f"{name} ({signals.unit})" for name in map(str, signals.names)]
    if data.shape[1] == 1:
        lag = first_lag(signals.data[:, 0])
        data, model = (np.stack([x[lag:, 0], x[:-lag, 0]], axis=1) for x in (data, model))
        axes: tuple[str, ...] = (names[0], f"{signals.names[0]}, {lag} steps earlier")
        how = f"one column against itself {lag} steps earlier (where its autocorrelation has fallen to 1/e)"
    else:
        dim = min(3, data.shape[1])
        data, model, axes = data[:, :dim], model[:, :dim], tuple(names[:dim])
        how = "all columns" if dim == signals.data.shape[1] else f"the first three of {signals.data.shape[1]} columns"
    finite = [np.isfinite(x).all(axis=1) for x in (data, model)]
    if finite[1].sum() < 2:
        return Undefined("the free run holds no finite values")
    ends = _ends(signals, len(data), points)
    data, model = (
        np.where(ends[:, None], np.nan, x)[known | ends] for x, known in zip((data, model), finite, strict=True)
    )
    return Attractor(data, model, axes, how)


def _ends(signals: Signals, rows: int, points: int) -> np.ndarray:
    """(rows,) where lines break: the first row of a later stretch and, where a column is shown against itself, the rows
    after it that look back across the boundary."""
    lag = min(len(signals.data), points) - rows
    ends = np.zeros(rows + lag, bool)
    for start in signals.starts[1:]:
        ends[start : start + max(lag, 1)] = True
    return ends[lag:]


def stands_still(numbers: Attractor) -> bool:
    """Whether the end of the free run is a point, as far as an eye can tell; a line would not be seen."""
    end = numbers.model[len(numbers.model) // 2 :]
    spread = lambda x: np.nanmax(x, axis=0) - np.nanmin(x, axis=0)
    return bool((spread(end) < 0.01 * np.maximum(spread(numbers.data), 1e-9)).all())


def _titles(numbers: Attractor) -> tuple[str, str]:
    return "data", "network: its run stands still" if stands_still(numbers) else "network, running freely"


def _boxes(numbers: Attractor) -> np.ndarray:
    """Limits (dim, 2) of the data with a margin; a model that goes astray does not shrink the data to a dot."""
    low, high = np.nanmin(numbers.data, axis=0), np.nanmax(numbers.data, axis=0)
    margin = 0.12 * np.maximum(high - low, 1e-9)
    return np.stack([low - margin, high + margin], axis=1)


def _inside(orbit: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """NaN outside, so that lines break there."""
    return np.where((orbit >= boxes[:, 0]) & (orbit <= boxes[:, 1]), orbit, np.nan)


def _scene(titles: list[str], boxes: np.ndarray) -> dict[str, Any]:
    """Limits and titles of the axes, parallel projection."""
    axes = {
        f"{letter}axis": {"title": {"text": title}, "range": list(map(float, box))}
        for letter, title, box in zip("xyz", titles, boxes, strict=True)
    }
    eye, center = {"x": 1.0, "y": -1.0, "z": 0.46}, {"x": 0, "y": 0, "z": -0.1}
    camera = {"eye": eye, "center": center, "projection": {"type": "orthographic"}}
    return {**axes, "aspectmode": "cube", "camera": camera, "dragmode": "orbit"}


def draw(numbers: Attractor) -> go.Figure:
    """Two rotatable scenes (or two planes) with equal axes, cut to the range of the data."""
    boxes, dim = _boxes(numbers), len(numbers.axes)
    kind, trace = ("scene", go.Scatter3d) if dim == 3 else ("xy", go.Scatter)
    made = make_subplots(1, 2, specs=[[{"type": kind}] * 2], subplot_titles=_titles(numbers), horizontal_spacing=0.06)
    modes = ("lines", "lines+markers" if stands_still(numbers) else "lines")
    pairs = ((numbers.data, style.DATA), (numbers.model, style.MODEL))
    for place, ((orbit, color), mode) in enumerate(zip(pairs, modes, strict=True), start=1):
        line = {"color": color, "width": 2.2 if dim == 3 else 0.8}
        values = dict(zip("xyz", map(style.compact, _inside(orbit, boxes).T), strict=False))
        drawn = trace(**values, mode=mode, line=line, marker={"size": 4, "color": color}, hoverinfo="skip")
        made.add_trace(drawn, 1, place)
    made.update_annotations(xanchor="left", yanchor="bottom")
    for annotation, remaining in zip(made.layout.annotations, (0.0, 0.53), strict=True):
        annotation.x = remaining
    style.house(made, 480, margin=style.FLUSH if dim == 3 else {}, showlegend=False)
    titles = [style.shown(axis) for axis in numbers.axes]
    if dim == 3:
        scene = _scene(titles, boxes)
        made.update_layout(scene=scene, scene2=scene)
    else:
        made.update_xaxes(title_text=titles[0], range=list(map(float, boxes[0])))
        made.update_yaxes(title_text=titles[1], range=list(map(float, boxes[1])))
    return made


def picture(numbers: Attractor, path: Path) -> None:
    """The same as a PNG file."""
    boxes, dim = _boxes(numbers), len(numbers.axes)
    labels = [style.written(axis) for axis in numbers.axes]
    markers = (None, "o" if stands_still(numbers) else None)
    with style.styled():
        made = style.canvas(9.6, 4.7)
        pairs = ((numbers.data, style.DATA), (numbers.model, style.MODEL))
        for place, (orbit, color) in enumerate(pairs):
            panel: Any = made.add_subplot(1, 2, place + 1, projection="3d" if dim == 3 else None)
            panel.plot(*_inside(orbit, boxes).T, color=color, linewidth=0.5, marker=markers[place], markersize=3)
            panel.set(xlabel=labels[0], ylabel=labels[1], xlim=boxes[0], ylim=boxes[1], title=_titles(numbers)[place])
            if dim == 3:
                panel.set(zlabel=labels[2], zlim=boxes[2])
                panel.view_init(elev=18, azim=-55)
                panel.set_proj_type("ortho")
                panel.set_box_aspect(None, zoom=0.88)
                panel.locator_params(nbins=4)
        style.save(made, path)
