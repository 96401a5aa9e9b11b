"""How fast a matrix can grow what it multiplies."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components


def spectral_radius(matrix: np.ndarray) -> float:
    """Return the largest ``|eigenvalue|`` of a square matrix (N, N); NaN where it is not finite.

    The matrix is taken apart into strongly connected components, whose eigenvalues together are its own: a stack of
    cells costs what the cells cost, a sparse matrix less than O(N^3).
    """
    matrix = np.asarray(matrix, dtype=float)
    if not np.isfinite(matrix).all():
        return float("nan")
    count, part = connected_components(matrix != 0, directed=True, connection="strong")
    sizes = np.bincount(part, minlength=count)
    largest = float(np.abs(np.diag(matrix)[sizes[part] == 1]).max(initial=0.0))
    for component in np.flatnonzero(sizes > 1):
        units = np.flatnonzero(part == component)
        largest = max(largest, float(np.abs(np.linalg.eigvals(matrix[np.ix_(units, units)])).max()))
    return largest
