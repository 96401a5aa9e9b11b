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
from sparsernn.tasks.picture import Block, Picture
from sparsernn.weights import Array, IntLike, PyTree

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class Batch(NamedTuple):
    """Some sequences, T steps long and B in number. Time is the first axis.

    Args:
        inputs: (T, B, inputs), or tokens (T, B), integers; None if the task has no inputs.
        targets: (T, B, outputs) or (B, ...), as the loss of the task takes them.
        first: what states begin from: an observation (B, outputs) or an encoded beginning (B, first). None: at rest.
        begins: where windows follow one another: (B,), true for rows in which this window begins anew, at rest.
        count: over how many items `loss` and `score` are means; None: over the B rows.
    """

    inputs: PyTree
    targets: PyTree
    first: PyTree
    begins: Array | None = None
    count: Any = None


class AbstractTask(Part):
    """What a network is to learn: data, a loss and scores.

    Members are frozen dataclasses of plain values. Arrays are loaded when they are needed, and cached. The splits
    `train`, `validation` and `test` never share a row. Checkpoints and the importance of weights are judged on
    `validation`; every reported number is taken on `test`.

    >>> from sparsernn.tasks.adding import Adding
    >>> task = Adding(length=10)
    >>> task.inputs, task.outputs, task.better
    (2, 1, {'mse': 'lower', 'accuracy': 'higher'})
    >>> batch = task.batch(task.data("train"), jax.random.key(0), size=3)
    >>> batch.inputs.shape, batch.targets.shape
    ((10, 3, 2), (3, 1))
    """

    registry = Registry("task", TASKS)
    quantities: ClassVar[tuple[Quantity, ...]]
    """The numbers that `score` gives, each with the way that is better. The first is the main score of the task."""
    places: ClassVar[tuple[str, ...]] = ()
    """Fields that only say where the data lie. They are no part of a run's identity: `content_hash` stands for the
    data."""
    observed: ClassVar[bool] = False
    """Whether outputs are the recorded variables of a dynamical system."""
    carried: ClassVar[bool] = False
    """Whether windows follow one another. Then `batch` gives for update `step` the windows that come after those of
    ``step - 1``, row by row. The network's states go on from one window to the next, in training and in `examples`,
    except in rows where ``Batch.begins`` is true."""

    @property
    def better(self) -> dict[str, Way]:
        """Key to the way that is better, for the numbers of `score` that have one."""
        return ways(self.quantities)

    @property
    @abc.abstractmethod
    def inputs(self) -> int:
        """Number of external inputs a step."""

    @property
    @abc.abstractmethod
    def outputs(self) -> int:
        """Number of outputs a step."""

    @property
    def tokens(self) -> int:
        """Number of words that an input can be; 0 if inputs are numbers. Default: 0."""
        return 0

    @property
    def first(self) -> int:
        """Length of the encoded beginning that states begin from; 0 if there is none. Default: 0."""
        return 0

    def refresh(self) -> None:
        """Forget cached data that have changed on disk since they were read; called when a run begins.

        Default: do nothing.
        """

    def describe(self) -> str:
        """Say in words which data this task really uses. Default: its name."""
        return type(self).registry.name_of(type(self))

    @abc.abstractmethod
    def content_hash(self) -> str:
        """Return the sha256 (hex) of the data that `data` gives. It is part of a run's identity."""

    def keepsake(self) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Return arrays and texts that a run keeps, so that it can be used without its data. Default: none."""
        return {}, {}

    def unchanged(self, metadata: dict[str, str]) -> bool:
        """Say whether the data are still those that an earlier run was trained on, without reading them through.

        `metadata` are the texts of `keepsake` that this run has kept; its task had equal fields. Default: False, which
        means that it cannot be known.
        """
        return False

    @abc.abstractmethod
    def data(self, split: Split) -> PyTree:
        """Return the arrays of a split, on the device, for `batch`."""

    @abc.abstractmethod
    def batch(self, data: PyTree, key: jax.Array, size: int, step: IntLike = 0) -> Batch:
        """Return the sequences of one update. The function is pure and can be traced.

        Args:
            data: what `data` gives.
            key: for the draw. The same key and step give the same batch.
            size: number of sequences.
            step: number of updates before this one. Only tasks whose windows follow one another need it.
        """

    @abc.abstractmethod
    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        """Go through the whole split once, in order and without noise, in batches of `size` sequences.

        The last batch may be smaller; where windows follow one another all batches have the same rows.
        """

    def stream(self, split: Split) -> np.ndarray | None:
        """Return one long sequence of inputs (T, inputs), or of tokens (T,), for the Lyapunov exponents of a driven
        network; None if the task has no inputs.

        Windows are joined in their order, and states are not reset between them. Where windows follow one another this
        is what the network runs through in training. Where each begins at rest (adding, rows of digits, gestures) the
        network goes on from one sequence to the next, which it was not trained to do. Default: all `examples`, one
        after the other.
        """
        rows = [np.asarray(batch.inputs).swapaxes(0, 1) for batch in self.examples(split, 500) if self.inputs]
        return np.concatenate([row.reshape(-1, row.shape[-1]) for row in rows]) if rows else None

    def pictures(self, split: Split, count: int) -> list[Picture]:
        """Return the first `count` sequences of a split to look at; none if they are no numbers over time (words).

        Default: all inputs, and targets where they have a time axis. A task whose sequences are of several kinds gives
        `count` of each, and names its channels.
        """
        if self.tokens:
            return []
        name, found = type(self).registry.name_of(type(self)), []
        batch = next(self.examples(split, count))
        rows = np.shape(batch.targets if batch.inputs is None else batch.inputs)[1]
        traced = np.ndim(batch.targets) == 3
        for row in range(min(count, rows)):
            given = () if batch.inputs is None else (Block("inputs", np.asarray(batch.inputs)[:, row]),)
            wanted = (Block("outputs", np.asarray(batch.targets)[:, row]),) if traced else ()
            asked = "" if traced else f", wanted: {np.array2string(np.asarray(batch.targets)[row], precision=3)[:60]}"
            found.append(Picture(name, f"sequence {row + 1}{asked}", given, wanted))
        return found

    @abc.abstractmethod
    def loss(self, outputs: jax.Array, batch: Batch) -> jax.Array:
        """Return the loss of outputs (T, ..., B, outputs): a mean over time and batch. Other axes (...) are kept."""

    @abc.abstractmethod
    def score(self, outputs: jax.Array, batch: Batch) -> dict[str, jax.Array]:
        """Return scores by name. Each is a mean over the batch, so that batches can be averaged by their sizes."""

    def from_means(self, means: dict[str, float]) -> dict[str, float]:
        """Return the numbers of a whole split, given the means of `loss` and `score` over it.

        A perplexity, for instance, is a function of the mean loss. Default: the means themselves.
        """
        return means

    def updates_a_pass(self, batch: int) -> int:
        """Return in how many updates the training data are gone through once, for ``updates_per_epoch: pass``.

        Default: a SpecError, for a task whose sequences are drawn at random.
        """
        raise SpecError(f"{type(self).__name__} has no pass through its data: give updates_per_epoch a number")

    def reference(self) -> dict[str, float]:
        """Return scores of trivial predictors on the test split, by name, to print beside a result. Default: none."""
        return {}
