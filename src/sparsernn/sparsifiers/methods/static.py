"""A random graph that stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp

from sparsernn.masks import Masks, Prunable
from sparsernn.rules import within
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Importance, Snapshot, SparseState
from sparsernn.sparsifiers.start import AbstractStart, Uniform
from sparsernn.spec import scaling
from sparsernn.weights import Weights, get, replace


@dataclass(frozen=True)
class Static(AbstractSparsifier):
    """The masks of `start` at `density`, for good: the control for every method that moves them."""

    density: float = 0.1
    start: AbstractStart = field(default_factory=Uniform)
    where: tuple[str, ...] = ("recurrent",)

    scales = scaling("density")
    rules = (within("(0, 1]", "density"),)

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        return SparseState(self.start.masks(key, self.acted(prunables), self.density), ())

    def due(self, clock: Clock) -> Any:
        return False

    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        masked = {path: jnp.where(mask, get(snapshot.weights, path), 0) for path, mask in state.masks.items()}
        nothing = {path: jnp.zeros_like(mask) for path, mask in state.masks.items()}
        return state, replace(snapshot.weights, masked), nothing

    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        return sum(self.start.counts(self.acted(prunables), self.density).values())
