"""Feed-forward loops one by one."""

from __future__ import annotations

import numpy as np

from sparsernn.topology.signed_graph import SignedGraph

MOST = 2_000_000
"""Paths i -> j -> k that are looked at."""


def listed_loops(graph: SignedGraph, rng: np.random.Generator) -> np.ndarray:
    """The loops i -> j, j -> k, i -> k of a graph sorted by source, (L, 3) nodes i, j, k, in random order.

    All of them where there are at most `MOST` paths of two edges; else those among so many random paths, each loop
    equally likely to be there. Cost: time and memory O(paths).
    """
    n = graph.nodes
    source, target = graph.source.astype(np.int64), graph.target.astype(np.int64)
    first = np.searchsorted(source, np.arange(n + 1))
    sends = np.diff(first)[target]
    total = int(sends.sum())
    if total <= MOST:
        edge = np.repeat(np.arange(len(source)), sends)
        step = np.arange(total) - np.repeat(np.cumsum(sends) - sends, sends)
    else:
        place = np.sort(rng.choice(total, MOST, replace=False)) if total < 4 * MOST else rng.integers(0, total, MOST)
        edge = np.searchsorted(np.cumsum(sends), place, side="right")
        step = place - (np.cumsum(sends) - sends)[edge]
    i, j = source[edge], target[edge]
    k = target[first[j] + step] if len(edge) else np.zeros(0, np.int64)
    closed = (i != k) & np.isin(i * n + k, source * n + target)
    found = np.unique(np.stack([i[closed], j[closed], k[closed]], axis=1), axis=0)
    return rng.permutation(found)
