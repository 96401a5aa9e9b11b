"""Which pairs of nodes are taken, asked in a few nanoseconds: bits where all pairs fit, else a hash table."""

from __future__ import annotations

import numpy as np

from sparsernn.compiled import compiled

MOST_BITS = 20_000
"""Nodes up to which every ordered pair has a bit (50 MB)."""
EMPTY, MIXED = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0x9E3779B97F4A7C15)


def room(nodes: int, pairs: int) -> np.ndarray:
    """An empty set for `pairs` of the ordered pairs among `nodes`: bits up to `MOST_BITS` nodes, else a table."""
    if nodes <= MOST_BITS:
        return np.zeros(nodes * nodes // 64 + 1, np.uint64)
    return np.full(1 << int(np.ceil(np.log2(max(4 * pairs, 16)))), EMPTY, np.uint64)


@compiled
def key(nodes, i, j):
    """The ordered pair as one number."""
    return np.uint64(np.int64(i) * np.int64(nodes) + np.int64(j))


@compiled
def both(nodes, i, j):
    """The unordered pair as one number."""
    return key(nodes, min(i, j), max(i, j))


@compiled
def _home(k, mask):
    return np.int64(((k * MIXED) >> np.uint64(20)) & mask)


@compiled
def has(store, bits, k):
    """Whether pair `k` is in the set; `bits` says which kind of set it is."""
    if bits:
        return (store[k >> np.uint64(6)] >> (k & np.uint64(63))) & np.uint64(1) != 0
    mask = np.uint64(len(store) - 1)
    at = _home(k, mask)
    while store[at] != EMPTY:
        if store[at] == k:
            return True
        at = (at + 1) & np.int64(mask)
    return False


@compiled
def put(store, bits, k):
    """Add a pair that is not there."""
    if bits:
        store[k >> np.uint64(6)] |= np.uint64(1) << (k & np.uint64(63))
        return
    mask = np.uint64(len(store) - 1)
    at = _home(k, mask)
    while store[at] != EMPTY:
        at = (at + 1) & np.int64(mask)
    store[at] = k


@compiled
def drop(store, bits, k):
    """Take out a pair that is there; of a table, what stands behind it moves up."""
    if bits:
        store[k >> np.uint64(6)] &= ~(np.uint64(1) << (k & np.uint64(63)))
        return
    mask = np.uint64(len(store) - 1)
    size = np.int64(mask)
    hole = _home(k, mask)
    while store[hole] != k:
        hole = (hole + 1) & size
    at = (hole + 1) & size
    while store[at] != EMPTY:
        home = _home(store[at], mask)
        if ((at - home) & size) >= ((at - hole) & size):
            store[hole] = store[at]
            hole = at
        at = (at + 1) & size
    store[hole] = EMPTY
