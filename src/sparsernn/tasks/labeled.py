"""Tasks on recordings in which every row has a label: windows of rows, a class at every step."""

from __future__ import annotations

import abc
import hashlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import DataError
from sparsernn.quantity import Quantity
from sparsernn.tasks.base import SPLITS, AbstractTask, Batch, Split


class Windows(NamedTuple):
    """Rows of several recordings one after the other, `values` (rows, inputs) and `labels` (rows,), and the rows
    `begins` at which a window may begin."""

    values: Any
    labels: Any
    begins: Any


class Labeled(AbstractTask):
    """Windows of `window` rows of recordings, a class at every step.

    Loss: cross-entropy (nats) over all steps. Scores: accuracy over all steps, and that loss.
    A member has a field `window` and says `load`, `inputs` and `outputs`.
    """

    quantities = (
        Quantity("accuracy", "higher", "share of steps whose class has the largest output"),
        Quantity("loss", "lower", "mean cross-entropy", unit="nats"),
    )
    window: int
    label: ClassVar[str] = "class"
    """What a label is called in `reference`."""

    @abc.abstractmethod
    def load(self) -> dict[Split, Windows]:
        """The splits, on the host; cached. DataError if the data cannot be had or a window is too long."""

    def content_hash(self) -> str:
        digest = hashlib.sha256(f"{self.window}".encode())
        for split in SPLITS:
            for array in self.load()[split]:
                digest.update(f"{split}{array.shape}{array.dtype.str}".encode() + np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def data(self, split: Split) -> Windows:
        values, labels, begins = self.load()[split]
        return Windows(jnp.asarray(values, float), jnp.asarray(labels), jnp.asarray(begins))

    def batch(self, data: Windows, key: jax.Array, size: int, step: Any = 0) -> Batch:
        return self._batch(data, data.begins[jax.random.randint(key, (size,), 0, len(data.begins), jnp.int32)])

    def _batch(self, data: Windows, begins: Any) -> Batch:
        rows = begins[None, :] + np.arange(self.window)[:, None]
        return Batch(data.values[rows], data.labels[rows].T, None)

    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        """Windows in the order of `load`; where they overlap and are in order, those that follow one another."""
        data = self.load()[split]
        begins = following(data.begins, self.window)
        for first in range(0, len(begins), size):
            batch = self._batch(data, begins[first : first + size])
            yield Batch(jnp.asarray(batch.inputs, float), jnp.asarray(batch.targets), None)

    def loss(self, outputs: jax.Array, batch: Batch) -> jax.Array:
        picked = jnp.take_along_axis(jax.nn.log_softmax(outputs, axis=-1), self._beside(batch, outputs), axis=-1)
        return -picked.mean(axis=(0, -2, -1))

    def score(self, outputs: jax.Array, batch: Batch) -> dict[str, jax.Array]:
        right = outputs.argmax(axis=-1, keepdims=True) == self._beside(batch, outputs)
        return {"accuracy": right.mean(axis=(0, -2, -1)), "loss": self.loss(outputs, batch)}

    @staticmethod
    def _beside(batch: Batch, outputs: jax.Array) -> jax.Array:
        """Targets (B, T) as (T, ..., B, 1)."""
        targets = batch.targets.T
        shape = (*targets.shape[:1], *(1,) * (outputs.ndim - 3), *targets.shape[1:])
        return jnp.broadcast_to(targets.reshape(shape), outputs.shape[:-1])[..., None]

    def reference(self) -> dict[str, float]:
        """On the test split: accuracy of the training split's commonest label, loss of its frequencies."""
        train, test = (
            np.concatenate([np.asarray(b.targets).ravel() for b in self.examples(s, 10**9)]) for s in ("train", "test")
        )  # fmt: skip
        shares = (np.bincount(train, minlength=self.outputs) + 1) / (len(train) + self.outputs)
        return {
            f"accuracy of the commonest {self.label}": float((test == shares.argmax()).mean()),
            f"loss of the {self.label}s' frequencies": float(-np.log(shares)[test].mean()),
        }


def following(begins: np.ndarray, window: int) -> np.ndarray:
    """Of rows that may begin a window, in order, so many that no two windows overlap; all, if they are in no order (as
    a random draw of windows is)."""
    if (np.diff(begins) < 0).any():
        return begins
    kept, end = [], -1
    for begin in begins.tolist():
        if begin >= end:
            kept.append(begin)
            end = begin + window
    return np.array(kept, begins.dtype)


def cut(recordings: list[tuple[np.ndarray, np.ndarray]], window: int, stride: int, split: str) -> Windows:
    """Windows that begin every `stride` rows of each recording (values, labels), none across two. DataError where a
    recording is shorter than a window."""
    edges = np.cumsum([0, *(len(labels) for _, labels in recordings)])
    begins = [np.arange(a, b - window + 1, stride) for a, b in pairwise(edges)]
    if not all(map(len, begins)):
        raise DataError(f"a window of {window} rows is longer than a recording of the {split} split")
    values, labels = (np.concatenate(parts) for parts in zip(*recordings, strict=True))
    return Windows(values.astype(np.float32), labels, np.concatenate(begins).astype(np.int32))


def drawn(windows: Windows, seed: int) -> dict[Split, Windows]:
    """Windows dealt out at random as in Hasani et al. 2021: a tenth to validation, 15 % to test, the rest to train.

    Windows that overlap come apart: what is tested was partly trained on.
    """
    order = np.random.RandomState(seed).permutation(len(windows.begins))
    held = int(0.1 * len(order)), int(0.1 * len(order)) + int(0.15 * len(order))
    validation, test, train = (windows._replace(begins=part) for part in np.split(windows.begins[order], held))
    return {"train": train, "validation": validation, "test": test}
