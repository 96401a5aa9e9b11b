"""Rewiring: weights go, others come; the number of ones stays, or follows a ramp."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError
from sparsernn.masks import DENOMINATOR, Masks, Prunable, exact_count, ratio, round_fraction
from sparsernn.rng import named
from sparsernn.rules import holds, within
from sparsernn.sparsifiers.base import Clock, Importance, Snapshot, SparseState
from sparsernn.sparsifiers.composed import Composed
from sparsernn.sparsifiers.drop import AbstractDrop, Magnitude
from sparsernn.sparsifiers.exchange import exchange
from sparsernn.sparsifiers.grow import AbstractGrow, RandomGrowth
from sparsernn.sparsifiers.redistribute import AbstractRedistribution, Keep
from sparsernn.sparsifiers.schedule import AbstractRamp, AbstractSchedule, EveryEpoch
from sparsernn.sparsifiers.select import among, highest
from sparsernn.sparsifiers.start import AbstractStart, ErdosRenyi
from sparsernn.spec import scaling
from sparsernn.weights import BoolLike, Weights


@dataclass(frozen=True)
class Rewirer(Composed):
    r"""Begins sparse; now and then some weights go and as many others come.

    At every moment ``drop_fraction * ones`` weights of each matrix go, rounded half to even; `redistribute` says in
    which matrices how many come. ``decay="cosine"`` multiplies the fraction by ``(1 + cos(pi t / T)) / 2`` (the product
    to 1/40,000), with T = `until` times the horizon. From T on nothing is rewired; with ``until=1`` not after the last
    update either, where new weights could not learn any more. Cost of an update: O(entries).

    With a `ramp` the total changes, too: at every moment of `schedule` it becomes
    ``size (density + (initial_density - density) left)``, left as the ramp has it by then (to 1/40,000), rounded half
    to even; it is exactly `masks.exact_count` when the ramp is over. What is too many goes first, lowest by `drop` over
    all matrices together, then each matrix rewires its fraction of what it still has; what is too few comes last,
    highest by `grow` over all matrices.

    Growth chooses among all connections missing *after* the drop. One dropped a moment ago may be chosen again; it then
    starts anew at 0 and counts as changed. (SET and RigL both allow the choice; RigL's code, unlike its text, lets such
    a weight keep its value.)

    Args:
        start: how the first masks are drawn.
        schedule: when masks change.
        drop: which weights go.
        grow: which come.
        redistribute: in which matrices.
        density: share of the entries that exist, in (0, 1]; with a ramp: at its end.
        drop_fraction: share of a matrix's weights that is exchanged, in [0, 1].
        decay: "none", or "cosine": the fraction falls to 0.
        until: when rewiring ends, as a share of the horizon, in (0, 1].
        where: roles or paths of the matrices.
        skips_update: leave out the weight update of a step at which masks change (RigL).
        ramp: on which curve the density goes from `initial_density` to `density`. None: it is constant.
        initial_density: where a ramp begins.

    Raises:
        SpecError: from `init`, if nothing is rewired when the ramp has ended.
    """

    start: AbstractStart = field(default_factory=ErdosRenyi)
    schedule: AbstractSchedule = field(default_factory=EveryEpoch)
    drop: AbstractDrop = field(default_factory=Magnitude)
    grow: AbstractGrow = field(default_factory=RandomGrowth)
    redistribute: AbstractRedistribution = field(default_factory=Keep)
    density: float = 0.1
    drop_fraction: float = 0.3
    decay: Literal["none", "cosine"] = "none"
    until: float = 1.0
    where: tuple[str, ...] = ("recurrent",)
    skips_update: bool = False
    ramp: AbstractRamp | None = None
    initial_density: float | None = None

    scales = scaling(density=ratio, drop_fraction=ratio, initial_density=ratio)
    rules = (
        within("(0, 1]", "density"),
        within("[0, 1]", "drop_fraction"),
        within("(0, 1]", "initial_density"),
        holds(lambda until: 0 < until <= 1, "until is a share of the horizon, in (0, 1], got {until}"),
        holds(
            lambda decay, schedule: decay == "none" or not schedule.by_rounds,
            "decay: cosine runs over the steps of a training; between rounds the fraction is constant: decay: none",
        ),
        holds(
            lambda ramp, initial_density: ramp is None or initial_density is not None,
            "ramp: it leads from initial_density to density: give initial_density (1: dense)",
        ),
        holds(
            lambda ramp, initial_density: ramp is not None or initial_density is None,
            "initial_density: without a ramp the density stays as it is: give a ramp (cubic), or leave it out",
        ),
        holds(
            lambda ramp, schedule: ramp is None or not schedule.by_rounds,
            "ramp: it runs over the steps of a training; give a schedule within trainings (every_epoch, every_steps)",
        ),
    )

    @property
    def keeps_count(self) -> bool:
        return self.ramp is None

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        self.final_count(prunables, clock)  # raises where the density cannot be reached
        begun = self.density if self.initial_density is None else self.initial_density
        return SparseState(self.start.masks(key, self.acted(prunables), begun), ())

    def due(self, clock: Clock) -> BoolLike:
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
        return round_fraction(factor, numerator, denominator), DENOMINATOR

    def _wanted(self, size: int, clock: Clock) -> Any:
        """Ones after this moment of a ramp, in integers: on the host and compiled the same."""
        assert self.ramp is not None
        assert self.initial_density is not None
        begin, end = (round_fraction(size, *ratio(density)) for density in (self.initial_density, self.density))
        remaining = np.round(DENOMINATOR * self.ramp.remaining_at(clock, self.schedule.moments(clock).steps))
        away = round_fraction(
            abs(begin - end), jnp.asarray(remaining, jnp.int32)[self.schedule.index(clock)], DENOMINATOR
        )
        return jnp.where(begin < end, end - away, end + away)

    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        masks, paths, clock = state.masks, sorted(state.masks), snapshot.clock
        scores = {p: self.drop.scores(named(key, "drop", p), p, masks[p], snapshot, importance) for p in paths}
        remaining: Masks = dict(masks)
        missing: Any = 0
        if self.ramp is not None:
            ones, wanted = sum(masks[p].sum() for p in paths), self._wanted(sum(m.size for m in masks.values()), clock)
            surplus = among(self.drop.choose, scores, masks, jnp.maximum(ones - wanted, 0))
            remaining, missing = {p: masks[p] & ~jnp.asarray(surplus[p]) for p in paths}, jnp.maximum(wanted - ones, 0)
        share = self._share(clock)
        counts: dict[str, Any] = {p: round_fraction(remaining[p].sum(), *share) for p in paths}
        for p in paths:
            remaining[p] = remaining[p] & ~jnp.asarray(among(self.drop.choose, {p: scores[p]}, remaining, counts[p])[p])
        best = {p: self.grow.scores(named(key, "grow", p), p, remaining[p], snapshot) for p in paths}
        grown: Masks = {}
        for p, count in self.redistribute.grown(counts, remaining, snapshot.weights).items():
            grown |= among(highest, {p: best[p]}, {p: ~remaining[p]}, count)
        if self.ramp is not None:
            more = among(highest, best, {p: ~(remaining[p] | jnp.asarray(grown[p])) for p in paths}, missing)
            grown = {p: jnp.asarray(grown[p]) | jnp.asarray(more[p]) for p in paths}
        return exchange(state, snapshot.weights, {p: masks[p] & ~remaining[p] for p in paths}, grown)

    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        acted = self.acted(prunables)
        if self.ramp is None:
            return sum(self.start.counts(acted, self.density).values())
        first, period, number = self.ramp.moments(clock)
        over, steps = first + period * (number - 1), self.schedule.moments(clock).steps
        acting = steps[steps < self._end(clock)]
        if not (acting >= over).any():
            raise SpecError(
                f"ramp: it is over at step {over}, and nothing is rewired after step {max(acting, default=0)} of "
                f"{clock.horizon}: the density would not be reached; end the ramp earlier, rewire more often, or longer"
            )
        return exact_count(self.density, sum(p.size for p in acted))
