"""The wiring as a graph: hubs large, observed units marked, strongest connections drawn."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import networkx as nx
import numpy as np
import plotly.graph_objects as go
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from sparsernn.connectome import Connectome
from sparsernn.errors import Undefined
from sparsernn.report.figures import style
from sparsernn.topology.degrees import degrees

EDGES, UNITS, NAMED, BEND, DOTS = 400, 400, 5, 0.16, 9


class GraphFigure(NamedTuple):
    """`places` (N, 2); `outgoing` and `incoming` (N,) of all connections; `edges` (E, 2) [source, target] are drawn,
    strongest first, with their `weights` (E,), out of `total`, self-connections (`loops` of them) not drawn.
    `observed`: the first so many units are the recorded variables. `signed` is False where signs were summed away."""

    places: np.ndarray
    outgoing: np.ndarray
    incoming: np.ndarray
    edges: np.ndarray
    weights: np.ndarray
    total: int
    loops: int
    observed: int
    signed: bool
    layout: str
    note: str


def numbers(connectome: Connectome | Undefined, observed: int = 0, most: int = EDGES) -> GraphFigure | Undefined:
    """At most `most` connections, the strongest. Layout: springs over what is drawn (fixed seed), on a circle in the
    order of the units where more than half of all possible connections exist. Undefined above 400 units."""
    if isinstance(connectome, Undefined):
        return connectome
    adjacency = np.asarray(connectome.adjacency, dtype=float)
    n = len(adjacency)
    if n > UNITS:
        return Undefined(f"{n} units are too many to be seen as a graph; the matrix shows them")
    spread, loops = degrees(adjacency), int(np.count_nonzero(np.diag(adjacency)))
    without_loops = np.where(np.eye(n, dtype=bool), 0.0, adjacency)
    edges = np.argwhere(without_loops != 0)
    strength = without_loops[tuple(edges.T)]
    strongest = np.argsort(-np.abs(strength), kind="stable")[:most]
    crowded = len(edges) > 0.5 * n * (n - 1)
    drawn, weights = edges[strongest], strength[strongest]
    places = _circle(n) if crowded else _springs(n, drawn)
    total, signed = len(edges) + loops, "unsigned" not in connectome.note
    layout = "circle" if crowded else "springs"
    return GraphFigure(
        places,
        spread.outgoing,
        spread.incoming,
        drawn,
        weights,
        total,
        loops,
        observed,
        signed,
        layout,
        connectome.note,
    )


def _circle(n: int) -> np.ndarray:
    angle = np.pi / 2 - 2 * np.pi * np.arange(n) / n
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _springs(n: int, edges: np.ndarray) -> np.ndarray:
    """Connected units by springs; those that nothing connects stand in rows below."""
    graph = nx.Graph()
    graph.add_edges_from(map(tuple, edges.tolist()))
    places = np.zeros((n, 2))
    if graph.number_of_edges():
        begin = {unit: place for unit, place in zip(range(n), _circle(n), strict=True) if unit in graph}
        found = nx.spring_layout(graph, pos=begin, seed=0, iterations=120, k=1.9 / np.sqrt(graph.number_of_nodes()))
        for unit, place in found.items():
            places[unit] = place
        joined = np.array(sorted(graph))
        places[joined] -= (places[joined].max(axis=0) + places[joined].min(axis=0)) / 2
        places[joined] /= max(np.abs(places[joined]).max(), 1e-9)
    alone = np.array([unit for unit in range(n) if unit not in graph], dtype=int)
    across = max(1, min(len(alone), 20))
    for i, unit in enumerate(alone):
        places[unit] = (-1 + 2 * (i % across + 0.5) / across, -1.2 - 0.12 * (i // across))
    return places


def bends(numbers: GraphFigure) -> np.ndarray:
    """Each drawn connection as a line of nine points that bends to its left, (E, 9, 2): read clockwise it leads from
    source to target."""
    begin, end = numbers.places[numbers.edges[:, 0]], numbers.places[numbers.edges[:, 1]]
    along = end - begin
    middle = (begin + end) / 2 + BEND * np.stack([-along[:, 1], along[:, 0]], axis=1)
    t = np.linspace(0, 1, DOTS)[None, :, None]
    return (1 - t) ** 2 * begin[:, None] + 2 * t * (1 - t) * middle[:, None] + t**2 * end[:, None]


def _sizes(numbers: GraphFigure, largest: float) -> np.ndarray:
    """Diameters: area grows with the degree."""
    degree = numbers.outgoing + numbers.incoming
    return largest * np.sqrt(np.maximum(degree, 0.25) / max(degree.max(), 1)).clip(0.22)


def _hubs(numbers: GraphFigure) -> np.ndarray:
    return np.argsort(-(numbers.outgoing + numbers.incoming), kind="stable")[:NAMED]


def _bins(numbers: GraphFigure) -> list[tuple[np.ndarray, str, float, str]]:
    """(which connections, color, strength 0..1, name): three strengths of each sign."""
    strength = np.abs(numbers.weights) / max(np.abs(numbers.weights).max(initial=0), 1e-12)
    level = np.digitize(strength, (0.33, 0.66))
    found = []
    signs = ((numbers.weights < 0, style.NEGATIVE, "negative"), (numbers.weights > 0, style.POSITIVE, "positive"))
    for of_sign, color, name in (
        signs if numbers.signed else ((numbers.weights != 0, style.QUIET, "|w| over all gates"),)
    ):
        found += [(of_sign & (level == i), color, (i + 1) / 3, name) for i in range(3)]
    return found


def draw(numbers: GraphFigure) -> go.Figure:
    """Hovering over a unit tells its connections."""
    made = style.figure(620, hovermode="closest", margin=style.FLUSH)
    lines = bends(numbers)
    named: set[str] = set()
    for which, color, strength, name in _bins(numbers):
        if which.any():
            broken = np.concatenate([lines[which], np.full((which.sum(), 1, 2), np.nan)], axis=1).reshape(-1, 2)
            made.add_trace(
                go.Scatter(
                    x=style.compact(broken[:, 0]),
                    y=style.compact(broken[:, 1]),
                    mode="lines",
                    hoverinfo="skip",
                    line={"color": color, "width": 0.5 + 1.8 * strength},
                    opacity=0.25 + 0.5 * strength,
                    name=name,
                    legendgroup=name,
                    showlegend=name not in named,
                )
            )
            named.add(name)
    sizes, hubs = _sizes(numbers, 34), set(_hubs(numbers).tolist())
    units = np.arange(len(sizes))
    for which, color, name in (
        (units >= numbers.observed, style.HUB, "hidden unit"),
        (units < numbers.observed, style.OBSERVED, "observed unit"),
    ):
        if which.any():
            text = [str(u) if u in hubs else "" for u in units[which]]
            hover = [f"unit {u}: sends to {numbers.outgoing[u]}, hears {numbers.incoming[u]}" for u in units[which]]
            made.add_trace(
                go.Scatter(
                    x=style.compact(numbers.places[which, 0]),
                    y=style.compact(numbers.places[which, 1]),
                    mode="markers+text",
                    marker={
                        "size": style.compact(sizes[which]),
                        "color": color,
                        "line": {"color": "#ffffff", "width": 1.2},
                        "opacity": 1,
                    },
                    text=text,
                    textfont={"color": "#ffffff", "size": 11},
                    hovertext=hover,
                    hoverinfo="text",
                    name=name,
                )
            )
    made.update_layout(legend={"itemsizing": "constant"})
    hidden = {"visible": False, "showgrid": False}
    made.update_xaxes(**hidden)
    made.update_yaxes(**hidden, scaleanchor="x")
    return made


def picture(numbers: GraphFigure, path: Path) -> None:
    """The same as a PNG file."""
    with style.styled():
        made = style.canvas(7.2, 7.2)
        axes = made.add_subplot()
        lines, handles = bends(numbers), {}
        for which, color, strength, name in _bins(numbers):
            axes.add_collection(
                LineCollection(
                    list(lines[which]), colors=color, linewidths=0.3 + 1.3 * strength, alpha=0.25 + 0.5 * strength
                )
            )
            if which.any():
                handles[name] = Line2D([], [], color=color)
        sizes, units = _sizes(numbers, 24), np.arange(len(numbers.places))
        colors = np.where(units < numbers.observed, style.OBSERVED, style.HUB)
        x, y = numbers.places.T
        axes.scatter(x, y, s=sizes**2, c=colors, edgecolors="white", linewidths=0.8, zorder=3)
        for unit in _hubs(numbers):
            axes.annotate(
                str(unit), numbers.places[unit], ha="center", va="center", fontsize=8, color="white", zorder=4
            )
        handles["hidden unit"] = Line2D([], [], marker="o", linestyle="", color=style.HUB)
        if numbers.observed:
            handles["observed unit"] = Line2D([], [], marker="o", linestyle="", color=style.OBSERVED)
        made.legend(list(handles.values()), list(handles), loc="outside upper left", ncols=4)
        axes.set_aspect("equal")
        axes.margins(0.06)
        axes.set_axis_off()
        style.save(made, path)
