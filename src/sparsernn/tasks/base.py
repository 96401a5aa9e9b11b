"""The contract of a task."""

from __future__ import annotations

import abc
from collections.abc import Iterator
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import numpy as np

from sparsernn.errors import SpecError
from sparsernn.quantity import Quantity, Way, ways
from sparsernn.registry import Registry
from sparsernn.spec import Part
from sparsernn.tasks import TASKS

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class Batch(NamedTuple):
    """Sequences, time first. `inputs` (T, B, inputs), integer tokens (T, B), or None; `targets` (T, B, outputs) or
    (B, ...) as the task's loss wants it; `first` (B, outputs), the observation a state begins from, or an encoded
    beginning (B, first), or None (then states begin at rest). Where windows follow one another, `begins` (B,) says in
    which rows this window begins anew, at rest. `count`: how many items the means of `loss` and `score` are over, if
    not the rows."""

    inputs: Any
    targets: Any
    first: Any
    begins: Any = None
    count: Any = None


class AbstractTask(Part):
    """What is to be learned. Members are frozen dataclasses of plain values; arrays are loaded on demand and cached.

    `train`, `validation` and `test` never share a row: checkpoints and importance are chosen on `validation`, every
    reported number is taken on `test`.
    """

    registry = Registry("task", TASKS)
    quantities: ClassVar[tuple[Quantity, ...]]
    """What `score` gives, each with its better way; the first is the task's main score."""
    places: ClassVar[tuple[str, ...]] = ()
    """Fields that only say where the data lie; what they are is in `content_hash`, so a run may find them elsewhere."""
    observed: ClassVar[bool] = False
    """Outputs are the recorded variables of a dynamical system."""
    carried: ClassVar[bool] = False
    """Windows follow one another: `batch` gives the window of its `step`, row by row the one after that of step - 1,
    and the network's states go on from window to window, in training and in `examples`, except where a row `begins`."""

    @property
    def better(self) -> dict[str, Way]:
        """The keys of `score` and which way is better."""
        return ways(self.quantities)

    @property
    @abc.abstractmethod
    def inputs(self) -> int:
        """External inputs a step."""

    @property
    @abc.abstractmethod
    def outputs(self) -> int:
        """Outputs a step."""

    @property
    def tokens(self) -> int:
        """Number of words, where an input is one of so many; 0: inputs are numbers."""
        return 0

    @property
    def first(self) -> int:
        """Length of the vector a state begins from that is no observation; 0: there is none."""
        return 0

    def refresh(self) -> None:
        """A run begins: data that were read before and have changed since are to be read again. Default: nothing."""

    def describe(self) -> str:
        """Which data this task really uses, in words. Default: its name."""
        return type(self).registry.name_of(type(self))

    @abc.abstractmethod
    def content_hash(self) -> str:
        """sha256 of the data that `data` gives, part of a run's identity."""

    def keepsake(self) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Arrays and text metadata that a run keeps, so that it can be used without its data. Default: none."""
        return {}, {}

    def unchanged(self, metadata: dict[str, str]) -> bool:
        """Whether the data are still those that a run, which kept this `metadata` (of `keepsake`) of a task with equal
        fields, was trained on, as far as that can be told without reading them through. Default: it cannot."""
        return False

    @abc.abstractmethod
    def data(self, split: Split) -> Any:
        """A pytree of arrays, on the device, to be handed to `batch`."""

    @abc.abstractmethod
    def batch(self, data: Any, key: jax.Array, size: int, step: Any = 0) -> Batch:
        """`size` sequences for the update after `step` others: a pure function (traceable, random access in training
        time). Most tasks draw them with `key` and need no `step`; it is there for windows that follow one another."""

    @abc.abstractmethod
    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        """The whole split once, in order, without noise, in batches of `size` (the last one may be smaller; where
        windows follow one another all have the same rows)."""

    def stream(self, split: Split) -> np.ndarray | None:
        """One long sequence of inputs (T, inputs), or of tokens (T,), that drives a network through the split, for
        spectra of driven networks. None: the task drives no network.

        Windows are joined in their order, and no state is reset between them. Where they follow one another that is
        what the network runs through anyway; where each begins at rest (adding, rows of digits, gestures) it is a
        network that goes on from one sequence to the next, which it was not trained to do. Default: `examples`, one
        after the other.
        """
        rows = [np.asarray(batch.inputs).swapaxes(0, 1) for batch in self.examples(split, 500) if self.inputs]
        return np.concatenate([row.reshape(-1, row.shape[-1]) for row in rows]) if rows else None

    @abc.abstractmethod
    def loss(self, outputs: jax.Array, batch: Batch) -> jax.Array:
        """Mean loss of outputs (T, ..., B, outputs) over time and batch; other leading axes are kept."""

    @abc.abstractmethod
    def score(self, outputs: jax.Array, batch: Batch) -> dict[str, jax.Array]:
        """Named scores, each a mean over the batch, so that batches can be averaged by their sizes."""

    def from_means(self, means: dict[str, float]) -> dict[str, float]:
        """What is told of a whole split, from the means of `loss` and `score` over it. Default: these means."""
        return means

    def updates_a_pass(self, batch: int) -> int:
        """Updates in which the training data are gone through once, for ``updates_per_epoch: pass``."""
        raise SpecError(f"{type(self).__name__} has no pass through its data: give updates_per_epoch a number")

    def reference(self) -> dict[str, float]:
        """Scores of trivial predictors on the test split, by name, to be printed beside a result."""
        return {}
