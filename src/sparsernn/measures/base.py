"""The contract of a measure."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, NamedTuple

import numpy as np

from sparsernn.errors import Interrupted, SpecError, Undefined
from sparsernn.masks import Masks, Prunable
from sparsernn.measures import MEASURES
from sparsernn.models.network import Network, Ports
from sparsernn.quantity import Quantity, Way, ways
from sparsernn.registry import Registry
from sparsernn.spec import Part
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.weights import Weights

Number = float | Undefined


_asked: ContextVar[Callable[[], bool]] = ContextVar("_asked", default=lambda: False)


@contextmanager
def stopping(stopped: Callable[[], bool]) -> Iterator[None]:
    """What is measured inside, in this thread, ends soon after `stopped` says so (`go_on`)."""
    token = _asked.set(stopped)
    try:
        yield
    finally:
        _asked.reset(token)


def go_on() -> None:
    """To be called now and then by measures that take seconds. Interrupted, where it is asked to stop."""
    if _asked.get()():
        raise Interrupted("stopped while measures were taken; the same command takes them again")


class Ablations(NamedTuple):
    """What single weights do: `increase` (weights, starts), by how much the number that the measure judges by is worse
    without each; `baseline` (m,), that number with all weights, from m starts."""

    increase: np.ndarray
    baseline: np.ndarray


class AbstractMeasure(Part):
    """Numbers of a trained network. Members are frozen dataclasses of plain values; the same arguments give the same
    numbers. Weights are handed in masked. A number that does not exist is an `Undefined` with its reason, never NaN
    or 0.
    """

    registry = Registry("measure", MEASURES)
    quantities: ClassVar[tuple[Quantity, ...]] = ()
    """Which of its numbers a summary leads with, how they are called and which way is better. Numbers that are not here
    stand in the table of everything."""
    judges_by: ClassVar[str] = ""
    """The number that `ablate` judges single weights by."""

    def quantities_on(self, task: AbstractTask) -> tuple[Quantity, ...]:
        """`quantities` for this task. Default: the same for all."""
        return self.quantities

    def better_on(self, task: AbstractTask) -> dict[str, Way]:
        """Keys by which checkpoints can be chosen and which way is better: `measure` gives each on every split."""
        return ways(self.quantities_on(task))

    def unsupported_reason(self, task: AbstractTask) -> str | None:
        """None if this measure can be taken on the task, else the reason why not."""
        return None

    def check(self, network: Network, weights: Weights) -> None:
        """SpecError if this measure cannot be taken of the network (a cell that it has not). Default: it can."""

    @abc.abstractmethod
    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        """Named numbers on one split."""

    def ablate(
        self,
        network: Network,
        weights: Weights,
        task: AbstractTask,
        prunable: Prunable,
        indices: np.ndarray,
        starts: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> Ablations:
        """What happens to the number `judges_by` ("lower is better") without each single weight.

        `indices` are flat into the matrix; the starts lie in the validation split. All removals advance together;
        `tell(done, of)` is called after each part of the work.
        """
        raise SpecError(f"{type(self).__name__} cannot judge single weights; use reconstruction or score")

    def evidence(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Any]:
        """Arrays behind the numbers, for figures and files. Default: none."""
        return {}


def ports_of(task: AbstractTask) -> Ports:
    """What a task asks of a network."""
    return Ports(task.inputs, task.outputs, task.observed, task.tokens, task.first)


def as_lower(value: Number, way: Way) -> float:
    """`value` as "lower is better", infinity where undefined; what checkpoints are compared by."""
    if isinstance(value, Undefined):
        return float("inf")
    return float(value) if way == "lower" else -float(value)


def mean_of(values: list[Number]) -> Number:
    """The mean; undefined if one of them is."""
    undefined = next((v for v in values if isinstance(v, Undefined)), None)
    return undefined if undefined is not None else float(np.mean(np.array(values, dtype=float)))


def sd_of(values: list[Number]) -> Number:
    """The standard deviation (divisor n - 1); undefined for one value, or if one of them is."""
    if len(values) < 2:
        return Undefined("one value only")
    mean = mean_of(values)
    return mean if isinstance(mean, Undefined) else float(np.std(np.array(values, dtype=float), ddof=1))
