"""Deep rewiring."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import jax
import jax.numpy as jnp

from sparsernn.masks import Masks, Prunable
from sparsernn.rng import named
from sparsernn.rules import at_least, within
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Importance, Snapshot, SparseState
from sparsernn.sparsifiers.exchange import exchange
from sparsernn.sparsifiers.select import among, highest
from sparsernn.sparsifiers.start import AbstractStart, Uniform
from sparsernn.spec import scaling
from sparsernn.weights import BoolLike, FloatLike, Weights, get, replace


@dataclass(frozen=True)
class DeepR(AbstractSparsifier):
    r"""Every position has a sign for good; a weight that would cross 0 goes, and as many come elsewhere at random.

    After each optimizer step, on existing connections, ``w <- w - eta l1 s + sqrt(2 eta temperature) xi`` with eta the
    learning rate, s the sign of the position and xi ~ N(0, 1). Then those with ``w s < 0`` go, and as many of the
    missing ones, uniform over all matrices acted on, begin at 0. Signs are those of the dense initial weights.
    Cost of an update: O(entries).
    Source: Bellec et al. 2018, arXiv 1711.05136 (there a connection is parameter and sign; signs are drawn at random,
    which for weights drawn symmetrically is the same). `deepr_epoch` rewires once an epoch.
    """

    density: float = 0.1
    l1: float = 1e-4
    temperature: float = 0.0
    start: AbstractStart = field(default_factory=Uniform)
    where: tuple[str, ...] = ("recurrent",)
    keeps_count: ClassVar[bool] = True

    scales = scaling("density", "l1", "temperature")
    rules = (within("(0, 1]", "density"), at_least(0, "l1"), at_least(0, "temperature"))

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        acted = self.acted(prunables)
        signs = {p.path: jnp.where(jnp.asarray(get(weights, p.path)) < 0, -1, 1).astype(jnp.int8) for p in acted}
        return SparseState(self.start.masks(key, acted, self.density), signs)

    def due(self, clock: Clock) -> BoolLike:
        return (clock.step > 0) & (clock.step < clock.horizon)  # what comes last could not learn any more

    def nudge(
        self, key: jax.Array, state: SparseState, weights: Weights, learning_rate: FloatLike, clock: Clock
    ) -> Weights:
        moved = {}
        for path, mask in sorted(state.masks.items()):
            w = get(weights, path)
            noise = jax.random.normal(named(key, path), w.shape, w.dtype)
            step = (2 * learning_rate * self.temperature) ** 0.5 * noise - learning_rate * self.l1 * state.memory[path]
            moved[path] = jnp.where(mask, w + step.astype(w.dtype), 0)
        return replace(weights, moved)

    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        masks, signs = state.masks, state.memory
        gone = {p: masks[p] & (jnp.asarray(get(snapshot.weights, p)) * signs[p] < 0) for p in sorted(masks)}
        missing = {p: ~masks[p] | gone[p] for p in gone}
        scores = {p: jax.random.bits(named(key, "grow", p), masks[p].shape) for p in gone}
        new = among(highest, scores, missing, sum(g.sum() for g in gone.values()))
        return exchange(state, snapshot.weights, gone, new)

    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        return sum(self.start.counts(self.acted(prunables), self.density).values())
