"""Degrees of a directed graph and how unequally they are spread."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparsernn.errors import Undefined


class Degrees(NamedTuple):
    """Edges out of and into every node, (N,) integers; self-connections count once in each."""

    outgoing: np.ndarray
    incoming: np.ndarray

    @property
    def total(self) -> np.ndarray:
        return self.outgoing + self.incoming


def degrees(adjacency: np.ndarray) -> Degrees:
    """Degrees of ``adjacency != 0`` (N, N), [source, target]. Cost O(N^2)."""
    edges = np.asarray(adjacency) != 0
    return Degrees(edges.sum(axis=1), edges.sum(axis=0))


def gini(values: np.ndarray) -> float | Undefined:
    """Gini coefficient of non-negative numbers (n,): 0 all equal, (n - 1)/n all in one. Undefined if all are zero.

    ``G = sum_i (2 i - n - 1) x_(i) / (n sum x)`` with x sorted ascending, i = 1..n.
    """
    values = np.sort(np.asarray(values, dtype=float))
    n, total = len(values), values.sum()
    if n == 0 or total == 0:
        return Undefined("no edges")
    return float(((2 * np.arange(1, n + 1) - n - 1) * values).sum() / (n * total))


def top_share(values: np.ndarray, share: float = 0.1) -> float | Undefined:
    """Share of the sum held by the largest ``ceil(share n)`` values. Undefined if all are zero."""
    values = np.sort(np.asarray(values, dtype=float))[::-1]
    if values.sum() == 0:
        return Undefined("no edges")
    return float(values[: int(np.ceil(share * len(values)))].sum() / values.sum())
