"""Sparse matrices as pictures: each weight at its place, blue negative, orange positive, gray near 0, white none."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import plotly.graph_objects as go
from matplotlib.colors import LinearSegmentedColormap
from plotly.subplots import make_subplots

from sparsernn.report.figures import style
from sparsernn.report.subject import Matrix

PANELS, PIXELS = 6, 160


class MaskPanel(NamedTuple):
    """`weights` (rows, columns) as shown, NaN where there is none. `pooled`: each pixel is the strongest weight of a
    square of so many rows and columns. `order` (as stored, or units by their number of connections)."""

    title: str
    weights: np.ndarray
    ones: int
    size: int
    pooled: int
    order: Literal["index", "degree"]


class MaskFigure(NamedTuple):
    """At most six of `matrices` panels; colors span ± `limit`, the 99th percentile of |w|."""

    panels: tuple[MaskPanel, ...]
    matrices: int
    limit: float


def numbers(matrices: tuple[Matrix, ...], order: Literal["index", "degree", "both"] = "both") -> MaskFigure:
    """One panel a matrix and gate. ``both`` shows a single square matrix twice, the second time with rows and columns
    sorted by degree (in + out, descending), so that hubs stand at the top and at the left."""
    picked = tuple(sorted(matrices, key=lambda m: not m.path.endswith("recurrent")))[:PANELS]
    square = len(picked) == 1 and picked[0].weights.shape[0] == picked[0].weights.shape[1]
    orders = (
        ("index", "degree")
        if order == "both" and square
        else ("degree",)
        if order == "degree" and square
        else ("index",)
    )
    panels = tuple(_panel(m, o) for m in picked for o in orders)  # type: ignore[arg-type]
    strength = np.concatenate([np.abs(m.weights[m.weights != 0]) for m in picked])
    return MaskFigure(panels, len(matrices), float(np.quantile(strength, 0.99)) if len(strength) else 1.0)


def _panel(matrix: Matrix, order: Literal["index", "degree"]) -> MaskPanel:
    weights = np.asarray(matrix.weights, dtype=float)
    if order == "degree":
        exists = weights != 0
        units = np.argsort(-(exists.sum(axis=0) + exists.sum(axis=1)), kind="stable")
        weights = weights[np.ix_(units, units)]
    pooled = max(1, -(-max(weights.shape) // PIXELS))
    image = pool(weights, pooled)
    title = matrix.path if matrix.gate is None else f"{matrix.path}, gate {matrix.gate}"
    ones = int(np.count_nonzero(matrix.weights))
    return MaskPanel(title, np.where(image == 0, np.nan, image), ones, matrix.weights.size, pooled, order)


def pool(weights: np.ndarray, by: int) -> np.ndarray:
    """The weight of largest magnitude of every square of `by` rows and columns; the last ones may be smaller."""
    rows, columns = (-(-n // by) for n in weights.shape)
    padded = np.zeros((rows * by, columns * by))
    padded[: weights.shape[0], : weights.shape[1]] = weights
    blocks = padded.reshape(rows, by, columns, by).swapaxes(1, 2).reshape(rows, columns, by * by)
    return np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[..., None], axis=2)[..., 0]


def _title(panel: MaskPanel, name: str) -> str:
    return f"{name}, sorted by degree" if panel.order == "degree" else f"{name}: {panel.ones:,} of {panel.size:,}"


def _grid(k: int) -> tuple[int, int]:
    across = min(k, 2 if k in (2, 4) else 3)
    return -(-k // across), across


def draw(numbers: MaskFigure) -> go.Figure:
    """Heat maps, rows are targets, columns sources."""
    down, across = _grid(len(numbers.panels))
    made = make_subplots(
        down,
        across,
        subplot_titles=[_title(p, style.shown(p.title)) for p in numbers.panels],
        horizontal_spacing=0.1,
        vertical_spacing=0.14,
    )
    for i, panel in enumerate(numbers.panels):
        row, column = i // across + 1, i % across + 1
        trace = go.Heatmap(
            z=style.compact(panel.weights), coloraxis="coloraxis", hovertemplate="%{x} → %{y}: %{z:.3g}<extra></extra>"
        )
        made.add_trace(trace, row, column)
        made.update_yaxes(autorange="reversed", title_text="to unit" if column == 1 else None, row=row, col=column)
        made.update_xaxes(title_text="from unit" if row == down else None, constrain="domain", row=row, col=column)
    scale = {"cmin": -numbers.limit, "cmax": numbers.limit, "colorbar": {"title": {"text": "weight"}}}
    made.update_annotations(font_size=13)
    style.house(made, 60 + 400 * down if across < 3 else 60 + 300 * down, coloraxis=scale)
    made.update_xaxes(showgrid=False, mirror=True, showline=True)
    made.update_yaxes(showgrid=False, mirror=True, showline=True)
    for i, panel in enumerate(numbers.panels):
        if panel.weights.shape[0] == panel.weights.shape[1]:
            made.update_yaxes(
                scaleanchor=f"x{i + 1}" if i else "x", constrain="domain", row=i // across + 1, col=i % across + 1
            )
    return made


def picture(numbers: MaskFigure, path: Path) -> None:
    """The same as a PNG file."""
    down, across = _grid(len(numbers.panels))
    colors = LinearSegmentedColormap.from_list("signed", style.SIGNED)
    with style.styled():
        made = style.canvas(1 + 3.9 * across, 0.3 + 3.9 * down)
        panels = made.subplots(down, across, squeeze=False)
        for i, axes in enumerate(panels.flat):
            axes.set_visible(i < len(numbers.panels))
            if i >= len(numbers.panels):
                continue
            panel = numbers.panels[i]
            drawn = axes.imshow(
                panel.weights,
                cmap=colors,
                vmin=-numbers.limit,
                vmax=numbers.limit,
                interpolation="nearest",
                aspect="equal" if panel.weights.shape[0] == panel.weights.shape[1] else "auto",
            )
            axes.grid(False)
            axes.spines[:].set_visible(True)
            axes.set_title(_title(panel, style.written(panel.title)), fontsize=9)
            axes.set(xlabel="from unit", ylabel="to unit")
        made.colorbar(drawn, ax=panels.ravel().tolist(), shrink=0.7, label="weight")
        style.save(made, path)
