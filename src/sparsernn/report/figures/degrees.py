"""How many connections units send and hear, beside random graphs of as many connections."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from sparsernn.connectome import Connectome
from sparsernn.errors import Undefined
from sparsernn.report.figures import style
from sparsernn.topology.tails import Tails, degree_tails

NULLS = 200


class DegreeFigure(NamedTuple):
    """`tails` of the network and of `nulls` random graphs."""

    tails: Tails
    nulls: int


def numbers(connectome: Connectome | Undefined, nulls: int = NULLS) -> DegreeFigure | Undefined:
    """Null model: directed graphs with the same number of connections and of self-connections, all else uniform."""
    if isinstance(connectome, Undefined):
        return connectome
    graph = connectome.adjacency != 0
    if not graph.any():
        return Undefined("no connection is left")
    return DegreeFigure(degree_tails(graph, nulls), nulls)


def _ways(numbers: DegreeFigure) -> list[tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """(title, counts, own, null mean, null sd) of both directions, each as far as there is something to see."""
    found, tails = [], numbers.tails
    for title, own, null, sd in (
        ("sent by a unit", tails.outgoing, tails.out_null, tails.out_null_sd),
        ("heard by a unit", tails.incoming, tails.in_null, tails.in_null_sd),
    ):
        last = int(np.flatnonzero((own > 0) | (null > 0.001))[-1]) + 2
        found.append((title, tails.counts[:last], own[:last], null[:last], sd[:last]))
    return found


def draw(numbers: DegreeFigure) -> go.Figure:
    """Two panels; the band is the random graphs' mean ± 2 sd."""
    made = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.05)
    for place, (title, x, own, null, sd) in enumerate(_ways(numbers), start=1):
        low, high = np.clip(null - 2 * sd, 0, 1), np.clip(null + 2 * sd, 0, 1)
        made.add_trace(
            go.Scatter(
                x=[*x, *x[::-1]],
                y=[*high, *low[::-1]],
                fill="toself",
                fillcolor=style.BAND,
                line={"width": 0},
                hoverinfo="skip",
                name="random graphs, mean ± 2 sd",
                legendgroup="band",
                showlegend=place == 1,
            ),
            1,
            place,
        )
        made.add_trace(
            go.Scatter(
                x=x, y=null, mode="lines", line={"color": style.QUIET, "width": 1.2}, hoverinfo="skip", showlegend=False
            ),
            1,
            place,
        )
        made.add_trace(
            go.Scatter(
                x=x,
                y=own,
                mode="lines+markers",
                line={"color": style.MODEL, "width": 2},
                marker={"size": 5},
                name="this network",
                legendgroup="own",
                showlegend=place == 1,
                hovertemplate="%{y:.0%} of the units have %{x} or more<extra></extra>",
            ),
            1,
            place,
        )
        made.update_xaxes(title_text=f"k connections {title}", row=1, col=place)
    style.house(made, 380)
    made.update_yaxes(tickformat=".0%", range=[0, 1.03])
    made.update_yaxes(title_text="units with at least k", col=1)
    return made


def picture(numbers: DegreeFigure, path: Path) -> None:
    """The same as a PNG file."""
    with style.styled():
        made = style.canvas(9.6, 3.7)
        panels = made.subplots(1, 2, sharey=True)
        for axes, (title, x, own, null, sd) in zip(panels, _ways(numbers), strict=True):
            low, high = np.clip(null - 2 * sd, 0, 1), np.clip(null + 2 * sd, 0, 1)
            axes.fill_between(
                x, low, high, color=style.QUIET, alpha=0.2, linewidth=0, label="random graphs, mean ± 2 sd"
            )
            axes.plot(x, null, color=style.QUIET, linewidth=1)
            axes.plot(x, own, color=style.MODEL, marker="o", markersize=3, label="this network")
            axes.set(xlabel=f"k connections {title}", ylim=(0, 1.03))
            axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        panels[0].set_ylabel("units with at least k")
        made.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
        style.save(made, path)
