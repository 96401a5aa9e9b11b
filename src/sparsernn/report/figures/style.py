"""How figures look, on the page and as files: one palette that color-blind readers can tell apart, calm axes."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from cycler import cycler
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from sparsernn.files.atomic import replacing

INK, QUIET, GRID = "#24292f", "#6b7280", "#e5e7eb"
DATA, MODEL = "#24292f", "#0072b2"
NEGATIVE, POSITIVE = "#0072b2", "#d55e00"
HUB, OBSERVED = "#8a94a3", "#009e73"
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#24292f")
"""Okabe and Ito's, without the yellow that vanishes on white; used in this order for criteria."""
MARKERS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "x", "star")
MPL_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash")
SIGNED = ((0.0, "#004c7f"), (0.25, "#5aa5d6"), (0.5, "#d4d4d4"), (0.75, "#f0a35e"), (1.0, "#a23b00"))
"""Diverging scale of weights: blue negative, orange positive, gray near 0; white is left for "no weight"."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
NAME = 40

RC: Any = {
    "font.family": "sans-serif",
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.titlesize": 11.0,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=COLORS),
    "grid.color": GRID,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "text.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.3,
    "savefig.dpi": 160,
    "savefig.facecolor": "white",
}
"""The house style of matplotlib figures."""

AXIS = {
    "gridcolor": GRID,
    "zeroline": False,
    "showgrid": True,  # of a template's axis a color alone draws no grid behind bars, ...
    "showline": True,  # ... and no line
    "linecolor": QUIET,
    "ticks": "outside",
    "tickcolor": GRID,
    "automargin": True,
}
SCENE_AXIS = {
    "backgroundcolor": "#ffffff",
    "gridcolor": GRID,
    "zeroline": False,
    "showspikes": False,
    "tickfont": {"size": 10, "color": QUIET},
    "title": {"font": {"size": 11}},
    "nticks": 5,
}
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 13, "color": INK},
        "margin": {"l": 64, "r": 20, "t": 44, "b": 54},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "xanchor": "left", "x": 0},
        "hoverlabel": {"font": {"family": FONT}},
        "colorway": COLORS,
        "coloraxis": {
            "colorscale": SIGNED,
            "colorbar": {"thickness": 12, "len": 0.9, "outlinewidth": 0},
        },
        "xaxis": AXIS,
        "yaxis": AXIS,
        "scene": {"xaxis": SCENE_AXIS, "yaxis": SCENE_AXIS, "zaxis": SCENE_AXIS},
    }
)
"""The house style of plotly figures. A figure says only where it differs."""

FLUSH = {"l": 8, "r": 8, "b": 8}
"""Margins of a figure without axes."""
SMALL = {"size": 12}
"""The font of titles in figures of many panels."""
NOTE = {"size": 11, "color": QUIET}
"""The font of what is written inside a figure."""
REFERENCE = {"color": QUIET, "width": 1, "dash": "dot"}
"""A line to hold others against."""
CHOSEN = {"color": COLORS[1], "width": 1.2, "dash": "dot"}
"""The line at the epoch whose weights were kept."""
BAND = "rgba(107,114,128,0.2)"
"""`QUIET`, thinned: how far a null model spreads."""


def shown(name: Any) -> str:
    """A foreign name as plotly shows it letter by letter: its pseudo-HTML is escaped, long names are cut."""
    return html.escape(cut(name), quote=False)


def written(name: Any) -> str:
    """A foreign name as matplotlib shows it letter by letter: no mathematics between dollar signs."""
    return cut(name).replace("\\", "\\\\").replace("$", r"\$") if "$" in str(name) else cut(name)


def cut(name: Any) -> str:
    """A name on one line, shortened with an ellipsis where it is long."""
    text = " ".join(str(name).split())
    return text if len(text) <= NAME else f"{text[: NAME - 1]}…"


def symbols(text: str) -> str:
    """D_stsp and D_H with their indices set low, for plotly and HTML."""
    return text.replace("D_stsp", "D<sub>stsp</sub>").replace("D_H", "D<sub>H</sub>")


def formula(text: str) -> str:
    """The same for matplotlib."""
    return text.replace("D_stsp", r"$D_\mathrm{stsp}$").replace("D_H", r"$D_\mathrm{H}$")


def plain_log(axis: Any) -> None:
    """1, 2, 5 and 10 on a logarithmic matplotlib axis, written as plain numbers."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=20))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())


def log_axis(values: Sequence[float]) -> dict[str, Any]:
    """A logarithmic plotly axis: 1, 2, 5 where there are few decades, else powers of ten."""
    decades = np.log10(max(values) / min(values))
    return (
        {"type": "log", "dtick": "D2", "tickformat": ".3~g"}
        if decades < 3
        else {"type": "log", "dtick": 1, "exponentformat": "power"}
    )


def color(i: int) -> str:
    """The color of the i-th line, again from the first after the last."""
    return COLORS[i % len(COLORS)]


def compact(values: Any) -> np.ndarray:
    """float32: what a screen can show, at half the size of the page."""
    return np.asarray(values, dtype=np.float32)


def figure(height: int, **layout: Any) -> go.Figure:
    """An empty plotly figure in the house style."""
    made = go.Figure()
    house(made, height, **layout)
    return made


def house(made: go.Figure, height: int, **layout: Any) -> go.Figure:
    """Put a plotly figure into the house style, and its own `layout` over it."""
    return made.update_layout(template=TEMPLATE, height=height, **layout)


def canvas(width: float, height: float) -> Figure:
    """An empty matplotlib figure of inches; no global state is touched, so any thread may draw."""
    made = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(made)
    return made


def save(made: Figure, path: Path) -> None:
    """A PNG file at 160 dots an inch, written atomically, without the date in it."""
    with rc_context(RC), replacing(path) as file:
        made.savefig(file, format="png", metadata={"Software": None})


def styled() -> Any:
    """The context in which a picture is to be put together."""
    return rc_context(RC)


def every(length: int, most: int) -> np.ndarray:
    """At most `most` row numbers of `length`, evenly spread, the first and the last among them."""
    return np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(int))


def log_ticks(values: Sequence[float]) -> list[float]:
    """Ticks for counts on a logarithmic axis: the counts themselves, without those too close to be read."""
    kept: list[float] = []
    for value in sorted(set(values), reverse=True):
        if not kept or value < 0.72 * kept[-1]:
            kept.append(value)
    return kept
