"""What was watched while a network learned, over the epochs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from matplotlib.ticker import NullFormatter
from plotly.subplots import make_subplots

from sparsernn.errors import Undefined
from sparsernn.quantity import Quantity
from sparsernn.report.figures import style
from sparsernn.runs.record import Record

POINTS, PANELS, ACROSS = 500, 12, 2
COMPANIONS = ("_null_mean", "_null_sd", "_sd")
"""Numbers that say how sure another one is: no panels of their own."""


class WatchPanel(NamedTuple):
    """One number by epoch, (n,); `null` holds mean and sd (n,) of the random networks it is to be held against, `floor`
    (n,) what a perfect model scores."""

    title: str
    epochs: np.ndarray
    values: np.ndarray
    log: bool
    null: tuple[np.ndarray, np.ndarray] | None = None
    floor: np.ndarray | None = None


class WatchFigure(NamedTuple):
    """`left_out`: how many numbers are not drawn because they never change, `more`: because there are so many.
    `chosen`: the epoch whose weights were kept (None: unknown)."""

    panels: tuple[WatchPanel, ...]
    left_out: int
    more: int
    chosen: int | None


def numbers(record: Record, quantities: Iterable[Quantity] = ()) -> WatchFigure | Undefined:
    """One panel a number, at most twelve: those that the measures lead with, then the others in their order. Behind a
    number lie what its nulls say and the floor that its quantity names."""
    columns = record.watched()
    if not columns:
        return Undefined("nothing was watched while it learned (`watch` in its spec)")
    epochs = columns.pop("epoch")
    known = [q for q in quantities if q.key in columns]
    floors = {q.key: q.floor for q in known if q.floor in columns}
    first = [q.key for q in known if q.leads]
    found, still = [], 0
    for name in dict.fromkeys([*first, *columns]):
        values = columns[name]
        if name.endswith(COMPANIONS) and name.rsplit("_null", 1)[0].removesuffix("_sd") in columns:
            continue
        if name in floors.values():
            continue
        taken = np.isfinite(values)
        if not taken.any() or np.ptp(values[taken]) == 0:
            still += 1
            continue
        at = np.flatnonzero(taken)[style.every(int(taken.sum()), POINTS)]
        null = None
        if f"{name}_null_mean" in columns and f"{name}_null_sd" in columns:
            null = columns[f"{name}_null_mean"][at], columns[f"{name}_null_sd"][at]
        own = values[at]
        log = bool(null is None and own.min() > 0 and own.max() > 8 * own.min())
        floor = columns[floors[name]][at] if name in floors else None
        found.append(WatchPanel(name, epochs[at], own, log, null, floor))
    if not found:
        return Undefined(f"none of the {still} watched numbers ever changed")
    epoch = record.outcome.epoch
    return WatchFigure(tuple(found[:PANELS]), still, len(found[PANELS:]), epoch)


def caption(numbers: WatchFigure) -> str:
    """What is to be seen, and what is not drawn."""
    said = "Measures on the validation split, epoch by epoch; epoch 0 is before the first update."
    if any(panel.null for panel in numbers.panels):
        said += " Gray: random networks with as many connections, mean and sd."
    if any(panel.floor is not None for panel in numbers.panels):
        said += " Dashed: the floor."
    said += f" Dotted: the weights of epoch {numbers.chosen} were kept." if numbers.chosen is not None else ""
    said += f" {numbers.left_out} numbers never changed." if numbers.left_out else ""
    return f"{said} {not_shown(numbers)}".rstrip()


def not_shown(numbers: WatchFigure) -> str:
    """Return a sentence on the numbers that changed and have no panel, or "" if all have."""
    if not numbers.more:
        return ""
    shown = len(numbers.panels)
    return f"{shown} of {shown + numbers.more} numbers that changed are drawn; {numbers.more} more are in watch.csv."


def draw(numbers: WatchFigure) -> go.Figure:
    """Two panels in a row, over common epochs."""
    rows = -(-len(numbers.panels) // ACROSS)
    across = min(ACROSS, len(numbers.panels))
    titles = [style.symbols(style.shown(panel.title)) for panel in numbers.panels]
    made = make_subplots(rows, across, subplot_titles=titles, vertical_spacing=0.32 / max(rows, 2))
    for i, panel in enumerate(numbers.panels):
        place = {"row": i // across + 1, "col": i % across + 1}
        if panel.null is not None:
            mean, sd = panel.null
            for j, edge in enumerate((mean - sd, mean + sd)):
                made.add_trace(
                    go.Scatter(
                        x=style.compact(panel.epochs),
                        y=style.compact(edge),
                        fill="tonexty" if j else None,
                        fillcolor=style.BAND,
                        line={"width": 0},
                        mode="lines",
                        hoverinfo="skip",
                        showlegend=False,
                    ),
                    **place,
                )
        if panel.floor is not None:
            made.add_trace(
                go.Scatter(
                    x=style.compact(panel.epochs),
                    y=style.compact(panel.floor),
                    showlegend=False,
                    mode="lines",
                    line={"color": style.QUIET, "width": 1.2, "dash": "dash"},
                    hovertemplate="floor, epoch %{x}: %{y:.4g}<extra></extra>",
                ),
                **place,
            )
        made.add_trace(
            go.Scatter(
                x=style.compact(panel.epochs),
                y=style.compact(panel.values),
                showlegend=False,
                mode="lines+markers" if len(panel.epochs) < 60 else "lines",
                marker={"size": 5},
                line={"color": style.color(0), "width": 1.5},
                hovertemplate="epoch %{x}: %{y:.4g}<extra></extra>",
            ),
            **place,
        )
        axis = style.log_axis(panel.values.tolist()) if panel.log else {"nticks": 5}
        made.update_yaxes(**axis, **place)
        if numbers.chosen is not None:
            made.add_vline(numbers.chosen, line=style.CHOSEN, **place)
    style.house(made, 70 + 190 * rows)
    made.update_annotations(font=style.SMALL)
    made.update_xaxes(matches="x")
    for column in range(1, across + 1):
        last = max(i // across + 1 for i in range(len(numbers.panels)) if i % across + 1 == column)
        made.update_xaxes(title_text="epoch", row=last, col=column)
    return made


def picture(numbers: WatchFigure, path: Path) -> None:
    """The same as a PNG file."""
    across = min(ACROSS, len(numbers.panels))
    rows = -(-len(numbers.panels) // ACROSS)
    with style.styled():
        made = style.canvas(4.8 * across, 0.5 + 1.8 * rows)
        grid = made.subplots(rows, across, sharex=True, squeeze=False).ravel()
        for axes, panel in zip(grid, numbers.panels, strict=False):
            if panel.null is not None:
                mean, sd = panel.null
                axes.fill_between(panel.epochs, mean - sd, mean + sd, color=style.QUIET, alpha=0.2, linewidth=0)
            if panel.floor is not None:
                axes.plot(panel.epochs, panel.floor, color=style.QUIET, linestyle="--", linewidth=1.2)
            axes.plot(
                panel.epochs,
                panel.values,
                color=style.color(0),
                marker="o" if len(panel.epochs) < 60 else None,
                markersize=3,
            )
            axes.set_title(style.formula(style.written(panel.title)), fontsize=9)
            if panel.log:
                axes.set_yscale("log")
                axes.yaxis.set_minor_formatter(NullFormatter())
            if numbers.chosen is not None:
                axes.axvline(numbers.chosen, color=style.color(1), linestyle=":", linewidth=1.2)
        for axes in grid[len(numbers.panels) :]:
            axes.set_visible(False)
        for axes in grid[max(0, len(numbers.panels) - across) : len(numbers.panels)]:
            axes.set_xlabel("epoch")
            axes.tick_params(labelbottom=True)
        if numbers.more:
            made.supxlabel(not_shown(numbers), fontsize=8, color=style.QUIET)
        style.save(made, path)
