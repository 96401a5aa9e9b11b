"""A directed graph with signs as three arrays: what all counts and nulls begin from, dense or sparse."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from sparsernn.errors import DataError


class SignedGraph(NamedTuple):
    """Edges ``source[e] -> target[e]`` (E,) int32 among `nodes` nodes, `negative[e]` int8 0 or 1. No self-connections,
    no edge twice, sorted by source, then target."""

    nodes: int
    source: np.ndarray
    target: np.ndarray
    negative: np.ndarray

    @property
    def edges(self) -> int:
        return len(self.source)

    @property
    def signed(self) -> bool:
        """Whether both signs occur."""
        return bool(self.negative.any()) and not bool(self.negative.all())

    @property
    def mutual(self) -> int:
        """Pairs of nodes with edges in both directions."""
        return int(np.count_nonzero(mutual_edges(self))) // 2

    def dense(self) -> np.ndarray:
        """Signs +1, -1, 0 as a matrix (nodes, nodes) of int8, [source, target]."""
        made = np.zeros((self.nodes, self.nodes), np.int8)
        made[self.source, self.target] = 1 - 2 * self.negative
        return made

    def sparse(self) -> sparse.csr_array:
        """The same as a sparse matrix of float64."""
        values = (1.0 - 2.0 * self.negative, (self.source, self.target))
        return sparse.csr_array(values, shape=(self.nodes, self.nodes))


class Graph(NamedTuple):
    """A `SignedGraph`, the weights of its edges (E,) in the same order, and the `loops` that were left out."""

    signed: SignedGraph
    weights: np.ndarray
    loops: int


def graph_of(adjacency: Any) -> Graph:
    """The graph of a square matrix of weights, dense or SciPy's sparse, [source, target]: an edge where it is not 0.

    Self-connections are left out and counted. DataError for what is not square or not finite. Cost: O(N^2) dense,
    O(E log E) sparse.
    """
    if sparse.issparse(adjacency):
        listed = sparse.coo_array(adjacency)
        shape, (row, column), weights = listed.shape, listed.coords, listed.data
    else:
        array = np.asarray(adjacency)
        shape = array.shape
        if array.ndim != 2:
            raise DataError(f"expected a square matrix of weights, got an array of shape {shape}")
        row, column = np.nonzero(array)
        weights = array[row, column]
    if len(shape) != 2 or shape[0] != shape[1]:
        raise DataError(f"expected a square matrix of weights, got {' x '.join(map(str, shape))}")
    return graph_of_edges(shape[0], row, column, weights)


def graph_of_edges(nodes: int, source: np.ndarray, target: np.ndarray, weights: np.ndarray) -> Graph:
    """The graph of a list of edges (E,) with weights; weight 0 is no edge, no pair may come twice (DataError)."""
    weights = np.asarray(weights, dtype=float)
    if not np.isfinite(weights).all():
        count = int(np.count_nonzero(~np.isfinite(weights)))
        raise DataError(f"{count:,} of the weights are NaN or infinite; set what is no connection to 0")
    source, target = np.asarray(source, np.int64), np.asarray(target, np.int64)
    loops = int(np.count_nonzero((source == target) & (weights != 0)))
    keep = (weights != 0) & (source != target)
    source, target, weights = source[keep], target[keep], weights[keep]
    key = source * nodes + target
    order = np.argsort(key, kind="stable")
    key = key[order]
    if len(key) > 1 and (key[1:] == key[:-1]).any():
        raise DataError("an edge comes twice; add up what belongs together first")
    source, target, weights = source[order], target[order], weights[order]
    made = SignedGraph(nodes, source.astype(np.int32), target.astype(np.int32), (weights < 0).astype(np.int8))
    return Graph(made, weights, loops)


def mutual_edges(graph: SignedGraph) -> np.ndarray:
    """For every edge whether there is one back, (E,) booleans. Cost: O(E log E)."""
    n = np.int64(max(graph.nodes, 1))
    there, back = graph.source * n + graph.target, graph.target * n + graph.source
    return np.isin(back, there)
