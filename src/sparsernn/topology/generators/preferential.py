"""Edges where edges are: hubs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsernn.compiled import compiled
from sparsernn.rules import positive as above_zero
from sparsernn.rules import within
from sparsernn.topology.generators.base import AbstractGenerator, checked, edges_of, in_order
from sparsernn.topology.nullmodels.randomness import below, stream
from sparsernn.topology.signed_graph import SignedGraph

WHOLE = 4294967295


@dataclass(frozen=True)
class Preferential(AbstractGenerator):
    """A directed graph with hubs: edges come one by one, each from a node drawn in proportion to its edges out plus
    `offset`, to one drawn in proportion to its edges in plus `offset`; self-connections and edges that are there are
    drawn again. All nodes are there from the beginning.

    Its hubs are those of growth by preferential attachment, of edges among given nodes instead of new nodes; it is no
    graph of the GeoHub construction (arXiv:2406.04934), which fits its degrees to pruned networks.

    Args:
        density: share of the ordered pairs of nodes that are edges.
        positive: share of the edges that are positive.
        offset: the smaller, the larger the hubs; large: edges anywhere.

    Cost: O(edges) draws of O(log N), more where hubs are nearly full.
    Source: Bollobás et al. 2003, Directed scale-free graphs, with edges among existing nodes alone.
    """

    density: float = 0.05
    positive: float = 0.5
    offset: float = 1.0

    rules = (within("(0, 1]", "density"), within("[0, 1]", "positive"), above_zero("offset"))

    def generate(self, nodes: int, seed: int = 0) -> SignedGraph:
        checked(nodes, seed)
        edges, state = edges_of(nodes, self.density), stream(seed, 0)
        signs = np.zeros((nodes, nodes), np.int8)
        negative = np.zeros(edges, np.int8)
        negative[round(self.positive * edges) :] = 1
        source, target = np.empty(edges, np.int32), np.empty(edges, np.int32)
        _attach(signs, source, target, negative, float(self.offset), state)
        return in_order(SignedGraph(nodes, source, target, negative))


@compiled
def _drawn(ends, so_far, nodes, offset, state):
    """A node in proportion to how often it stands among the first `so_far` of `ends`, plus `offset`."""
    place = below(state, WHOLE) / WHOLE * (so_far + offset * nodes)
    return ends[int(place)] if place < so_far else below(state, nodes)


@compiled
def _attach(signs, source, target, negative, offset, state):
    nodes, edges = len(signs), len(source)
    for e in range(edges):
        tries = 0
        while True:
            # where hubs are full, the offset takes over
            grown = offset if tries < 1000 else offset * (1 + tries)
            i, j = _drawn(source, e, nodes, grown, state), _drawn(target, e, nodes, grown, state)
            tries += 1
            if i != j and signs[i, j] == 0:
                break
        source[e], target[e], signs[i, j] = i, j, 1
    for e in range(edges - 1, 0, -1):  # early edges are no more often of one sign
        f = below(state, e + 1)
        negative[e], negative[f] = negative[f], negative[e]
