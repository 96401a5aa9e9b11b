"""Structural balance: how many feed-forward loops have a direct path of the sign of the indirect one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparsernn.topology.motifs import BALANCED, SIGNS, _by_sign

TRANSITIVE = ("030T", "120D", "120U", "300")
TYPES = ("030T", "120D", "120U", "120C", "210", "300")
"""The triads that hold feed-forward loops, in the order of tables; `TRANSITIVE` are those of which balance is told."""
INSIDE = {"030T": 1, "120D": 2, "120U": 2, "120C": 1, "210": 3, "300": 6}
"""Loops in a triad of each type."""
_PLACES = {"030T": (0,), "120D": (2,), "120U": (4,), "120C": (1,), "210": (3, 5, 6), "300": (7,)}
"""Which of ij, jk, ik are mutual, as bits."""


class Triads(NamedTuple):
    """How many feed-forward loops are balanced and how many are not, by type of triad (`TYPES`), (..., 6) each."""

    balanced: np.ndarray
    unbalanced: np.ndarray

    @property
    def loops(self) -> np.ndarray:
        return self.balanced + self.unbalanced

    @property
    def triads(self) -> np.ndarray:
        """Sets of three nodes of each type."""
        return self.loops // np.array([INSIDE[t] for t in TYPES])


class Balance(NamedTuple):
    """How balanced a graph is: three summaries over the `TRANSITIVE` types, (...,) each; NaN if there are no loops.

    `paper`: the mean of the shares of balanced loops that are not 0, as Zhang et al. 2023 computed it
    (doi:10.1038/s42005-023-01364-0): a type that is absent or wholly unbalanced is left out. `pooled`: balanced loops
    over all loops. `all_types`: the mean of the shares of all types present, 0 among them.
    """

    paper: np.ndarray
    pooled: np.ndarray
    all_types: np.ndarray


def triads(tables: np.ndarray) -> Triads:
    """Count them, given tables (..., 64) of `loops.raw` (further columns are not looked at)."""
    found = _by_sign(tables)
    even = np.array([s in BALANCED for s in SIGNS])
    pick = lambda which: np.stack([found[..., _PLACES[t], :][..., which].sum(axis=(-1, -2)) for t in TYPES], axis=-1)
    return Triads(pick(even), pick(~even))


def balance(found: Triads) -> Balance:
    """Return the three summaries of counts (..., 6)."""
    places = [TYPES.index(t) for t in TRANSITIVE]
    balanced, all_ = found.balanced[..., places].astype(float), found.loops[..., places].astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = balanced / all_
        present, counted = all_ > 0, balanced > 0
        paper = np.where(counted, share, 0.0).sum(axis=-1) / counted.sum(axis=-1)
        every = np.where(present, share, 0.0).sum(axis=-1) / present.sum(axis=-1)
        return Balance(paper, balanced.sum(axis=-1) / all_.sum(axis=-1), every)
