"""Any sparsifier, with an optimizer that begins anew whenever masks change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import jax

from sparsernn.masks import Masks, Prunable
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Importance, Snapshot, SparseState
from sparsernn.weights import BoolLike, FloatLike, Weights


@dataclass(frozen=True)
class Restarting(AbstractSparsifier):
    """The sparsifier `of`; and after every change of its masks the optimizer forgets all that it knew of every array.

    Without it the optimizer forgets only the weights that were dropped or grown. Programs that build their graph anew
    after every change train so: the presets ``zhang2023_...`` do (doi 10.1038/s42005-023-01364-0).
    """

    of: AbstractSparsifier

    @property
    def where(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.of.where

    @property
    def restarts_optimizer(self) -> bool:
        return True

    @property
    def traceable(self) -> bool:
        return self.of.traceable

    @property
    def needs_activity(self) -> bool:
        return self.of.needs_activity

    @property
    def skips_update(self) -> bool:
        return self.of.skips_update

    @property
    def keeps_count(self) -> bool:
        return self.of.keeps_count

    @property
    def only_removes(self) -> bool:
        return self.of.only_removes

    @property
    def newborn(self) -> float:
        return self.of.newborn

    @property
    def announces(self) -> Literal["exact", "most"]:
        return self.of.announces

    @property
    def by_rounds(self) -> bool:
        return self.of.by_rounds

    def acted(self, prunables: tuple[Prunable, ...]) -> tuple[Prunable, ...]:
        return self.of.acted(prunables)

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        return self.of.init(key, prunables, clock, weights)

    def due(self, clock: Clock) -> BoolLike:
        return self.of.due(clock)

    def accumulate(self, state: SparseState, gradients: Weights) -> SparseState:
        return self.of.accumulate(state, gradients)

    def nudge(
        self, key: jax.Array, state: SparseState, weights: Weights, learning_rate: FloatLike, clock: Clock
    ) -> Weights:
        return self.of.nudge(key, state, weights, learning_rate, clock)

    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        return self.of.update_masks(key, state, snapshot, importance)

    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        return self.of.final_count(prunables, clock)
