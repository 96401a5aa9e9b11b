"""When masks change, and along which curve a density is approached."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from sparsernn.errors import SpecError
from sparsernn.registry import Registry
from sparsernn.rules import at_least, holds
from sparsernn.sparsifiers import SCHEDULES
from sparsernn.sparsifiers.base import Clock
from sparsernn.spec import Part


class Moments(NamedTuple):
    """The steps ``first + k period``, k = 0 .. number - 1; none if the number is 0."""

    first: int
    period: int
    number: int

    @property
    def steps(self) -> np.ndarray:
        return self.first + self.period * np.arange(self.number)


class AbstractSchedule(Part):
    """Evenly spaced moments within a training (or none: between trainings)."""

    registry = Registry("schedule", SCHEDULES)
    by_rounds: ClassVar[bool] = False

    @abc.abstractmethod
    def moments(self, clock: Clock) -> Moments:
        """The moments of a training with this clock's horizon."""

    def due(self, clock: Clock) -> Any:
        """Whether ``clock.step`` (plain, array or traced) is one of them; the constant False if there is none."""
        first, period, number = self.moments(clock)
        if not number:
            return False
        since = clock.step - first
        return (since >= 0) & (since % period == 0) & (since < period * number)

    def index(self, clock: Clock) -> Any:
        """Which of the moments ``clock.step`` is (k)."""
        first, period, _ = self.moments(clock)
        return (clock.step - first) // period


class AbstractRamp(AbstractSchedule):
    """A schedule that comes to an end, at which a density is reached."""

    @abc.abstractmethod
    def remaining(self, clock: Clock) -> np.ndarray:
        """(number,) share of the way to the density that is still to go after each moment; ends with exactly 0."""

    def remaining_at(self, clock: Clock, steps: np.ndarray) -> np.ndarray:
        """The same after the updates `steps`: 1 before the first moment, between two of them what the last one left."""
        first, period, number = self.moments(clock)
        passed = np.clip((steps - first) // period + 1, 0, number)
        return np.concatenate([[1.0], self.remaining(clock)])[passed]


@dataclass(frozen=True)
class OneShot(AbstractRamp):
    """Once, at the share `at` of the horizon (0 < at <= 1), or after so many epochs or updates (`unit`).

    The step is rounded half to even and at least 1; ``at=1`` acts after the last update, ``{at: 1, unit: steps}`` after
    the first.
    """

    at: float = 0.5
    unit: Literal["horizon", "epochs", "steps"] = "horizon"

    rules = (
        holds(lambda at: at > 0, "at must be positive (masks change after an update), got {at}"),
        holds(lambda at, unit: unit != "horizon" or at <= 1, "at is a share of the horizon, at most 1, got {at}"),
    )

    def moments(self, clock: Clock) -> Moments:
        units = {"horizon": clock.horizon, "epochs": clock.steps_per_epoch, "steps": 1}
        step = round(self.at * units[self.unit])
        if step > clock.horizon:
            raise SpecError(
                f"one_shot at {self.unit.removesuffix('s')} {self.at:g} never comes in {clock.epochs} epochs of "
                f"{clock.steps_per_epoch} steps; give an earlier one"
            )
        return Moments(max(step, 1), 1, 1)

    def remaining(self, clock: Clock) -> np.ndarray:
        return np.zeros(self.moments(clock).number)


@dataclass(frozen=True)
class Cubic(AbstractRamp):
    r"""Gradual: at t between t0 and t1 there is left ``(1 - (t - t0)/(t1 - t0))^3`` of what is to be removed.

    `begin` and `end` are shares of the horizon (rounded to whole epochs if the unit is epochs); masks change every
    `every` epochs or steps after t0, the last time at t1, the last of these moments within `end`, when exactly 0 is
    left. Source: Zhu & Gupta, arXiv 1710.01878; as "Pruning II" in doi 10.1038/s42005-023-01364-0 with every epoch and
    ``end=0.5``. SpecError from `moments` if none falls between.
    """

    begin: float = 0.0
    end: float = 0.5
    every: int = 1
    unit: Literal["epochs", "steps"] = "epochs"

    rules = (
        holds(lambda begin, end: 0 <= begin < end <= 1, "0 <= begin < end <= 1 does not hold: got {begin} and {end}"),
        at_least(1, "every"),
    )

    def moments(self, clock: Clock) -> Moments:
        unit = clock.steps_per_epoch if self.unit == "epochs" else 1
        begin, end = (round(share * (clock.horizon // unit)) for share in (self.begin, self.end))
        count = (end - begin) // self.every
        if count < 1:
            raise SpecError(
                f"cubic, every {self.every} {self.unit} from {begin} to {end} ({self.begin} to {self.end} of the "
                "horizon), never acts: train longer, or make `every` smaller or the ramp wider"
            )
        return Moments((begin + self.every) * unit, self.every * unit, count)

    def remaining(self, clock: Clock) -> np.ndarray:
        number = self.moments(clock).number
        return (1 - np.arange(1, number + 1) / number) ** 3


@dataclass(frozen=True)
class EveryEpoch(AbstractSchedule):
    """After every epoch, or every so many epochs."""

    every: int = 1

    rules = (at_least(1, "every"),)

    def moments(self, clock: Clock) -> Moments:
        period = self.every * clock.steps_per_epoch
        return Moments(period, period, clock.epochs // self.every)


@dataclass(frozen=True)
class EverySteps(AbstractSchedule):
    """After every so many updates."""

    every: int = 100

    rules = (at_least(1, "every"),)

    def moments(self, clock: Clock) -> Moments:
        return Moments(self.every, self.every, clock.horizon // self.every)


@dataclass(frozen=True)
class PerRound(AbstractSchedule):
    """At the start of every round but the first: between trainings, never within one."""

    by_rounds: ClassVar[bool] = True

    def moments(self, clock: Clock) -> Moments:
        return Moments(0, 1, 0)
