"""When masks change, and on which curve the density goes to its last value."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np

from sparsernn.errors import SpecError
from sparsernn.registry import Registry
from sparsernn.rules import at_least, holds
from sparsernn.sparsifiers import SCHEDULES
from sparsernn.sparsifiers.base import Clock
from sparsernn.spec import Part
from sparsernn.weights import BoolLike, IntLike


class Moments(NamedTuple):
    """Evenly spaced steps: ``first + k period`` for k = 0 .. number - 1. There are none if the number is 0."""

    first: int
    period: int
    number: int

    @property
    def steps(self) -> np.ndarray:
        """All of them, integers (number,)."""
        return self.first + self.period * np.arange(self.number)


def even_moments(name: str, clock: Clock, begin: float, end: float, every: int, unit: str) -> Moments:
    """Return the moments every so many epochs or steps (`unit`) after `begin`, up to `end`, both shares of the horizon
    that are rounded to whole units. SpecError, with the `name` of what acts, if there is none."""
    size = clock.steps_per_epoch if unit == "epochs" else 1
    first, last = (round(share * (clock.horizon // size)) for share in (begin, end))
    count = (last - first) // every
    if count < 1:
        raise SpecError(
            f"{name}, every {every} {unit} from {first} to {last} ({begin} to {end} of the horizon), never acts: train "
            "longer, or make `every` smaller or the ramp wider"
        )
    return Moments((first + every) * size, every * size, count)


class AbstractSchedule(Part):
    """When masks change: at evenly spaced moments within a training, or between trainings.

    >>> clock = Clock(step=20, steps_per_epoch=10, epochs=4)
    >>> EveryEpoch().moments(clock).steps.tolist(), bool(EveryEpoch().due(clock))
    ([10, 20, 30, 40], True)
    """

    registry = Registry("schedule", SCHEDULES)
    by_rounds: ClassVar[bool] = False
    """Whether masks change only between trainings."""

    @abc.abstractmethod
    def moments(self, clock: Clock) -> Moments:
        """Return the moments of a training with this clock's horizon."""

    def due(self, clock: Clock) -> BoolLike:
        """Say whether ``clock.step`` is one of the moments; the constant False if there is none.

        The step may be an array or traced.
        """
        first, period, number = self.moments(clock)
        if not number:
            return False
        since = clock.step - first
        return (since >= 0) & (since % period == 0) & (since < period * number)

    def index(self, clock: Clock) -> IntLike:
        """Return the number of the moment at ``clock.step``: 0 for the first."""
        first, period, _ = self.moments(clock)
        return (clock.step - first) // period


class AbstractRamp(AbstractSchedule):
    """A schedule on which the density changes step by step, and reaches its last value at the last moment."""

    @abc.abstractmethod
    def remaining(self, clock: Clock) -> np.ndarray:
        """Return, for each moment, the share of the change of density that is still to come after it.

        Floats (number,); the last one is exactly 0.
        """

    def remaining_at(self, clock: Clock, steps: np.ndarray) -> np.ndarray:
        """Return the same share after each of the updates `steps`: 1 before the first moment, then constant from each
        moment to the next."""
        first, period, number = self.moments(clock)
        passed = np.clip((steps - first) // period + 1, 0, number)
        return np.concatenate([[1.0], self.remaining(clock)])[passed]


@dataclass(frozen=True)
class OneShot(AbstractRamp):
    """Masks change once.

    Args:
        at: when: a share of the horizon (0 < at <= 1), or a number of epochs or updates. It is rounded half to even to
            an update, at least the first one. ``at=1`` is after the last update, ``{at: 1, unit: steps}`` after the
            first.
        unit: of `at`.
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
    r"""A gradual ramp: at time t between t0 and t1 the share ``(1 - (t - t0)/(t1 - t0))^3`` is still to come.

    Masks change every `every` epochs or steps after t0; t1 is the last of these moments up to `end`. `moments` raises a
    SpecError if there is none. Source: Zhu & Gupta, arXiv 1710.01878; as "Pruning II" in doi
    10.1038/s42005-023-01364-0 with every epoch and ``end=0.5``.

    Args:
        begin: t0, a share of the horizon (rounded to whole epochs if these are the unit).
        end: the latest t1, likewise.
        every: how many epochs or steps lie between two changes.
        unit: of `every`.
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
        return even_moments("cubic", clock, self.begin, self.end, self.every, self.unit)

    def remaining(self, clock: Clock) -> np.ndarray:
        number = self.moments(clock).number
        return (1 - np.arange(1, number + 1) / number) ** 3


@dataclass(frozen=True)
class EveryEpoch(AbstractSchedule):
    """Masks change after every epoch, or after every `every` epochs."""

    every: int = 1

    rules = (at_least(1, "every"),)

    def moments(self, clock: Clock) -> Moments:
        period = self.every * clock.steps_per_epoch
        return Moments(period, period, clock.epochs // self.every)


@dataclass(frozen=True)
class EverySteps(AbstractSchedule):
    """Masks change after every `every` updates."""

    every: int = 100

    rules = (at_least(1, "every"),)

    def moments(self, clock: Clock) -> Moments:
        return Moments(self.every, self.every, clock.horizon // self.every)


@dataclass(frozen=True)
class PerRound(AbstractSchedule):
    """Masks change between trainings: at the start of every round but the first."""

    by_rounds: ClassVar[bool] = True

    def moments(self, clock: Clock) -> Moments:
        return Moments(0, 1, 0)
