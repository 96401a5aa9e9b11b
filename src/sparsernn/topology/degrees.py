"""Degrees of a directed graph and how unequally they are spread."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparsernn.errors import Undefined


class Degrees(NamedTuple):
    """How many edges lead out of and into every node, (N,) integers each. A self-connection counts once in each."""

    outgoing: np.ndarray
    incoming: np.ndarray

    @property
    def total(self) -> np.ndarray:
        return self.outgoing + self.incoming


def degrees(adjacency: np.ndarray) -> Degrees:
    """Count the edges of a graph ``adjacency != 0``, (N, N) as [source, target]. Cost: O(N^2)."""
    edges = np.asarray(adjacency) != 0
    return Degrees(edges.sum(axis=1), edges.sum(axis=0))


def gini(values: np.ndarray) -> float | Undefined:
    """Return how unequal numbers (n,) >= 0 are, from 0 (all equal) to (n - 1)/n (all in one); Undefined if all are 0.

    ``G = sum_i (2 i - n - 1) x_(i) / (n sum x)`` with x sorted ascending, i = 1..n.
    """
    values = np.sort(np.asarray(values, dtype=float))
    n, total = len(values), values.sum()
    if n == 0 or total == 0:
        return Undefined("no edges")
    return float(((2 * np.arange(1, n + 1) - n - 1) * values).sum() / (n * total))


def top_share(values: np.ndarray, share: float = 0.1) -> float | Undefined:
    """Return which share of the sum the largest ``ceil(share n)`` values hold; Undefined if all are 0."""
    values = np.sort(np.asarray(values, dtype=float))[::-1]
    if values.sum() == 0:
        return Undefined("no edges")
    return float(values[: int(np.ceil(share * len(values)))].sum() / values.sum())
