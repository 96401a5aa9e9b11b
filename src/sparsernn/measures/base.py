"""The contract of a measure."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from sparsernn.errors import SpecError, Undefined
from sparsernn.masks import Masks, Prunable
from sparsernn.measures import MEASURES
from sparsernn.models.network import Network, Ports
from sparsernn.spec import Part, Registry
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.weights import Weights

Number = float | Undefined
Way = Literal["lower", "higher"]


class Removals(NamedTuple):
    """What single weights do: `harm` (weights, starts), how much worse the number that the measure judges by is without
    each; `intact` (m,), that number with all weights, from m starts."""

    harm: np.ndarray
    intact: np.ndarray


class AbstractMeasure(Part):
    """Numbers of a trained network. Members are frozen dataclasses of plain values; the same arguments give the same
    numbers. Weights are handed in masked. A number that does not exist is an `Undefined` with its reason, never NaN
    or 0.
    """

    registry = Registry("measure", MEASURES)
    better: ClassVar[dict[str, Way]] = {}
    """Keys of `measure` by which checkpoints can be chosen, and which way is better."""
    judges_by: ClassVar[str] = ""
    """The number that `without` judges single weights by."""

    def better_on(self, task: AbstractTask) -> dict[str, Way]:
        """`better` for this task: `measure` gives each of these keys on every split. Default: `better`."""
        return self.better

    def suits(self, task: AbstractTask) -> str | None:
        """None if this measure can be taken on the task, else the reason why not."""
        return None

    def check(self, network: Network, weights: Weights) -> None:
        """SpecError if this measure cannot be taken of the network (a cell that it has not). Default: it can."""

    @abc.abstractmethod
    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        """Named numbers on one split."""

    def without(
        self,
        network: Network,
        weights: Weights,
        task: AbstractTask,
        prunable: Prunable,
        indices: np.ndarray,
        starts: int,
        tell: Callable[[int, int], None] | None = None,
    ) -> Removals:
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
