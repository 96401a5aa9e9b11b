"""Edges anywhere: as many nodes and edges of each sign, all else random."""

from __future__ import annotations

import numpy as np

from sparsernn.compiled import compiled
from sparsernn.topology.nullmodels import pairs
from sparsernn.topology.nullmodels.base import AbstractNull
from sparsernn.topology.nullmodels.randomness import below
from sparsernn.topology.signed_graph import SignedGraph


class ER(AbstractNull):
    """All graphs with as many nodes, positive and negative edges and no self-connections, equally likely. Draws are
    independent. Mutual pairs are not kept: what depends on them (120D to 300, reciprocity) says little beside this."""

    name = "er"
    keeps = "the number of nodes and of edges of each sign"

    def draw(self, state: np.ndarray) -> SignedGraph:
        n, edges = self.graph.nodes, self.graph.edges
        full = edges > n * (n - 1) // 2
        count = n * (n - 1) - edges if full else edges
        source, target = np.empty(count, np.int32), np.empty(count, np.int32)
        store = pairs.room(n, edges)
        _throw(n, source, target, store, n <= pairs.MOST_BITS, state)
        if full:  # what was drawn are the gaps
            there = ~np.eye(n, dtype=bool)
            there[source, target] = False
            source, target = (ends.astype(np.int32) for ends in np.nonzero(there))
        negative = np.zeros(edges, np.int8)
        negative[: int(self.graph.negative.sum())] = 1
        _deal(negative, source, target, state)
        return SignedGraph(n, source, target, negative)


@compiled
def _throw(nodes, source, target, store, bits, state):
    for e in range(len(source)):
        while True:
            i, j = below(state, nodes), below(state, nodes - 1)
            j += j >= i
            k = pairs.key(nodes, i, j)
            if not pairs.has(store, bits, k):
                break
        pairs.put(store, bits, k)
        source[e], target[e] = i, j


@compiled
def _deal(negative, source, target, state):
    """Which edges are the negative ones."""
    for e in range(len(negative) - 1, 0, -1):
        f = below(state, e + 1)
        source[e], source[f] = source[f], source[e]
        target[e], target[f] = target[f], target[e]
