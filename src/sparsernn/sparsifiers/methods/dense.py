"""Nothing is sparse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax

from sparsernn.masks import Masks, Prunable
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Importance, Snapshot, SparseState
from sparsernn.weights import Weights


@dataclass(frozen=True)
class Dense(AbstractSparsifier):
    """Acts on no matrix: no masks, never due, `final_count` 0."""

    keeps_count: ClassVar[bool] = True
    only_removes: ClassVar[bool] = True

    def acted(self, prunables: tuple[Prunable, ...]) -> tuple[Prunable, ...]:
        return ()

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        return SparseState({}, ())

    def due(self, clock: Clock) -> Any:
        return False

    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        return state, snapshot.weights, {}

    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        return 0
