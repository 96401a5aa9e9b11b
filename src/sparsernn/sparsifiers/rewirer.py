"""Rewiring: weights go, as many come, the number of ones stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.masks import DENOMINATOR, Masks, Prunable, part, ratio
from sparsernn.rng import named
from sparsernn.rules import holds, within
from sparsernn.sparsifiers.base import Clock, Importance, Snapshot, SparseState
from sparsernn.sparsifiers.composed import Composed
from sparsernn.sparsifiers.drop import AbstractDrop, Magnitude
from sparsernn.sparsifiers.grow import AbstractGrow, Random
from sparsernn.sparsifiers.redistribute import AbstractRedistribution, Keep
from sparsernn.sparsifiers.schedule import AbstractSchedule, EveryEpoch
from sparsernn.sparsifiers.select import among, highest
from sparsernn.sparsifiers.start import AbstractStart, ErdosRenyi
from sparsernn.spec import scaling
from sparsernn.weights import Weights, get, replace


@dataclass(frozen=True)
class Rewirer(Composed):
    r"""Begins with the masks of `start`; at the moments of `schedule` `drop` takes weights, `grow` gives as many back.

    In each matrix ``drop_fraction * ones`` weights go, rounded half to even; `redistribute` says in which matrices how
    many grow. The total is constant. ``decay="cosine"`` multiplies the fraction by ``(1 + cos(pi t / T)) / 2`` (the
    product to 1/40,000), with T = `until` times the horizon. From T on nothing is rewired: with ``until=1`` not after
    the last update either, where new weights could not learn any more.

    Growth chooses among all connections missing *after* the drop. One dropped a moment ago may be chosen again; it then
    starts anew at 0 and counts as changed. (SET and RigL both allow the choice; RigL's code, unlike its text, lets such
    a weight keep its value.) ``skips_update`` leaves out the weight update of such a step (RigL).
    Cost of an update: O(entries).
    """

    start: AbstractStart = field(default_factory=ErdosRenyi)
    schedule: AbstractSchedule = field(default_factory=EveryEpoch)
    drop: AbstractDrop = field(default_factory=Magnitude)
    grow: AbstractGrow = field(default_factory=Random)
    redistribute: AbstractRedistribution = field(default_factory=Keep)
    density: float = 0.1
    drop_fraction: float = 0.3
    decay: Literal["none", "cosine"] = "none"
    until: float = 1.0
    where: tuple[str, ...] = ("recurrent",)
    skips_update: bool = False

    scales = scaling("density", drop_fraction=ratio)
    rules = (
        within("(0, 1]", "density"),
        within("[0, 1]", "drop_fraction"),
        holds(lambda until: 0 < until <= 1, "until is a share of the horizon, in (0, 1], got {until}"),
        holds(
            lambda decay, schedule: decay == "none" or not schedule.by_rounds,
            "decay: cosine runs over the steps of a training; between rounds the fraction is constant: decay: none",
        ),
    )

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        return SparseState(self.start.masks(key, self.acted(prunables), self.density), ())

    def due(self, clock: Clock) -> Any:
        due = self.schedule.due(clock)
        return due if due is False else due & (clock.step < self._end(clock))

    def _end(self, clock: Clock) -> int:
        return round(self.until * clock.horizon)

    def _share(self, clock: Clock) -> tuple[Any, Any]:
        """The fraction at this moment, as numerator and denominator."""
        numerator, denominator = ratio(self.drop_fraction)
        if self.decay == "none":
            return numerator, denominator
        turn = np.pi * np.minimum(self.schedule.moments(clock).steps / self._end(clock), 1)
        factor = jnp.asarray(np.round(DENOMINATOR * (1 + np.cos(turn)) / 2), jnp.int32)[self.schedule.index(clock)]
        return part(factor, numerator, denominator), DENOMINATOR

    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        masks, paths = state.masks, sorted(state.masks)
        share = self._share(snapshot.clock)
        counts: dict[str, Any] = {p: part(masks[p].sum(), *share) for p in paths}
        dropped: Masks = {}
        for p in paths:
            scores = self.drop.scores(named(key, "drop", p), p, masks[p], snapshot, importance)
            dropped |= among(self.drop.choose, {p: scores}, masks, counts[p])
        left = {p: masks[p] & ~jnp.asarray(dropped[p]) for p in paths}
        grown: Masks = {}
        for p, count in self.redistribute.grown(counts, left, snapshot.weights).items():
            scores = self.grow.scores(named(key, "grow", p), p, left[p], snapshot)
            grown |= among(highest, {p: scores}, {p: ~left[p]}, count)
        grown = {p: jnp.asarray(grown[p]) for p in paths}
        weights = replace(snapshot.weights, {p: jnp.where(left[p], get(snapshot.weights, p), 0) for p in paths})
        changed = {p: jnp.asarray(dropped[p]) | grown[p] for p in paths}
        return SparseState({p: left[p] | grown[p] for p in paths}, state.memory), weights, changed

    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        return sum(self.start.counts(self.acted(prunables), self.density).values())
