"""All feed-forward loops of a signed graph in one table: i -> j, j -> k and i -> k, by sign and by what is mutual."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.extending import intrinsic

from sparsernn.compiled import compiled
from sparsernn.topology.signed_graph import SignedGraph

WEDGE, MISSED, WORD, EDGE = 2e-9, 2e-8, 0.25e-9, 2e-8
"""Seconds on one core for a step of either count, to choose the faster and to say what it will cost: a path, a path
that closes, a word, an edge that is sorted."""


class Loops(NamedTuple):
    """How many feed-forward loops of each kind a graph has.

    `table` (2, 2, 2, 2, 2, 2) int64: feed-forward loops by ``[mutual ij, negative ij, mutual jk, negative jk,
    mutual ik, negative ik]``. `cycles`: three nodes in a ring without any edge back. `connected`: sets of three nodes
    that edges join (of whatever direction). `mutual`: pairs of nodes with edges in both directions."""

    table: np.ndarray
    cycles: int
    connected: int
    mutual: int


def loops(graph: SignedGraph) -> Loops:
    """Count feed-forward loops, rings and pairs of a graph, exactly.

    Cost: the smaller of ``sum_j in_j out_j`` steps (sparse, memory O(N + E)) and ``17 E N / 64`` words (dense, by bit
    sets, memory N^2 bytes).
    """
    return unpacked(raw(graph))


def raw(graph: SignedGraph) -> np.ndarray:
    """Return the counts of `loops` as one array, (67,) int64: the table, cycles, connected triples, mutual pairs.

    Releases the GIL.
    """
    if _by_bits(graph):
        return by_bits(graph)
    return by_wedges(graph)


def by_wedges(graph: SignedGraph) -> np.ndarray:
    """Count as `raw`, by walking all paths i -> j -> k."""
    return _wedges(graph.nodes, graph.source, graph.target, graph.negative)


def by_bits(graph: SignedGraph) -> np.ndarray:
    """Count as `raw`, by intersecting what i reaches with what reaches k, for every edge i -> k."""
    return _bits(graph.nodes, graph.source, graph.target, graph.negative)


def unpacked(counts: np.ndarray) -> Loops:
    """Return the counts of `raw` by name."""
    return Loops(counts[:64].reshape((2,) * 6), *map(int, counts[64:]))


def seconds(graph: SignedGraph) -> float:
    """Return about how many seconds `raw` takes on one core."""
    return min(_costs(graph))


def _costs(graph: SignedGraph) -> tuple[float, float]:
    outgoing = np.bincount(graph.source, minlength=graph.nodes).astype(float)
    incoming = np.bincount(graph.target, minlength=graph.nodes).astype(float)
    words = -(-graph.nodes // 64)
    by_bits = WORD * 17 * graph.edges * words if graph.nodes <= 20_000 else float("inf")
    density = graph.edges / max(graph.nodes * (graph.nodes - 1), 1)
    sort = EDGE * (graph.edges + graph.nodes)
    return (WEDGE + MISSED * density) * float(outgoing @ incoming) + sort, by_bits + sort


def _by_bits(graph: SignedGraph) -> bool:
    wedges, bits = _costs(graph)
    return bits < wedges


def _population(typingctx: Any, word: Any) -> Any:
    """How many bits of a word are set."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), code


_ones: Any = intrinsic(_population)


@compiled
def _sorted(nodes, keys, others, negative):
    """Edges in the order of `keys`: where each node begins (nodes + 1,), the other ends, the signs."""
    start = np.zeros(nodes + 1, np.int64)
    for e in range(len(keys)):
        start[keys[e] + 1] += 1
    for i in range(nodes):
        start[i + 1] += start[i]
    place = start[:-1].copy()
    ends, signs = np.empty(len(keys), np.int32), np.empty(len(keys), np.int8)
    for e in range(len(keys)):
        at = place[keys[e]]
        ends[at], signs[at] = others[e], negative[e]
        place[keys[e]] = at + 1
    return start, ends, signs


@compiled
def _classes(nodes, start, ends, kinds, came, senders, mark):
    """Add 2 to the kind of every mutual edge; how many edges (skeleton) every node has, and all pairs of them."""
    joined = 0
    for i in range(nodes):
        for e in range(start[i], start[i + 1]):
            mark[ends[e]] = e + 1
        degree = start[i + 1] - start[i]
        for f in range(came[i], came[i + 1]):
            e = mark[senders[f]] - 1
            if e >= 0:
                kinds[e] += 2
            else:
                degree += 1
        for e in range(start[i], start[i + 1]):
            mark[ends[e]] = 0
        joined += degree * (degree - 1) // 2
    return joined


@compiled
def _finish(out, joined):
    """Counts by kinds (0: single +, 1: single -, 2: mutual +, 3: mutual -) become the numbers of `raw`."""
    triangles = 6 * out[64]
    for a in range(4):
        for b in range(4):
            for c in range(4):
                mutual = a // 2 + b // 2 + c // 2
                # six times the triangles that a loop of this kind stands for
                share = 6 if mutual == 0 or (mutual == 1 and c >= 2) else 3 if mutual == 1 else 2 if mutual == 2 else 1
                triangles += share * out[16 * a + 4 * b + c]
    out[65] = joined - triangles // 3


@compiled
def _wedges(nodes, source, target, negative):
    start, ends, kinds = _sorted(nodes, source, target, negative)
    came, senders, _ = _sorted(nodes, target, source, negative)
    joined = _classes(nodes, start, ends, kinds, came, senders, np.zeros(nodes, np.int64))
    mark, out = np.zeros(nodes, np.int8), np.zeros(67, np.int64)
    rings = 0
    for i in range(nodes):
        for f in range(came[i], came[i + 1]):
            mark[senders[f]] = 5
        for e in range(start[i], start[i + 1]):
            mark[ends[e]] = kinds[e] + 1
        for e in range(start[i], start[i + 1]):
            j, first = ends[e], 16 * kinds[e]
            for f in range(start[j], start[j + 1]):
                m = mark[ends[f]]
                if m > 0:
                    if m < 5:
                        out[first + 4 * kinds[f] + m - 1] += 1
                    elif kinds[e] < 2 and kinds[f] < 2:
                        rings += 1
        for e in range(start[i], start[i + 1]):
            mark[ends[e]] = 0
        for f in range(came[i], came[i + 1]):
            mark[senders[f]] = 0
    out[64] = rings // 3
    for kind in kinds:
        out[66] += kind >= 2
    out[66] //= 2
    _finish(out, joined)
    return out


@compiled
def _bits(nodes, source, target, negative):
    start, ends, kinds = _sorted(nodes, source, target, negative)
    came, senders, _ = _sorted(nodes, target, source, negative)
    joined = _classes(nodes, start, ends, kinds, came, senders, np.zeros(nodes, np.int64))
    words = (nodes + 63) // 64
    reaches = np.zeros((nodes, 4, words), np.uint64)
    reached = np.zeros((nodes, 4, words), np.uint64)
    for i in range(nodes):
        for e in range(start[i], start[i + 1]):
            j = ends[e]
            reaches[i, kinds[e], j >> 6] |= np.uint64(1) << np.uint64(j & 63)
            reached[j, kinds[e], i >> 6] |= np.uint64(1) << np.uint64(i & 63)
    out = np.zeros(67, np.int64)
    rings = 0
    for i in range(nodes):
        for e in range(start[i], start[i + 1]):
            k, third = ends[e], kinds[e]
            for a in range(4):
                for b in range(4):
                    found = np.uint64(0)
                    for w in range(words):
                        found += _ones(reaches[i, a, w] & reached[k, b, w])
                    out[16 * a + 4 * b + third] += np.int64(found)
            if third < 2:
                around = np.uint64(0)
                for w in range(words):
                    around += _ones((reaches[k, 0, w] | reaches[k, 1, w]) & (reached[i, 0, w] | reached[i, 1, w]))
                rings += int(around)
    out[64] = rings // 3
    for kind in kinds:
        out[66] += kind >= 2
    out[66] //= 2
    _finish(out, joined)
    return out
