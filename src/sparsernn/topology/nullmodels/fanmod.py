"""The null of FANMOD 1.1, as used by Zhang et al. 2023: degrees and the number of mutual pairs, signs ignored."""

from __future__ import annotations

import numpy as np

from sparsernn.compiled import compiled
from sparsernn.topology.nullmodels import pairs
from sparsernn.topology.nullmodels.base import AbstractNull
from sparsernn.topology.nullmodels.randomness import below
from sparsernn.topology.nullmodels.signed import _ordered
from sparsernn.topology.signed_graph import SignedGraph, mutual_edges

PASSES, ATTEMPTS = 3, 3


class Fanmod(AbstractNull):
    """Three passes over the edges, each edge with up to three random partners: a -> b and c -> d become a -> d and
    c -> b where all four nodes differ, no edge comes twice and the number of mutual pairs stays what it is.

    A sign travels with the source of its edge: signed out-degrees are kept, signed in-degrees are not. Two mutual pairs
    exchange partners as wholes; one may also be given up while another comes about elsewhere, which stands for
    FANMOD's own moves of pairs among four and five nodes. Limited by attempts, as the original is: not uniform.
    doi:10.1093/bioinformatics/btl038.
    """

    name = "fanmod"
    keeps = "edges out of and into every node, edges of each sign out of every node, and the number of mutual pairs"
    uniform = False

    def __init__(self, graph: SignedGraph, exchanges: float | None = None):
        super().__init__(graph)
        self.passes = PASSES if exchanges is None else max(1, round(exchanges))
        mutual = mutual_edges(graph)
        order = _ordered(graph, mutual)
        self._singles = int(np.count_nonzero(~mutual))
        self._source, self._target, self._negative = graph.source[order], graph.target[order], graph.negative[order]

    def draw(self, state: np.ndarray) -> SignedGraph:
        g, source, target = self.graph, self._source.copy(), self._target.copy()
        store, bits = pairs.room(g.nodes, g.edges), g.nodes <= pairs.MOST_BITS
        mate = np.full(g.edges, -1, np.int32)
        rest = np.arange(self._singles, g.edges, dtype=np.int32)
        mate[self._singles :] = rest ^ 1 if self._singles % 2 == 0 else ((rest + 1) ^ 1) - 1
        _passes(g.nodes, source, target, mate, store, bits, self.passes, state)
        return SignedGraph(g.nodes, source, target, self._negative)


@compiled
def _passes(nodes, source, target, mate, store, bits, passes, state):
    """`mate[e]` is the edge back, or -1; it is only asked for pairs that were mutual from the start."""
    edges = len(source)
    for e in range(edges):
        pairs.put(store, bits, pairs.key(nodes, source[e], target[e]))
    for _ in range(passes):
        for e in range(edges):
            for _ in range(ATTEMPTS):
                f = below(state, edges)
                if _swap(nodes, source, target, mate, store, bits, e, f):
                    break


@compiled
def _swap(nodes, source, target, mate, store, bits, e, f):
    a, b, c, d = source[e], target[e], source[f], target[f]
    if a in (c, d) or b in (c, d):
        return False
    ad, cb = pairs.key(nodes, a, d), pairs.key(nodes, c, b)
    if pairs.has(store, bits, ad) or pairs.has(store, bits, cb):
        return False
    ba, dc = pairs.has(store, bits, pairs.key(nodes, b, a)), pairs.has(store, bits, pairs.key(nodes, d, c))
    da, bc = pairs.has(store, bits, pairs.key(nodes, d, a)), pairs.has(store, bits, pairs.key(nodes, b, c))
    if ba and dc and not da and not bc:
        g, h = mate[e], mate[f]
        if g < 0 or h < 0 or source[g] != b or target[g] != a or source[h] != d or target[h] != c:
            return False
        _move(nodes, target, store, bits, e, f, a, b, c, d)
        _move(nodes, target, store, bits, g, h, b, a, d, c)
        # b -> c and d -> a are the edges back of c -> b and a -> d
        mate[e], mate[h], mate[f], mate[g] = h, e, g, f
        return True
    if np.int64(ba) + np.int64(dc) != np.int64(da) + np.int64(bc):
        return False
    _move(nodes, target, store, bits, e, f, a, b, c, d)
    return True


@compiled
def _move(nodes, target, store, bits, e, f, a, b, c, d):
    pairs.drop(store, bits, pairs.key(nodes, a, b))
    pairs.drop(store, bits, pairs.key(nodes, c, d))
    pairs.put(store, bits, pairs.key(nodes, a, d))
    pairs.put(store, bits, pairs.key(nodes, c, b))
    target[e], target[f] = d, b
