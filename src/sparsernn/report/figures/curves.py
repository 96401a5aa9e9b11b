"""How good a network still is with fewer and fewer weights: one curve a criterion, spread over seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import plotly.graph_objects as go
from matplotlib.ticker import NullLocator
from plotly.subplots import make_subplots

from sparsernn.errors import Undefined
from sparsernn.quantity import Quantity
from sparsernn.report.figures import style
from sparsernn.report.quantities import bound, is_undefined, quantities, trivial
from sparsernn.report.runs import RunComparison
from sparsernn.report.spread import Spread, spread


class Curve(NamedTuple):
    """`remaining` (k,) weights, descending, and what was measured there over seeds."""

    label: str
    remaining: tuple[float, ...]
    spreads: tuple[Spread, ...]


class CurvePanel(NamedTuple):
    """One quantity. `floors` and `ceilings`: name to height of a horizontal line. `log`: values span over a decade."""

    quantity: Quantity
    curves: tuple[Curve, ...]
    floors: dict[str, float]
    ceilings: dict[str, float]
    log: bool


class Curves(NamedTuple):
    """`total` weights of the densest network (None where networks of several sizes are compared)."""

    panels: tuple[CurvePanel, ...]
    total: int | None


def numbers(comparison: RunComparison) -> Curves | Undefined:
    """One panel a leading quantity. Trainings without weights or without the number leave no point."""
    panels = []
    baselines = trivial(comparison.trainings)
    for quantity in quantities(comparison.trainings):
        curves = tuple(_curve(comparison, label, quantity.key) for label in comparison.labels)
        if not any(curve.remaining for curve in curves):
            continue
        floors, ceilings = _bounds(comparison, quantity, "floor"), _bounds(comparison, quantity, "ceiling")
        for name, scores in baselines.items():
            value = scores.get(quantity.key)
            if value is not None and not isinstance(value, Undefined):
                (ceilings if quantity.better == "lower" else floors)[name] = float(value)
        drawn = [float(s.mean) for c in curves for s in c.spreads] + [*floors.values(), *ceilings.values()]
        log = quantity.better == "lower" and min(drawn) > 0 and max(drawn) > 8 * min(drawn)
        panels.append(CurvePanel(quantity, curves, floors, ceilings, log))
    if not panels:
        return Undefined("no training has both weights and measures yet")
    totals = {t.total for t in comparison.trainings if not isinstance(t.total, Undefined)}
    return Curves(tuple(panels), totals.pop() if len(totals) == 1 else None)


def _curve(comparison: RunComparison, label: str, key: str) -> Curve:
    rounds: dict[int, list] = {}
    for line in comparison.lines:
        if line.label == label:
            for training in line.trainings:
                if not isinstance(training.remaining, Undefined) and not is_undefined(training.test.get(key)):
                    rounds.setdefault(training.round, []).append(training)
    points = [(float(np.mean([t.remaining for t in r])), spread(t.test.get(key) for t in r)) for r in rounds.values()]
    points.sort(key=lambda point: -point[0])
    return Curve(label, tuple(p[0] for p in points), tuple(p[1] for p in points))


def _bounds(comparison: RunComparison, quantity: Quantity, which: Literal["floor", "ceiling"]) -> dict[str, float]:
    values = [bound(quantity, t, which) for t in comparison.trainings]
    defined = [float(v) for v in values if v is not None and not isinstance(v, Undefined)]
    return {which: float(np.mean(defined))} if defined else {}


def _ends(s: Spread) -> tuple[float, float, float]:
    """mean, lowest, highest."""
    return float(s.mean), float(s.lowest), float(s.highest)


def _beside(curve: Curve, i: int, of: int) -> list[float]:
    """Places on the axis, a little apart, so that bars of several criteria do not cover one another."""
    return [remaining * 1.02 ** ((of - 1) / 2 - i) for remaining in curve.remaining]


def draw(numbers: Curves) -> go.Figure:
    """Panels side by side; the dense network is at the left, each step to the right removes weights (log axis)."""
    k = len(numbers.panels)
    made = make_subplots(
        1, k, subplot_titles=[style.symbols(p.quantity.axis) for p in numbers.panels], horizontal_spacing=0.08
    )
    for place, panel in enumerate(numbers.panels, start=1):
        for i, curve in enumerate(panel.curves):
            if not curve.remaining:
                continue
            mean, low, high = np.array([_ends(s) for s in curve.spreads]).T
            color, several = style.color(i), any(s.n > 1 for s in curve.spreads)
            error = {
                "type": "data",
                "array": high - mean,
                "arrayminus": mean - low,
                "thickness": 1.2,
                "width": 3,
                "visible": several,
            }
            seeds = [f"{s.n} of {s.of} seeds" for s in curve.spreads]
            made.add_trace(
                go.Scatter(
                    x=_beside(curve, i, len(panel.curves)),
                    y=mean,
                    error_y=error,
                    mode="lines+markers",
                    name=style.shown(curve.label),
                    legendgroup=curve.label,
                    line={"color": color, "width": 2, "dash": style.DASHES[i % 8]},
                    showlegend=place == 1,
                    text=seeds,
                    customdata=curve.remaining,
                    marker={"symbol": style.MARKERS[i % 8], "size": 8},
                    hovertemplate="%{customdata:,.0f} weights: %{y:.3g} (%{text})<extra>"
                    + style.shown(curve.label)
                    + "</extra>",
                ),
                1,
                place,
            )
        places = [x for curve in panel.curves for x in curve.remaining]
        for name, height in [*panel.floors.items(), *panel.ceilings.items()]:
            made.add_trace(
                go.Scatter(
                    x=[max(places) * 1.08, min(places) / 1.08],
                    y=[height, height],
                    mode="lines+text",
                    text=[style.shown(name), ""],
                    textposition="top right" if name in panel.floors else "bottom right",
                    textfont=style.NOTE,
                    line=style.REFERENCE,
                    hovertemplate="%{y:.3g}<extra>" + style.shown(name) + "</extra>",
                    showlegend=False,
                ),
                1,
                place,
            )
        ticks = style.log_ticks(places)
        made.update_xaxes(tickvals=ticks, ticktext=[f"{t:,.0f}" for t in ticks], row=1, col=place)
        if panel.log:
            heights = [float(s.mean) for c in panel.curves for s in c.spreads] + [
                *panel.floors.values(),
                *panel.ceilings.values(),
            ]
            made.update_yaxes(**style.log_axis(heights), row=1, col=place)
        else:
            made.update_yaxes(rangemode="tozero", row=1, col=place)
    style.house(made, 430, margin={"t": 84}, legend={"y": 1.12})
    made.update_xaxes(type="log", autorange="reversed", title_text="weights left", tickangle=0)
    return made


def picture(numbers: Curves, path: Path) -> None:
    """The same as a PNG file."""
    k = len(numbers.panels)
    with style.styled():
        made = style.canvas(max(4.8, 3.6 * k), 3.9)
        for axes, panel in zip(made.subplots(1, k, squeeze=False)[0], numbers.panels, strict=True):
            for i, curve in enumerate(panel.curves):
                if not curve.remaining:
                    continue
                mean, low, high = np.array([_ends(s) for s in curve.spreads]).T
                axes.errorbar(
                    _beside(curve, i, len(panel.curves)),
                    mean,
                    yerr=[mean - low, high - mean],
                    color=style.color(i),
                    marker=style.MPL_MARKERS[i % 8],
                    markersize=5,
                    capsize=2.5,
                    linewidth=1.6,
                    label=style.written(curve.label),
                )
            axes.set_xscale("log")
            if panel.log:
                axes.set_yscale("log")
                style.plain_log(axes.yaxis)
            for name, height in [*panel.floors.items(), *panel.ceilings.items()]:
                axes.axhline(height, color=style.QUIET, linewidth=0.9, linestyle=":")
                up = "bottom" if name in panel.floors else "top"
                axes.text(
                    0.01,
                    height,
                    f" {style.written(name)}",
                    va=up,
                    fontsize=8,
                    color=style.QUIET,
                    transform=axes.get_yaxis_transform(),
                )
            if not panel.log:  # after floor and ceiling: it ends the scaling
                axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
            ticks = style.log_ticks([x for curve in panel.curves for x in curve.remaining])
            axes.set_xticks(ticks, [f"{t:,.0f}" for t in ticks])
            axes.xaxis.set_minor_locator(NullLocator())
            axes.invert_xaxis()
            axes.set(xlabel="weights left", title=style.formula(panel.quantity.axis))
        handles, labels = made.axes[0].get_legend_handles_labels()
        made.legend(handles, labels, loc="outside upper left", ncols=min(4, max(1, len(labels))))
        style.save(made, path)
