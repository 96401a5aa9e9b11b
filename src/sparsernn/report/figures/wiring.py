"""A graph of any origin: its strongest edges, hubs by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from sparsernn.connectome import Connectome
from sparsernn.errors import Undefined
from sparsernn.report.figures import graph, style

NODES, ROOM = 200, 3e7


class Wired(NamedTuple):
    """`drawn` is the figure of the nodes `shown` (k,), those with most edges; `labels` (k,) are their names, `outgoing`
    and `incoming` (k,) all their edges; `total` nodes in all."""

    drawn: graph.GraphFigure
    shown: np.ndarray
    labels: tuple[str, ...]
    outgoing: np.ndarray
    incoming: np.ndarray
    total: int


def numbers(
    nodes: int, source: np.ndarray, target: np.ndarray, weights: np.ndarray, names: Sequence[str]
) -> Wired | Undefined:
    """Of more than `NODES` nodes those with most edges are shown. Undefined without edges."""
    if not len(source):
        return Undefined("there are no edges")
    outgoing, incoming = np.bincount(source, minlength=nodes), np.bincount(target, minlength=nodes)
    shown = np.sort(np.argsort(-(outgoing + incoming), kind="stable")[:NODES])
    place = np.full(nodes, -1)
    place[shown] = np.arange(len(shown))
    keep = (place[source] >= 0) & (place[target] >= 0)
    source, target, weights = place[source[keep]], place[target[keep]], weights[keep]
    some = _telling(source, target, np.abs(weights))
    matrix = np.zeros((len(shown),) * 2)
    matrix[target[some], source[some]] = weights[some]
    signed = bool((weights < 0).any())
    drawn = graph.numbers(Connectome(matrix, None, None, "" if signed else "unsigned"))
    if isinstance(drawn, Undefined):
        return drawn
    labels = tuple(names[i] if names else str(i) for i in shown)
    drawn = drawn._replace(outgoing=outgoing[shown], incoming=incoming[shown])
    return Wired(drawn, shown, labels, outgoing[shown], incoming[shown], nodes)


def _telling(source: np.ndarray, target: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Numbers of the edges that are drawn: every node's strongest in and out, then the strongest of all."""
    order = np.argsort(-strength, kind="stable")
    first = [order[np.unique(ends[order], return_index=True)[1]] for ends in (source, target)]
    wanted = np.concatenate([*first, order])
    _, at = np.unique(wanted, return_index=True)
    return wanted[np.sort(at)[: graph.EDGES]]


def draw(numbers: Wired) -> go.Figure:
    """The figure of a network's graph, with the names of nodes."""
    made = graph.draw(numbers.drawn)
    hubs = set(np.argsort(-(numbers.outgoing + numbers.incoming), kind="stable")[: graph.NAMED].tolist())
    for trace in made.data:
        if trace.name == "hidden unit":
            trace.name = "node"
            trace.text = [style.shown(name)[:8] if i in hubs else "" for i, name in enumerate(numbers.labels)]
            trace.textfont = {"color": style.INK, "size": 11}
            trace.textposition = "top center"
            trace.hovertext = [
                f"{style.shown(name)}: sends to {out}, hears {heard}"
                for name, out, heard in zip(numbers.labels, numbers.outgoing, numbers.incoming, strict=True)
            ]
        elif trace.name == "|w| over all gates":
            trace.name = "edge"
    return made
