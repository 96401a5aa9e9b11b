"""The contract of a measure."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ClassVar, NamedTuple

import numpy as np

from sparsernn.errors import Interrupted, Number, SpecError, Undefined
from sparsernn.masks import Masks, Prunable
from sparsernn.measures import MEASURES
from sparsernn.models.network import Network, Ports
from sparsernn.quantity import Quantity, Way, ways
from sparsernn.registry import Registry
from sparsernn.spec import Part
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.weights import Array, Weights

"""A number, or the reason why there is none."""

_asked: ContextVar[Callable[[], bool]] = ContextVar("_asked", default=lambda: False)


@contextmanager
def stopping(stopped: Callable[[], bool]) -> Iterator[None]:
    """Within this context, measures taken in this thread end soon after `stopped` returns true (see `go_on`)."""
    token = _asked.set(stopped)
    try:
        yield
    finally:
        _asked.reset(token)


def go_on() -> None:
    """Raise Interrupted if the measures are asked to stop. Measures that take seconds call it now and then."""
    if _asked.get()():
        raise Interrupted("stopped while measures were taken; the same command takes them again")


class Ablations(NamedTuple):
    """What single weights do to the number that a measure judges by.

    Args:
        increase: by how much the number is worse without each weight, (weights, starts).
        baseline: the number with all weights, (m,), from m starts.
    """

    increase: np.ndarray
    baseline: np.ndarray


class AbstractMeasure(Part):
    """Numbers of a trained network.

    Members are frozen dataclasses of plain values. The same arguments give the same numbers. Weights are given masked.
    A number that does not exist is an `Undefined` with the reason, never NaN or 0.

    >>> from sparsernn.measures.score import Score
    >>> from sparsernn.tasks.adding import Adding
    >>> Score().better_on(Adding(length=10))
    {'mse': 'lower', 'accuracy': 'higher', 'loss': 'lower'}
    """

    registry = Registry("measure", MEASURES)
    quantities: ClassVar[tuple[Quantity, ...]] = ()
    """The numbers that summaries show: what they are called and which way is better. All other numbers stand only in
    the complete table."""
    judges_by: ClassVar[str] = ""
    """The key of the number that `ablate` judges single weights by; "" if it cannot."""

    def quantities_on(self, task: AbstractTask) -> tuple[Quantity, ...]:
        """Return `quantities` as they are on this task. Default: the same on all tasks."""
        return self.quantities

    def better_on(self, task: AbstractTask) -> dict[str, Way]:
        """Return the keys that checkpoints can be chosen by, each with the way that is better.

        `measure` must give each of them on every split.
        """
        return ways(self.quantities_on(task))

    def unsupported_reason(self, task: AbstractTask) -> str | None:
        """Return why this measure cannot be taken on the task; None if it can. Default: None."""
        return None

    def check(self, network: Network, weights: Weights) -> None:
        """Raise a SpecError if this measure cannot be taken of the network (a cell that it lacks). Default: it can."""

    @abc.abstractmethod
    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        """Return the numbers by name, on one split of the task. Weights are masked with `masks`."""

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
        """Return how much worse the number `judges_by`, as "lower is better", gets without each single weight.

        Networks without one weight each run side by side. Default: a SpecError.

        Args:
            network: the trained network.
            weights: its weights, masked.
            task: whose validation split gives the starts.
            prunable: the matrix of the weights.
            indices: of the weights, flat (C order) into the matrix.
            starts: number of starts for each weight.
            progress: called as ``progress(done, of)`` after each part of the work.
        """
        raise SpecError(f"{type(self).__name__} cannot judge single weights; use reconstruction or score")

    def evidence(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Array]:
        """Return arrays behind the numbers, by name, for figures and files. Default: none."""
        return {}


def ports_of(task: AbstractTask) -> Ports:
    """Return what a task asks of a network."""
    return Ports(task.inputs, task.outputs, task.observed, task.tokens, task.first)


def as_lower(value: Number, way: Way) -> float:
    """Return a value as "lower is better", infinity if it is undefined. Checkpoints are compared by it."""
    if isinstance(value, Undefined):
        return float("inf")
    return float(value) if way == "lower" else -float(value)


def mean_of(values: list[Number]) -> Number:
    """Return the mean; undefined if a value is."""
    undefined = next((v for v in values if isinstance(v, Undefined)), None)
    return undefined if undefined is not None else float(np.mean(np.array(values, dtype=float)))


def sd_of(values: list[Number]) -> Number:
    """Return the standard deviation (divisor n - 1); undefined for a single value, or if a value is."""
    if len(values) < 2:
        return Undefined("one value only")
    mean = mean_of(values)
    return mean if isinstance(mean, Undefined) else float(np.std(np.array(values, dtype=float), ddof=1))
