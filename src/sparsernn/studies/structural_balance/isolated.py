"""A feed-forward loop alone: the response of its last unit is that of the direct and the indirect path together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparsernn.topology.motifs import BALANCED, SIGNS


class Responses(NamedTuple):
    """Of n loops: ``h_k / h_i`` as a tanh network has it (`measured`) and ``w_ij w_jk + w_ik`` (`linear`), (n,) each;
    `signs` (n,) of ij, jk, ik."""

    measured: np.ndarray
    linear: np.ndarray
    signs: tuple[str, ...]

    def of(self, balanced: bool) -> np.ndarray:
        """Which of them are balanced, or are not: numbers (m,)."""
        return np.flatnonzero([(s in BALANCED) == balanced for s in self.signs])


def responses(weights: np.ndarray, drive: float = 0.1) -> Responses:
    """Unit i is held at `drive`; j and k follow by ``h' = tanh(W h)`` for two steps, after which k stands still.

    `weights` (n, 3): w_ij, w_jk, w_ik. For small drives and weights the response is linear, and balanced loops, whose
    paths have one sign, respond more strongly than unbalanced ones of equal |w|.
    Source: doi 10.1038/s42005-023-01364-0.
    """
    weights = np.asarray(weights, float).reshape(-1, 3)
    ij, jk, ik = weights.T
    j = np.tanh(ij * drive)  # after one step; it stays
    k = np.tanh(ik * drive + jk * j)
    signs = tuple("".join("-" if w < 0 else "+" for w in row) for row in weights)
    return Responses(k / drive, ij * jk + ik, signs)


def drawn(count: int = 25, seed: int = 0) -> Responses:
    """`count` loops of each of the eight signs, |w| uniform between 0.1 and 1."""
    sizes = np.random.default_rng(seed).uniform(0.1, 1, (count, len(SIGNS), 3))
    signs = np.array([[-1.0 if c == "-" else 1.0 for c in s] for s in SIGNS])
    return responses((sizes * signs).reshape(-1, 3))
