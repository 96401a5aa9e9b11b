"""The eight signed feed-forward motifs: i -> j, j -> k, i -> k, named by the signs of ij, jk, ik."""

from __future__ import annotations

import itertools

import numpy as np

SIGNS = ("+++", "++-", "+-+", "+--", "-++", "-+-", "--+", "---")
"""Of ij, jk, ik, in the order of all tables and figures."""
BALANCED = tuple(s for s in SIGNS if s.count("-") % 2 == 0)
"""Those whose direct path has the sign of the indirect one: +++, +--, -+-, --+."""


def motifs(tables: np.ndarray) -> np.ndarray:
    """Count how often each of `SIGNS` occurs among three nodes that nothing else joins (030T), (..., 8), from tables
    (..., 64) of `loops.raw` (further columns are not looked at)."""
    return _by_sign(tables)[..., 0, :]


def everywhere(tables: np.ndarray) -> np.ndarray:
    """Count the same among any three nodes, with the loops inside of triads that have mutual edges, (..., 8)."""
    return _by_sign(tables).sum(axis=-2)


def _by_sign(tables: np.ndarray) -> np.ndarray:
    """(..., 8 combinations of mutual edges, 8 signs)."""
    counts = tables[..., :64]
    lead = counts.shape[:-1]
    counts = counts.reshape((*lead, 2, 2, 2, 2, 2, 2))
    k = len(lead)
    order = (*range(k), k, k + 2, k + 4, k + 1, k + 3, k + 5)
    return counts.transpose(order).reshape((*lead, 8, 8))


assert tuple("".join(s) for s in itertools.product("+-", repeat=3)) == SIGNS
