"""Smoothed power spectra of the data and of the free run, as D_H compares them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sparsernn.dynamics.power_spectrum import covering, piece_rows, power_spectra
from sparsernn.errors import Undefined
from sparsernn.report.figures import style
from sparsernn.report.subject import Signals

POINTS, FEWEST, COLUMNS, SIGMA = 500, 21, 6, 20.0


class SpectraFigure(NamedTuple):
    """`frequency` (F,) in `unit`, `data` and `model` (F, k): share of the power in a frequency bin, smoothed over
    `sigma` bins = `bandwidth` in `unit`. A column of NaN has no spectrum; `undefined` says why."""

    frequency: np.ndarray
    data: np.ndarray
    model: np.ndarray
    names: tuple[str, ...]
    columns: int
    unit: str
    sigma: float
    bandwidth: float
    undefined: tuple[str, ...]


def numbers(signals: Signals, points: int = POINTS) -> SpectraFigure:
    """Up to the frequency below which lie 99.9 % of the power of every column of the data, at most `points` bins shown.

    Smoothing over 20 bins as in D_H, fewer where the series is short.
    """
    length = len(signals.data)
    sigma = min(SIGMA, length / 40)
    k = min(COLUMNS, signals.data.shape[1])
    starts = signals.starts
    part = sigma * piece_rows(length, starts) / length  # the same width in frequency, of several stretches
    data, model = (
        power_spectra(x[:, :k], sigma=part, dt=signals.dt, starts=starts) for x in (signals.data, signals.model)
    )
    rows = style.every(min(max(covering(data.power), FEWEST), len(data.frequency)), points)

    def defined(spectra: np.ndarray, undefined: dict[int, Undefined]) -> np.ndarray:
        return np.where(np.isin(np.arange(k), list(undefined)), np.nan, spectra)[rows]

    why = [f"data: {reason}" for reason in data.undefined.values()]
    why += [f"network: {reason}" for reason in model.undefined.values()]
    return SpectraFigure(
        data.frequency[rows],
        defined(data.power, data.undefined),
        defined(model.power, model.undefined),
        tuple(map(str, signals.names[:k])),
        signals.data.shape[1],
        signals.frequency,
        sigma,
        sigma / (length * signals.dt),
        tuple(why),
    )


def _lowest(numbers: SpectraFigure) -> float:
    """Bottom of the logarithmic axis: the smallest value shown, at most six decades below the largest of the data."""
    shown = np.concatenate([numbers.data, numbers.model])
    smallest = float(np.min(shown[shown > 0], initial=1.0))
    return max(0.7 * smallest, 1e-6 * float(np.nanmax(numbers.data, initial=1e-9)))


def draw(numbers: SpectraFigure) -> go.Figure:
    """One panel a column."""
    k = len(numbers.names)
    across = min(3, k)
    down = -(-k // across)
    made = make_subplots(down, across, subplot_titles=[style.shown(n) for n in numbers.names], horizontal_spacing=0.07)
    for i in range(k):
        row, column = i // across + 1, i % across + 1
        for values, color, label in (
            (numbers.data, style.DATA, "data"),
            (numbers.model, style.MODEL, "network, running freely"),
        ):
            made.add_trace(
                go.Scatter(
                    x=style.compact(numbers.frequency),
                    y=style.compact(values[:, i]),
                    mode="lines",
                    name=label,
                    legendgroup=label,
                    line={"color": color, "width": 1.6},
                    showlegend=i == 0,
                    hovertemplate="%{x:.3g}: %{y:.2e}<extra>" + label + "</extra>",
                ),
                row,
                column,
            )
    style.house(made, 90 + 250 * down, margin={"t": 70}, legend={"y": 1.1 if down == 1 else 1.05})
    highest = max(np.nanmax(numbers.data, initial=0), np.nanmax(numbers.model, initial=0), 2 * _lowest(numbers))
    made.update_yaxes(
        type="log", exponentformat="power", dtick=1, range=[np.log10(_lowest(numbers)), np.log10(1.5 * highest)]
    )
    made.update_yaxes(title_text="share of power per bin", col=1)
    made.update_xaxes(title_text=f"frequency ({numbers.unit})", row=down)
    return made


def picture(numbers: SpectraFigure, path: Path) -> None:
    """The same as a PNG file."""
    k = len(numbers.names)
    across = min(3, k)
    down = -(-k // across)
    with style.styled():
        made = style.canvas(9.6, 0.6 + 2.6 * down)
        panels = made.subplots(down, across, squeeze=False, sharey=True)
        for i, axes in enumerate(panels.flat):
            axes.set_visible(i < k)
            if i >= k:
                continue
            axes.semilogy(numbers.frequency, numbers.data[:, i], color=style.DATA, label="data")
            axes.semilogy(numbers.frequency, numbers.model[:, i], color=style.MODEL, label="network, running freely")
            axes.set(title=style.written(numbers.names[i]), ylim=(_lowest(numbers), None))
            axes.margins(x=0)
            if i >= k - across:
                axes.set_xlabel(f"frequency ({numbers.unit})")
        for axes in panels[:, 0]:
            axes.set_ylabel("share of power per bin")
        made.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
        style.save(made, path)
