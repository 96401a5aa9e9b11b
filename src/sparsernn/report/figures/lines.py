"""Lines with their spread over seeds, side by side in panels: over epochs, strengths, or kinds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sparsernn.report.figures import style

COLUMNS, HEIGHT = 2, 320


class Line(NamedTuple):
    """`x` (n,) numbers or words, `y` (n,) means with NaN where there is none, `sd` (n,) or None: one seed."""

    label: str
    x: tuple[Any, ...]
    y: tuple[float, ...]
    sd: tuple[float, ...] | None = None


class LinePanel(NamedTuple):
    """`references`: names and heights of horizontal lines. `log`: a logarithmic y axis."""

    title: str
    lines: tuple[Line, ...]
    x_title: str
    y_title: str
    references: tuple[tuple[str, float], ...] = ()
    log: bool = False
    drawn: Literal["both", "lines", "points"] = "both"
    """How: lines with a mark at every value, lines alone, single points."""


class Lines(NamedTuple):
    """Panels from left to right and from top to bottom; lines of one label have one color in all of them."""

    panels: tuple[LinePanel, ...]

    @property
    def labels(self) -> list[str]:
        return list(dict.fromkeys(line.label for panel in self.panels for line in panel.lines))


def over(label: str, x: Sequence[Any], values: Any) -> Line:
    """Mean and sd (n - 1) over seeds of `values` (seeds, n); what is NaN in a seed is left out there."""
    table = np.asarray(values, float).reshape(-1, len(x))
    counted = np.isfinite(table).sum(axis=0)
    filled = np.where(np.isfinite(table), table, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(counted > 0, filled.sum(axis=0) / counted, np.nan)
        square = np.where(np.isfinite(table), (table - mean) ** 2, 0.0).sum(axis=0)
        sd = np.where(counted > 1, np.sqrt(square / (counted - 1)), np.nan)
    return Line(label, tuple(x), tuple(mean.tolist()), tuple(sd.tolist()) if np.isfinite(sd).any() else None)


def draw(numbers: Lines) -> go.Figure:
    """Means as lines or points, one sd as bars."""
    width = min(COLUMNS, len(numbers.panels))
    height = -(-len(numbers.panels) // width)
    titles = [style.shown(p.title) for p in numbers.panels]
    made = make_subplots(
        height,
        width,
        subplot_titles=titles,
        horizontal_spacing=0.11,
        vertical_spacing=min(0.22, 0.3 / max(height - 1, 1)),
    )
    told = set()
    for number, panel in enumerate(numbers.panels):
        place = {"row": number // width + 1, "col": number % width + 1}
        for line in panel.lines:
            i = numbers.labels.index(line.label)
            sd = None if line.sd is None else np.nan_to_num(np.array(line.sd))
            made.add_trace(
                go.Scatter(
                    x=line.x,
                    y=line.y,
                    error_y=None
                    if sd is None
                    else {"type": "data", "array": sd, "thickness": 1, "width": 2, "color": style.color(i)},
                    mode={"both": "lines+markers", "lines": "lines", "points": "markers"}[panel.drawn],
                    name=style.shown(line.label),
                    legendgroup=line.label,
                    showlegend=line.label not in told,
                    line={"color": style.color(i), "width": 1.8, "dash": style.DASHES[i % 8]},
                    marker={"symbol": style.MARKERS[i % 8], "size": 6, "color": style.color(i)},
                    hovertemplate="%{x}: %{y:.3g}<extra>" + style.shown(line.label) + "</extra>",
                ),
                **place,
            )
            told.add(line.label)
        for name, level in panel.references:
            made.add_hline(
                level, line=style.REFERENCE, annotation_text=style.shown(name), annotation_font=style.NOTE, **place
            )
        made.update_xaxes(title_text=style.symbols(panel.x_title), **place)
        made.update_yaxes(title_text=style.symbols(panel.y_title), type="log" if panel.log else "linear", **place)
    margin = {"l": 70, "r": 20, "t": 84, "b": 54}
    style.house(made, HEIGHT * height + 90, margin=margin, legend={"y": 1 + 40 / (HEIGHT * height)})
    return made


def picture(numbers: Lines, path: Path) -> None:
    """The same as a PNG file."""
    width = min(COLUMNS, len(numbers.panels))
    height = -(-len(numbers.panels) // width)
    with style.styled():
        made = style.canvas(4.6 * width, 3.1 * height + 0.4)
        for axes, panel in zip(made.subplots(height, width, squeeze=False).ravel(), numbers.panels, strict=False):
            for line in panel.lines:
                i = numbers.labels.index(line.label)
                axes.errorbar(
                    [style.written(x) if isinstance(x, str) else x for x in line.x],
                    line.y,
                    yerr=None if line.sd is None else np.nan_to_num(np.array(line.sd)),
                    color=style.color(i),
                    marker="" if panel.drawn == "lines" else style.MPL_MARKERS[i % 8],
                    linestyle="none" if panel.drawn == "points" else "-",
                    markersize=4,
                    capsize=2,
                    label=style.written(line.label),
                )
            for name, level in panel.references:
                axes.axhline(level, color=style.QUIET, linewidth=0.9, linestyle=":")
                axes.text(0.01, level, style.written(name), transform=axes.get_yaxis_transform(), fontsize=8)
            axes.set_title(style.written(panel.title))
            axes.set_xlabel(style.formula(panel.x_title))
            axes.set_ylabel(style.formula(panel.y_title))
            if panel.log:
                axes.set_yscale("log")
        for axes in made.axes[len(numbers.panels) :]:
            axes.set_visible(False)
        handles = dict(pair for axes in made.axes for pair in zip(*axes.get_legend_handles_labels()[::-1], strict=True))
        made.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=min(len(handles), 6))
        style.save(made, path)
