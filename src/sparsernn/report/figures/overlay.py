"""Time series of the data and of the free run, one above the other on common axes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sparsernn.dynamics.time_scale import center_frequency
from sparsernn.report.figures import style
from sparsernn.report.subject import Signals

POINTS, COLUMNS, CYCLES = 2_000, 6, 15


class Overlay(NamedTuple):
    """`time` (n,) in `unit`, `data` and `model` (n, k) of the first k of `columns` columns."""

    time: np.ndarray
    data: np.ndarray
    model: np.ndarray
    names: tuple[str, ...]
    columns: int
    unit: str
    value: str


def numbers(signals: Signals, points: int = POINTS) -> Overlay:
    """About fifteen cycles of the first column from the beginning of the stretch, between 300 and `points` rows."""
    cycle = 1 / max(center_frequency(signals.data[:, 0]), 1e-9)
    rows = int(min(len(signals.data), np.clip(CYCLES * cycle, 300, points)))
    k = min(COLUMNS, signals.data.shape[1])
    time = np.arange(rows) * signals.dt
    data, model = (np.array(x[:rows, :k]) for x in (signals.data, signals.model))
    between = [row for row in signals.starts[1:] if row < rows]
    data[between] = model[between] = np.nan  # lines break where another stretch begins
    names = tuple(map(str, signals.names[:k]))
    return Overlay(time, data, model, names, signals.data.shape[1], signals.time, signals.unit)


def _limits(x: np.ndarray) -> list[float]:
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    margin = 0.25 * max(high - low, 1e-9)
    return [low - margin, high + margin]


def draw(numbers: Overlay) -> go.Figure:
    """One panel a column; limits follow the data."""
    k = len(numbers.names)
    made = make_subplots(k, 1, shared_xaxes=True, vertical_spacing=0.04)
    step = {"x0": float(numbers.time[0]), "dx": float(numbers.time[1] - numbers.time[0])}
    for i, name in enumerate(numbers.names):
        for values, color, label, width in (
            (numbers.data, style.DATA, "data", 1.1),
            (numbers.model, style.MODEL, "network, running freely", 1.4),
        ):
            y = style.compact(np.where(np.isfinite(values[:, i]), values[:, i], np.nan))
            line = {"color": color, "width": width}
            made.add_trace(
                go.Scatter(**step, y=y, mode="lines", line=line, name=label, legendgroup=label, showlegend=i == 0),
                i + 1,
                1,
            )
        title = f"{style.shown(name)} ({numbers.value})"
        made.update_yaxes(title_text=title, range=_limits(numbers.data[:, i]), row=i + 1, col=1)
    style.house(made, 110 + 120 * k, hovermode=False)
    made.update_xaxes(title_text=f"time ({numbers.unit})", row=k, col=1)
    made.update_yaxes(title_font=style.SMALL, nticks=4)
    return made


def picture(numbers: Overlay, path: Path) -> None:
    """The same as a PNG file."""
    k = len(numbers.names)
    with style.styled():
        made = style.canvas(9.6, 1.1 + 1.25 * k)
        panels = made.subplots(k, 1, sharex=True, squeeze=False)[:, 0]
        for i, (axes, name) in enumerate(zip(panels, numbers.names, strict=True)):
            axes.plot(numbers.time, numbers.data[:, i], color=style.DATA, linewidth=0.9, label="data")
            axes.plot(
                numbers.time, numbers.model[:, i], color=style.MODEL, linewidth=1.2, label="network, running freely"
            )
            axes.set(ylabel=f"{style.written(name)} ({numbers.value})", ylim=_limits(numbers.data[:, i]))
            axes.margins(x=0)
        panels[0].legend(ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
        panels[-1].set_xlabel(f"time ({numbers.unit})")
        style.save(made, path)
