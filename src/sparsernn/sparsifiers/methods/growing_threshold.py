"""Pruning by a threshold that grows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.masks import Masks, Prunable, dense, exact_count, ratio, round_fraction
from sparsernn.rules import at_least, holds, within
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Importance, Snapshot, SparseState
from sparsernn.sparsifiers.exchange import exchange
from sparsernn.sparsifiers.schedule import Moments, even_moments
from sparsernn.sparsifiers.select import among, lowest, smallest
from sparsernn.spec import scaling
from sparsernn.weights import BoolLike, Weights, get

STEEPER = 1.5
"""How much steeper the threshold grows after `turn`."""


@dataclass(frozen=True)
class GrowingThreshold(AbstractSparsifier):
    r"""Begins dense; at every moment of a ramp the weights with ``|w| <= e`` go, and e grows with time t.

    In updates, with f between two moments, t0 the first moment, t1 that of `turn`, t2 that of `end`, and q the
    ``1 - density`` quantile of ``|w|`` (all entries, removed ones as 0)::

        theta = 2 q f / (2 (t1 - t0) + 3 (t2 - t1))
        e(t)  = theta (t - t0 + 1) / f                                         up to t1
        e(t)  = theta (t1 - t0 + 1) / f + 1.5 theta (t - t1 + 1) / f           afterwards

    so that e(t2) is ``q (1 + 5 / (2 (t1 - t0) + 3 (t2 - t1)))``, a little above q. How many weights are left at a
    moment follows from the weights. Only the last number is known: with ``exact=True`` no moment leaves fewer than
    `masks.exact_count`, and the last one leaves just as many, the largest; with ``exact=False`` what the formula leaves
    is kept, a little less than the density asks for, never more (and at least one weight). Removed weights never come
    back. `final_count` then is the most that can be left. Cost of a moment: O(entries).
    Source: Narang et al. 2017, arXiv 1704.05119, with q from a trained dense network; "Pruning I" of doi
    10.1038/s42005-023-01364-0, with q taken anew each time.

    Args:
        density: share of the weights that is kept.
        begin, turn, end: shares of the horizon, rounded to whole epochs or steps (`unit`): between begin and end
            thresholds grow, the first moment comes `every` after begin, and turn is where they grow faster.
        every: how many epochs or steps lie between two moments.
        unit: of `every`.
        acts_from: share of the horizon before which nothing is removed, though e grows.
        quantile: of which weights q is: "current", those of the moment, or "first", those of the first moment that
            removes any; the network is dense until then.
        exact: see above.
        where, scope: which matrices; whether q and the numbers are of all together ("global") or of each ("matrix").
    """

    density: float = 0.1
    begin: float = 0.0
    turn: float = 0.25
    end: float = 0.5
    every: int = 1
    unit: Literal["epochs", "steps"] = "epochs"
    acts_from: float = 0.0
    quantile: Literal["current", "first"] = "current"
    exact: bool = True
    where: tuple[str, ...] = ("recurrent",)
    scope: Literal["global", "matrix"] = "global"
    only_removes: ClassVar[bool] = True

    scales = scaling(density=ratio)
    rules = (
        within("(0, 1]", "density"),
        holds(
            lambda begin, turn, end: 0 <= begin <= turn <= end <= 1 and begin < end,
            "0 <= begin <= turn <= end <= 1 and begin < end do not hold: got {begin}, {turn} and {end}",
        ),
        at_least(1, "every"),
        within("[0, 1]", "acts_from"),
        holds(lambda acts_from, end: acts_from <= end, "acts_from must not be after end, got {acts_from} and {end}"),
    )

    @property
    def announces(self) -> Literal["exact", "most"]:
        return "exact" if self.exact else "most"

    def _ramp(self, clock: Clock) -> Moments:
        return even_moments("growing_threshold", clock, self.begin, self.end, self.every, self.unit)

    def _skipped(self, clock: Clock) -> int:
        """Moments before `acts_from`; never the last one."""
        unit = clock.steps_per_epoch if self.unit == "epochs" else 1
        since = round(self.acts_from * (clock.horizon // unit)) * unit
        return min(int((self._ramp(clock).steps < since).sum()), self._ramp(clock).number - 1)

    def thresholds(self, clock: Clock) -> np.ndarray:
        """``e / q`` at each moment of a training with this clock's horizon, floats (number,)."""
        first, period, number = self._ramp(clock)
        unit = clock.steps_per_epoch if self.unit == "epochs" else 1
        last = first + period * (number - 1)
        turn = min(max(round(self.turn * (clock.horizon // unit)) * unit, first), last)
        steps = self._ramp(clock).steps
        slope = 2 / max(2 * (turn - first) + 2 * STEEPER * (last - turn), 1)
        late = slope * (turn - first + 1) + STEEPER * slope * (steps - turn + 1)
        return np.where(steps < turn, slope * (steps - first + 1), late)

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...], clock: Clock, weights: Weights) -> SparseState:
        self.final_count(prunables, clock)  # raises where the density cannot be reached
        acted = self.acted(prunables)
        groups = self._groups([p.path for p in acted])
        kept = {name: jnp.zeros((), float) for name in groups} if self.quantile == "first" else ()
        return SparseState(dense(acted), kept)

    def _groups(self, paths: Any) -> dict[str, list[str]]:
        """Name to the paths of the matrices that are counted together."""
        return {"all": sorted(paths)} if self.scope == "global" else {path: [path] for path in sorted(paths)}

    def due(self, clock: Clock) -> BoolLike:
        first, period, number = self._ramp(clock)
        skipped = self._skipped(clock)
        since = clock.step - (first + period * skipped)
        return (since >= 0) & (since % period == 0) & (since < period * (number - skipped))

    def update_masks(
        self, key: jax.Array, state: SparseState, snapshot: Snapshot, importance: Importance | None = None
    ) -> tuple[SparseState, Weights, Masks]:
        masks, clock = state.masks, snapshot.clock
        first, period, number = self._ramp(clock)
        index = (clock.step - first) // period
        share = jnp.asarray(self.thresholds(clock))[index]
        begins, ends = index == self._skipped(clock), index == number - 1
        memory: dict[str, Any] = {}
        removed: Masks = {}
        for name, group in self._groups(masks).items():
            size = {p: jnp.where(masks[p], abs(get(snapshot.weights, p)), 0) for p in group}
            total = sum(masks[p].size for p in group)
            wanted = round_fraction(total, *ratio(self.density))
            q = smallest(jnp.concatenate([s.reshape(-1) for s in size.values()]), total - wanted)
            q = jnp.where(wanted < total, q, 0)
            if self.quantile == "first":
                q = memory[name] = jnp.where(begins, q.astype(state.memory[name].dtype), state.memory[name])
            ones = sum(masks[p].sum() for p in group)
            above = sum((masks[p] & (size[p] > q * share)).sum() for p in group)
            above = jnp.clip(above, wanted if self.exact else 1, jnp.where(ends, wanted, total))
            count = jnp.maximum(ones - above, 0)
            removed |= among(lowest, size, {p: masks[p] for p in group}, count)
        if self.quantile == "first":
            state = state._replace(memory=memory)
        return exchange(state, snapshot.weights, removed)

    def final_count(self, prunables: tuple[Prunable, ...], clock: Clock) -> int:
        self._ramp(clock)  # raises where it never acts
        sizes = [p.size for p in self.acted(prunables)]
        return sum(exact_count(self.density, n) for n in ([sum(sizes)] if self.scope == "global" else sizes))
