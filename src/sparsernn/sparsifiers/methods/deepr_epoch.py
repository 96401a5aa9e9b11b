"""Deep rewiring once an epoch."""

from __future__ import annotations

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp

from sparsernn.masks import Masks, Prunable
from sparsernn.rng import named
from sparsernn.rules import at_least, within
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Importance, Snapshot, SparseState
from sparsernn.sparsifiers.exchange import exchange
from sparsernn.sparsifiers.schedule import EveryEpoch
from sparsernn.sparsifiers.select import among, highest
from sparsernn.sparsifiers.start import AbstractStart, Uniform
from sparsernn.spec import scaling
from sparsernn.weights import BoolLike, FloatLike, Weights, get, replace


@dataclass(frozen=True)
class DeepREpoch(AbstractSparsifier):
    r"""Deep rewiring at the end of every epoch but the last; between two ends weights may have any sign.

    Then, on existing connections, ``w <- w - l1 s + noise xi``, s the sign of the position for good (that of the dense
    initial weight) and xi ~ N(0, 1); the learning rate plays no part. Those that have no longer the sign s (or are 0)
    go, and as many of the missing ones come, uniform over all matrices acted on, as the density asks for: of size
    `newborn` and of the sign of their position.
    Cost of a moment: O(entries).
    Source: doi 10.1038/s42005-023-01364-0, after Bellec et al. 2018, arXiv 1711.05136, who rewire after every update:
    `deepr`.

    Args:
        density: share of the weights that exist.
        l1: what every weight is moved towards 0.
        noise: standard deviation of what is added.
        newborn: size of new weights. From 0 a new weight goes where its gradient leads, and stays if that is its sign.
        replacement: the first mask is drawn with replacement, so it has fewer ones (by about half the density) until
            the first epoch has ended.
        start: how the ones are shared among matrices.
        where: which matrices.
    """

    density: float = 0.1
    l1: float = 1e-5
    noise: float = 1e-5
    newborn: float = 0.0
    replacement: bool = False
    start: AbstractStart = field(default_factory=Uniform)
    where: tuple[str, ...] = ("recurrent",)

    scales = scaling("density", "l1", "noise", "newborn")
    rules = (within("(0, 1]", "density"), at_least(0, "l1"), at_least(0, "noise"), at_least(0, "newborn"))

    @property
    def keeps_count(self) -> bool:
        return not self.replacement

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        acted = self.acted(prunables)
        signs = {p.path: jnp.where(jnp.asarray(get(weights, p.path)) < 0, -1, 1).astype(jnp.int8) for p in acted}
        counts = self.start.counts(acted, self.density)
        memory = {"signs": signs, "wanted": jnp.asarray(sum(counts.values()), jnp.int32)}
        if not self.replacement:
            return SparseState(self.start.masks(key, acted, self.density), memory)
        masks: Masks = {}
        for p in acted:
            places = jax.random.randint(named(key, "start", p.path), (counts[p.path],), 0, p.size)
            masks[p.path] = jnp.zeros(p.size, bool).at[places].set(True).reshape(p.shape)
        return SparseState(masks, memory)

    def due(self, clock: Clock) -> BoolLike:
        return EveryEpoch().due(clock) & (clock.step < clock.horizon)  # what comes last could not learn any more

    def nudge(
        self, key: jax.Array, state: SparseState, weights: Weights, learning_rate: FloatLike, clock: Clock
    ) -> Weights:
        moved, due = {}, self.due(clock)
        for path, mask in sorted(state.masks.items()):
            w = get(weights, path)
            step = self.noise * jax.random.normal(named(key, path), w.shape, w.dtype)
            step = step - self.l1 * state.memory["signs"][path]
            moved[path] = jnp.where(mask & due, w + step.astype(w.dtype), w)
        return replace(weights, moved)

    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        masks, signs = state.masks, state.memory["signs"]
        gone = {p: masks[p] & (jnp.asarray(get(snapshot.weights, p)) * signs[p] <= 0) for p in sorted(masks)}
        missing = {p: ~masks[p] | gone[p] for p in gone}
        scores = {p: jax.random.bits(named(key, "grow", p), masks[p].shape) for p in gone}
        count = state.memory["wanted"] - sum((masks[p] & ~gone[p]).sum() for p in gone)
        new = among(highest, scores, missing, jnp.maximum(count, 0))
        return exchange(state, snapshot.weights, gone, new, {p: self.newborn * signs[p] for p in gone})

    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        return sum(self.start.counts(self.acted(prunables), self.density).values())
