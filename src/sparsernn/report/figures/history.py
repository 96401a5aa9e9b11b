"""The training, epoch by epoch: loss, what checkpoints were chosen by, gradient, learning rate, weights left."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from matplotlib.ticker import NullFormatter
from plotly.subplots import make_subplots

from sparsernn.errors import Undefined
from sparsernn.report.figures import style
from sparsernn.runs.record import Record

POINTS = 1_000


class HistoryPanel(NamedTuple):
    """One quantity by epoch, both (n,); `sparse`: taken at some epochs only, so drawn with markers."""

    title: str
    epochs: np.ndarray
    values: np.ndarray
    log: bool
    sparse: bool


class History(NamedTuple):
    """`chosen`: the epoch whose weights were kept (None: the last ones, or unknown)."""

    panels: tuple[HistoryPanel, ...]
    chosen: int | None


def numbers(record: Record) -> History | Undefined:
    """Loss (and penalty where there is one), the selecting measure, gradient norm, learning rate, weights left.

    What never changes is left out.
    """
    columns = record.history()
    if not columns or not len(columns["epoch"]):
        return Undefined("no epoch is finished yet")
    epochs = columns["epoch"]
    select = (record.spec.get("select") or {}).get("key")
    column = f"validation_{select}" if select else None
    wanted = (
        ("loss", "loss", True),
        ("penalty", "penalty", True),
        (column, f"{select}, validation", True),
        ("gradient_norm", "largest gradient norm", True),
        ("learning_rate", "learning rate", True),
        ("nonzeros", "weights left", False),
    )
    panels = []
    chosen = None
    for name, title, log in wanted:
        if name is None or name not in columns:
            continue
        taken = np.isfinite(columns[name])
        at, values = epochs[taken], columns[name][taken]
        if not len(values) or (name not in ("loss", column) and np.ptp(values) == 0):
            continue
        if name == column:
            chosen = _chosen(record, at)
        rows = style.every(len(values), POINTS)
        panels.append(
            HistoryPanel(
                title,
                at[rows],
                values[rows],
                log and bool(values.min() > 0 and values.max() > 8 * values.min()),
                len(values) < len(epochs),
            )
        )
    return History(tuple(panels), chosen)


def _chosen(record: Record, looked: np.ndarray) -> int | None:
    """The epoch whose weights were kept, if they were chosen by a measure."""
    epoch = record.outcome.epoch
    return epoch if epoch in looked else None


def draw(numbers: History) -> go.Figure:
    """One panel a quantity over common epochs; the chosen epoch is a line through all of them."""
    k = len(numbers.panels)
    made = make_subplots(k, 1, shared_xaxes=True, vertical_spacing=0.06)
    for i, panel in enumerate(numbers.panels, start=1):
        made.add_trace(
            go.Scatter(
                x=style.compact(panel.epochs),
                y=style.compact(panel.values),
                showlegend=False,
                line={"color": style.color(0), "width": 1.5},
                mode="lines+markers" if panel.sparse else "lines",
                marker={"size": 6},
                hovertemplate="epoch %{x}: %{y:.4g}<extra></extra>",
            ),
            i,
            1,
        )
        axis = style.log_axis(panel.values.tolist()) if panel.log else {"nticks": 5}
        made.update_yaxes(title={"text": panel.title, "font": style.SMALL}, **axis, row=i, col=1)
        if numbers.chosen is not None:
            made.add_vline(numbers.chosen, row=i, col=1, line=style.CHOSEN)
    style.house(made, 110 + 140 * k, margin={"l": 76, "t": 50})  # the note below the tool bar
    if numbers.chosen is not None:
        note = {
            "text": f"weights of epoch {numbers.chosen} kept",
            "font": style.NOTE | {"color": style.CHOSEN["color"]},
        }
        made.add_annotation(
            x=numbers.chosen, y=1, yref="paper", yanchor="bottom", showarrow=False, xanchor="auto", **note
        )
    made.update_xaxes(title_text="epoch", row=k, col=1)
    return made


def picture(numbers: History, path: Path) -> None:
    """The same as a PNG file."""
    k = len(numbers.panels)
    with style.styled():
        made = style.canvas(9.6, 0.7 + 1.35 * k)
        panels = made.subplots(k, 1, sharex=True, squeeze=False)[:, 0]
        for axes, panel in zip(panels, numbers.panels, strict=True):
            axes.plot(
                panel.epochs, panel.values, color=style.color(0), marker="o" if panel.sparse else None, markersize=3.5
            )
            axes.set_ylabel(panel.title, fontsize=9)
            if panel.log:
                axes.set_yscale("log")
                axes.yaxis.set_minor_formatter(NullFormatter())
            if numbers.chosen is not None:
                axes.axvline(numbers.chosen, color=style.color(1), linestyle=":", linewidth=1.2)
        if numbers.chosen is not None:
            panels[0].set_title(f"dotted: weights of epoch {numbers.chosen} kept", fontsize=9, color=style.color(1))
        panels[-1].set_xlabel("epoch")
        made.align_ylabels()
        style.save(made, path)
