"""Pruning: masks only ever shrink."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.masks import DENOMINATOR, Masks, Prunable, dense, exact_count, ratio, round_fraction
from sparsernn.rng import named
from sparsernn.rules import holds, within
from sparsernn.sparsifiers.base import Clock, Importance, Snapshot, SparseState
from sparsernn.sparsifiers.composed import Composed
from sparsernn.sparsifiers.drop import AbstractDrop, Magnitude
from sparsernn.sparsifiers.exchange import exchange
from sparsernn.sparsifiers.schedule import AbstractRamp, AbstractSchedule
from sparsernn.sparsifiers.select import among
from sparsernn.spec import scaling
from sparsernn.weights import BoolLike, Weights


def _name(schedule: AbstractSchedule) -> str:
    return type(schedule).registry.name_of(type(schedule))


def fraction_reaching(density: float, size: int, rounds: int) -> float:
    """Return the `drop_fraction` that leaves exactly ``masks.exact_count(density, size)`` weights after so many rounds.

    It takes account of the rounding on the way. Where none leaves exactly so many (very large matrices, very many
    rounds) it is the one that comes nearest.

    >>> fraction_reaching(0.25, 2500, 2)
    0.5
    """
    wanted, share = exact_count(density, size), 1 - density ** (1 / rounds)

    def remaining(fraction: float) -> int:
        count = size
        for _ in range(rounds):
            count -= round_fraction(count, *ratio(fraction))
        return count

    best, low, high = share, 0.9 * share, min(1.1 * share, 0.5 * (1 + share))
    shifts = [sign * shift for shift in range(300) for sign in (1, -1)]
    near = (round(d * share + shift) / d for shift in shifts for d in range(DENOMINATOR, DENOMINATOR - 20, -1))
    for fraction in [share, *(f for f in near if low <= f <= high)]:
        best = min(best, fraction, key=lambda f: abs(remaining(f) - wanted))
        if remaining(best) == wanted:
            return best
    for _ in range(60):  # very many rounds: the count falls with the fraction
        middle = (low + high) / 2
        best = min(best, middle, key=lambda f: abs(remaining(f) - wanted))
        low, high = (middle, high) if remaining(middle) > wanted else (low, middle)
    return best


@dataclass(frozen=True)
class Pruner(Composed):
    r"""Begins with all weights and takes some away now and then; they never come back.

    On a ramp (one_shot, cubic), which needs `density`, ``size (density + (1 - density) left)`` weights are kept at
    every moment; left is the share still to come (to 1/40,000), the number is rounded half to even, and the last one is
    exactly `masks.exact_count`. With other schedules (per_round, every_epoch, every_steps) `drop_fraction` of the
    weights that still exist goes at every moment, rounded half to even. Masks that have fewer ones than asked for
    already are left alone. Cost of an update: O(entries), and that of `drop`.

    Args:
        schedule: when masks change.
        drop: which weights go: those with the lowest scores.
        density: share of the entries that a ramp ends at, in (0, 1].
        drop_fraction: share of the existing weights that goes, in (0, 1).
        where: roles or paths of the matrices.
        scope: "global": counts and ranking are over all matrices together; "matrix": over each by itself.
        skips_update: leave out the weight update of a step at which masks change. one_shot at the first step then
            judges the weights as they were initialized (SNIP).

    Raises:
        SpecError: from `init`, if a density leaves nothing or the schedule never acts.
    """

    schedule: AbstractSchedule
    drop: AbstractDrop = field(default_factory=Magnitude)
    density: float | None = None
    drop_fraction: float | None = None
    where: tuple[str, ...] = ("recurrent",)
    scope: Literal["global", "matrix"] = "global"
    skips_update: bool = False
    only_removes: ClassVar[bool] = True

    scales = scaling(density=ratio, drop_fraction=ratio)
    rules = (
        holds(
            lambda schedule, density: not isinstance(schedule, AbstractRamp) or density is not None,
            lambda schedule, **_: f"the schedule {_name(schedule)} leads to a density: give density",
        ),
        holds(
            lambda schedule, drop_fraction: not isinstance(schedule, AbstractRamp) or drop_fraction is None,
            lambda schedule, **_: f"the schedule {_name(schedule)} leads to a density: leave drop_fraction out",
        ),
        holds(
            lambda schedule, drop_fraction: isinstance(schedule, AbstractRamp) or drop_fraction is not None,
            lambda schedule, **_: (
                f"the schedule {_name(schedule)} has no end to reach a density at: give drop_fraction"
            ),
        ),
        holds(
            lambda schedule, density: isinstance(schedule, AbstractRamp) or density is None,
            lambda schedule, **_: f"the schedule {_name(schedule)} has no end to reach a density at: leave density out",
        ),
        within("(0, 1]", "density"),
        within("(0, 1)", "drop_fraction"),
        holds(
            lambda schedule, skips_update: not (skips_update and schedule.by_rounds),
            "skips_update: between trainings there is no update to leave out; leave it out",
        ),
    )

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        self.final_count(prunables, clock)  # raises where the density cannot be reached
        return SparseState(dense(self.acted(prunables)), ())

    def due(self, clock: Clock) -> BoolLike:
        return self.schedule.due(clock)

    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        masks, paths = state.masks, sorted(state.masks)
        scores = {p: self.drop.scores(named(key, "drop", p), p, masks[p], snapshot, importance) for p in paths}
        removed: Masks = {}
        for group in [paths] if self.scope == "global" else [[p] for p in paths]:
            ones = sum(masks[p].sum() for p in group)
            count = self._removals(ones, sum(masks[p].size for p in group), snapshot.clock)
            removed |= among(self.drop.choose, {p: scores[p] for p in group}, masks, count)
        return exchange(state, snapshot.weights, removed)

    def _removals(self, ones: Any, size: int, clock: Clock) -> Any:
        if self.drop_fraction is not None:
            return round_fraction(ones, *ratio(self.drop_fraction))
        return jnp.maximum(ones - jnp.asarray(self._kept(size, clock), jnp.int32)[self.schedule.index(clock)], 0)

    def _kept(self, size: int, clock: Clock) -> Any:
        """Ones after each moment of a ramp, in integers: on the host and compiled the same."""
        assert isinstance(self.schedule, AbstractRamp)
        assert self.density is not None
        end = round_fraction(size, *ratio(self.density))
        remaining = np.round(DENOMINATOR * self.schedule.remaining(clock)).astype(np.int32)
        return end + round_fraction(size - end, remaining, DENOMINATOR)

    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        sizes = [p.size for p in self.acted(prunables)]
        return sum(self._final(size, clock) for size in ([sum(sizes)] if self.scope == "global" else sizes))

    def _final(self, size: int, clock: Clock) -> int:
        if self.density is not None:
            self.schedule.moments(clock)  # raises where it never acts
            return exact_count(self.density, size)
        assert self.drop_fraction is not None
        for _ in range(clock.round if self.by_rounds else self.schedule.moments(clock).number):
            size -= round_fraction(size, *ratio(self.drop_fraction))
        return size
