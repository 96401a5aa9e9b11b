"""The spectral radius of a graph's weights, dense or by Arnoldi's method."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import ArpackError, eigs

from sparsernn.errors import Undefined
from sparsernn.topology.radius import spectral_radius
from sparsernn.topology.signed_graph import SignedGraph

DENSE = 1500
"""Nodes up to which all eigenvalues are computed."""
TURNS = 50


def radius_of(graph: SignedGraph, weights: np.ndarray) -> float | Undefined:
    """Return the largest ``|eigenvalue|`` of the weights (E,) of a graph without self-connections.

    Undefined where Arnoldi's iteration does not settle. Cost: O(N^3) up to `DENSE` nodes, else some hundred products
    with the matrix.
    """
    if graph.edges == 0:
        return 0.0
    shape = (graph.nodes,) * 2
    matrix = sparse.csr_array((np.asarray(weights, float), (graph.source, graph.target)), shape=shape)
    if graph.nodes <= DENSE:
        return spectral_radius(matrix.toarray())
    try:
        begin = np.random.default_rng(0).standard_normal(graph.nodes)
        found = eigs(matrix, k=1, which="LM", v0=begin, maxiter=TURNS, return_eigenvectors=False)
    except (ArpackError, RuntimeError):
        return Undefined("the iteration for the largest eigenvalue does not settle")
    return float(np.abs(found[0]))
