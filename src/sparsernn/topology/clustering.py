"""Clustering of a directed graph after Fagiolo."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sparsernn.compiled import compiled
from sparsernn.topology.signed_graph import SignedGraph, mutual_edges


def clustering(graph: SignedGraph) -> np.ndarray:
    """Return how densely the neighbors of each node are joined, (N,): triangles through it over those possible.

    That is ``(S^3)_ii / (2 (d_i (d_i - 1) - 2 b_i))`` with ``S = A + A^T``, d all edges of the node, b its mutual ones
    (Fagiolo 2007, doi:10.1103/PhysRevE.76.026107). Signs are not looked at. 0 where nothing is possible.
    Cost: the sum over nodes of squared degrees, memory O(N + E)."""
    ones = np.ones(graph.edges)
    there = sparse.csr_array((ones, (graph.source, graph.target)), shape=(graph.nodes,) * 2)
    both = sparse.csr_array(there + there.T)
    found = _triangles(both.indptr, both.indices, both.data, graph.nodes).astype(float)
    degree = both.sum(axis=1)
    mutual = np.bincount(graph.source[mutual_edges(graph)], minlength=graph.nodes)
    possible = 2 * (degree * (degree - 1) - 2 * mutual)
    return np.divide(found, possible, out=np.zeros(graph.nodes), where=possible > 0)


@compiled
def _triangles(start, ends, weights, nodes):
    """The diagonal of S^3."""
    own, found = np.zeros(nodes), np.zeros(nodes)
    for i in range(nodes):
        for e in range(start[i], start[i + 1]):
            own[ends[e]] = weights[e]
        for e in range(start[i], start[i + 1]):
            j, closed = ends[e], 0.0
            for f in range(start[j], start[j + 1]):
                closed += weights[f] * own[ends[f]]
            found[i] += weights[e] * closed
        for e in range(start[i], start[i + 1]):
            own[ends[e]] = 0
    return found
