"""A random graph that stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import jax
import numpy as np

from sparsernn.masks import Masks, Prunable
from sparsernn.rules import within
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Importance, Snapshot, SparseState
from sparsernn.sparsifiers.exchange import exchange
from sparsernn.sparsifiers.start import AbstractStart, Uniform
from sparsernn.spec import scaling
from sparsernn.weights import Weights


@dataclass(frozen=True)
class Static(AbstractSparsifier):
    """The masks are drawn once and never change: the control for every method that moves them.

    Args:
        density: share of the entries that exist, in (0, 1].
        start: how the masks are drawn.
        where: roles or paths of the matrices.
    """

    density: float = 0.1
    start: AbstractStart = field(default_factory=Uniform)
    where: tuple[str, ...] = ("recurrent",)
    keeps_count: ClassVar[bool] = True
    only_removes: ClassVar[bool] = True

    scales = scaling("density")
    rules = (within("(0, 1]", "density"),)

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        return SparseState(self.start.masks(key, self.acted(prunables), self.density), ())

    def due(self, clock: Clock) -> bool:
        return False

    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        nothing = {path: np.zeros(mask.shape, bool) for path, mask in state.masks.items()}
        return exchange(state, snapshot.weights, nothing)

    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        return sum(self.start.counts(self.acted(prunables), self.density).values())
