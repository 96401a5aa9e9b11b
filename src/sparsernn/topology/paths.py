"""How far nodes are from one another along the arrows, and how many are reached at all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from sparsernn.compiled import compiled
from sparsernn.errors import Undefined
from sparsernn.topology.signed_graph import SignedGraph

FEWEST = 10
STEPS = 2e9
"""Edges walked at most; in larger graphs paths from some nodes stand for all."""


class Paths(NamedTuple):
    """How far nodes of a graph lie apart.

    `length`: mean number of steps over ordered pairs that are joined; `reachable`: their share of all pairs;
    `longest` such path; `sources`: nodes from which paths were followed (all, or as many as the cost allows)."""

    length: float | Undefined
    reachable: float | Undefined
    longest: int
    sources: int


def paths(graph: SignedGraph, seed: int = 0, steps: float = STEPS) -> Paths:
    """Measure how many steps lead from node to node, breadth first from every node.

    Cost: N E; where that is more than `steps`, from `FEWEST` random nodes or more.
    """
    n = graph.nodes
    if n < 2:
        return Paths(Undefined("fewer than two nodes"), Undefined("fewer than two nodes"), 0, n)
    count = n if n * (graph.edges + n) <= steps else int(max(FEWEST, steps / (graph.edges + n)))
    count = min(count, n)
    begin = np.arange(n) if count == n else np.sort(np.random.default_rng(seed).choice(n, count, replace=False))
    there = sparse.csr_array((np.ones(graph.edges), (graph.source, graph.target)), shape=(n, n))
    total, joined, longest = _walk(there.indptr, there.indices, begin.astype(np.int64), n)
    length = total / joined if joined else Undefined("no node is reached from another")
    return Paths(length, joined / (count * (n - 1)), int(longest), count)


@compiled
def _walk(start, ends, sources, nodes):
    distance, queue = np.full(nodes, -1, np.int32), np.empty(nodes, np.int32)
    total, joined, longest = 0, 0, 0
    for s in sources:
        distance[s], queue[0] = 0, s
        first, last = 0, 1
        while first < last:
            i = queue[first]
            first += 1
            for e in range(start[i], start[i + 1]):
                j = ends[e]
                if distance[j] < 0:
                    distance[j] = distance[i] + 1
                    total += distance[j]
                    longest = max(longest, distance[j])
                    queue[last] = j
                    last += 1
        joined += last - 1
        for k in range(last):
            distance[queue[k]] = -1
    return total, joined, longest
