"""What happens without each single weight, beside the weight's size."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sparsernn.errors import Number, Undefined
from sparsernn.measures.base import AbstractMeasure
from sparsernn.measures.reliability import Correlations, correlations
from sparsernn.report.figures import style
from sparsernn.runs.record import Record
from sparsernn.spec import build
from sparsernn.weights import get

POINTS = 4_000


class ImportanceFigure(NamedTuple):
    """Of n weights of the matrix at `path`: `size` |w| before this round's cut, `increase` the mean change of the
    judging measure without it (positive: worse), `kept` whether it survived the cut.

    `reliability`: rank correlation of signed (absolute) harm between two halves of the starts, mean over the ways to
    halve them, stepped up to all starts by Spearman and Brown's 2r / (1 + r); `rank` that of |w| and harm; `corrected`
    = rank / sqrt(reliability). It is an estimate: against new starts scores repeated somewhat less.
    """

    path: str
    judged_by: str
    size: np.ndarray
    increase: np.ndarray
    kept: np.ndarray
    starts: int
    improving: float
    signed: Correlations
    absolute: Correlations


def numbers(record: Record) -> list[ImportanceFigure]:
    """One entry a matrix that was judged in this round; empty if none was, or if the round before, which has the sizes,
    is not there (a round copied alone). The absolute score is |mean over starts of harm|, what geometric pruning ranks
    by. Weights whose harm is not finite are left out."""
    found: list[ImportanceFigure] = []
    arrays = record.importance()
    rounds = record.kept().rounds
    if len(rounds) < 2:
        return found
    parent = rounds[-2]
    judge = record.about["judge"]
    judged_by = build(AbstractMeasure, judge).judges_by if judge else "loss"  # type: ignore[type-abstract]
    masks = record.masks() if record.prunables() else {}
    weights = parent.weights()
    for path in [key.removesuffix(":indices") for key in arrays if key.endswith(":indices")]:
        indices, increase = arrays[f"{path}:indices"], np.asarray(arrays[f"{path}:increase"], dtype=float)
        finite = np.isfinite(increase).all(axis=1)
        indices, increase = indices[finite], increase[finite]
        if len(indices) < 3:
            continue
        size = np.abs(np.asarray(get(weights, path), dtype=float).ravel()[indices])
        kept = masks[path].ravel()[indices] if path in masks else np.ones(len(indices), bool)
        found.append(
            ImportanceFigure(
                path,
                judged_by,
                size,
                increase.mean(axis=1),
                kept,
                increase.shape[1],
                float((increase.mean(axis=1) < 0).mean()),
                correlations(size, increase, signed=True),
                correlations(size, increase, signed=False),
            )
        )
    return found


def _said(name: str, found: Correlations) -> str:
    def number(value: Number) -> str:
        return "undefined" if isinstance(value, Undefined) else f"{value:.2f}"

    return (
        f"{name}: rank correlation with |w| {number(found.rank)}, repeatability {number(found.reliability)}, "
        f"corrected for it {number(found.corrected)}"
    )


def sentences(numbers: ImportanceFigure) -> list[str]:
    """What the figure says in words."""
    return [
        f"The change of {numbers.judged_by} without each single weight of {numbers.path}; over {numbers.starts} "
        f"start{'s' if numbers.starts > 1 else ''}, {numbers.improving:.0%} of the weights do better when removed.",
        _said("Signed", numbers.signed) + ".",
        _said("Absolute", numbers.absolute) + ".",
    ]


def _squash(values: np.ndarray, scale: float) -> np.ndarray:
    """asinh: linear around 0, logarithmic far out, defined for both signs."""
    return np.arcsinh(np.asarray(values) / scale)


def _ticks(increase: np.ndarray) -> tuple[float, list[float]]:
    """The scale of the axis, a power of ten near the median size, and round values to label."""
    scale = 10 ** np.round(np.log10(max(float(np.median(np.abs(increase))), 1e-9)))
    decades = [scale * 10**i for i in range(0, 8) if scale * 10**i <= np.abs(increase).max() * 1.5]
    negative = [-d for d in decades if d <= -increase.min() * 1.5]
    return float(scale), [*negative[::-1], 0.0, *decades]


def _parts(numbers: ImportanceFigure) -> list[tuple[np.ndarray, str, str]]:
    rows = np.zeros(len(numbers.size), bool)
    rows[style.every(len(rows), POINTS)] = True
    return [
        (rows & ~numbers.kept, style.COLORS[1], "removed in this round"),
        (rows & numbers.kept, style.COLORS[0], "kept"),
    ]


def draw(numbers: ImportanceFigure) -> go.Figure:
    """Signed at the left, absolute at the right, both against |w|."""
    scale, ticks = _ticks(numbers.increase)
    made = make_subplots(
        1, 2, subplot_titles=("signed: above 0 the run gets worse without it", "absolute"), horizontal_spacing=0.09
    )
    for place in (1, 2):
        increase = numbers.increase if place == 1 else np.abs(numbers.increase)
        for which, color, name in _parts(numbers):
            made.add_trace(
                go.Scatter(
                    x=style.compact(numbers.size[which]),
                    y=style.compact(_squash(increase[which], scale)),
                    mode="markers",
                    marker={"color": color, "size": 4.5, "opacity": 0.55},
                    name=name,
                    legendgroup=name,
                    showlegend=place == 1,
                    customdata=style.compact(increase[which]),
                    hovertemplate="|w| %{x:.3g}: %{customdata:.3g}<extra></extra>",
                ),
                1,
                place,
            )
        shown = ticks if place == 1 else [t for t in ticks if t >= 0]
        made.update_yaxes(
            tickvals=list(_squash(np.array(shown), scale)), ticktext=[f"{t:g}" for t in shown], row=1, col=place
        )
    style.house(made, 430, margin={"t": 76}, legend={"y": 1.1})
    made.update_yaxes(zeroline=True, zerolinecolor=style.QUIET)
    made.update_yaxes(title_text=f"change of {style.shown(numbers.judged_by)} without it", col=1)
    made.update_xaxes(title_text="|w|")
    return made


def picture(numbers: ImportanceFigure, path: Path) -> None:
    """The same as a PNG file."""
    scale, ticks = _ticks(numbers.increase)
    with style.styled():
        made = style.canvas(9.6, 4.2)
        panels = made.subplots(1, 2)
        for place, axes in enumerate(panels):
            increase = numbers.increase if place == 0 else np.abs(numbers.increase)
            for which, color, name in _parts(numbers):
                axes.scatter(
                    numbers.size[which],
                    _squash(increase[which], scale),
                    s=7,
                    color=color,
                    alpha=0.5,
                    linewidths=0,
                    label=name,
                )
            shown = ticks if place == 0 else [t for t in ticks if t >= 0]
            axes.set_yticks(_squash(np.array(shown), scale), [f"{t:g}" for t in shown])
            axes.axhline(0, color=style.QUIET, linewidth=0.8)
            found = numbers.signed if place == 0 else numbers.absolute
            axes.set_title(
                _said("signed" if place == 0 else "absolute", found).replace(", repeat", "\nrepeat"), fontsize=8.5
            )
            axes.set_xlabel("|w|")
        panels[0].set_ylabel(f"change of {style.written(numbers.judged_by)} without it")
        made.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=2, markerscale=2)
        style.save(made, path)
