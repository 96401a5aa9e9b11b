"""Gesture phases: which part of a gesture is being made?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.gesture_phase import COLUMNS, PHASES, VIDEOS, Gestures, read_gesture_phase
from sparsernn.quantity import Quantity
from sparsernn.rules import at_least, holds
from sparsernn.tasks.base import SPLITS, AbstractTask, Batch, Split

Video = Literal["a1", "a2", "a3", "b1", "b3", "c1", "c3"]
PUBLISHED = ("a3", "b1", "b3", "c1", "c3", "a2", "a1")
"""The order of the recordings in the published code, on which its random split depends."""


class GestureWindows(NamedTuple):
    """Rows of several recordings one after the other, `values` (rows, 32) standardized and `phases` (rows,), and the
    rows `begins` at which a window may begin."""

    values: Any
    phases: Any
    begins: Any


@dataclass(frozen=True)
class GesturePhases(AbstractTask):
    r"""Windows of `window` rows of a recorded hand gesture, 32 velocities and accelerations a step; at every step
    one of five phases (rest, preparation, stroke, hold, retraction).

    ``split="recordings"``: the recordings named in `validation` and `test` are held out whole, the others (a1, a2, b1,
    c1) are trained on, in windows that begin at any row. Columns are standardized by the training recordings
    (``standardize="training"``), or each recording by its own mean and sd (``"recording"``: of a new recording, all of
    its rows must be there before the first is judged; how fast people move then matters less). Held-out
    recordings are read in windows that follow one another, each from rest; what is left over at the end of a recording
    (less than a window) is not asked for. ``split="zhang2023"``: as in the published code, for comparison only: 605
    windows that overlap by half, standardized by all of them, and drawn into 455, 60 and 90 at random, so that half of
    nearly every test window was trained on.

    The archive is found as `sparsernn.files.datasets` says (``sparsernn data fetch gestures``); `path` names a
    directory instead. Loss: cross-entropy (nats) over all steps. Scores: accuracy over all steps, and that loss.
    Source: Madeo, Lima & Peres 2013, doi 10.24432/C5Z32C (data); task as in doi 10.1038/s42005-023-01364-0, which took
    it from Hasani et al. 2021, arXiv 2006.04439; the split by recordings is ours.
    """

    window: int = 32
    split: Literal["recordings", "zhang2023"] = "recordings"
    validation: tuple[Video, ...] = ("a3",)
    test: tuple[Video, ...] = ("b3", "c3")
    standardize: Literal["training", "recording"] = "training"
    path: str | None = None

    places: ClassVar[tuple[str, ...]] = ("path",)
    quantities = (
        Quantity("accuracy", "higher", "share of windows whose phase has the largest output"),
        Quantity("loss", "lower", "mean cross-entropy", unit="nats"),
    )

    rules = (
        at_least(1, "window"),
        holds(
            lambda validation, test: validation and test and len({*validation, *test}) == len(validation) + len(test),
            "validation and test name one recording or more each, none twice; got {validation} and {test}",
        ),
        holds(
            lambda validation, test: len({*validation, *test}) < len(VIDEOS),
            "validation and test leave no recording to train on",
        ),
        holds(
            lambda split, window, standardize: split == "recordings" or (window, standardize) == (32, "training"),
            "split: zhang2023 has windows of 32 rows and a standardization of its own; leave both out",
        ),
    )

    @property
    def inputs(self) -> int:
        return COLUMNS

    @property
    def outputs(self) -> int:
        return len(PHASES)

    def load(self) -> dict[Split, GestureWindows]:
        """The splits, on the host; cached. DataError if the archive cannot be had or a window is too long."""
        return _load(self)

    def describe(self) -> str:
        counts = {split: len(self.load()[split].begins) for split in SPLITS}
        held = f"test {', '.join(self.test)}" if self.split == "recordings" else "windows drawn at random (zhang2023)"
        return f"gesture phases, {held}, windows {', '.join(f'{n:,} {s}' for s, n in counts.items())}"

    def content_hash(self) -> str:
        digest = hashlib.sha256(f"{self.window}".encode())
        for split in SPLITS:
            for array in self.load()[split]:
                digest.update(f"{split}{array.shape}{array.dtype.str}".encode() + np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def data(self, split: Split) -> GestureWindows:
        values, phases, begins = self.load()[split]
        return GestureWindows(jnp.asarray(values, float), jnp.asarray(phases), jnp.asarray(begins))

    def batch(self, data: GestureWindows, key: jax.Array, size: int, step: Any = 0) -> Batch:
        return self._batch(data, data.begins[jax.random.randint(key, (size,), 0, len(data.begins), jnp.int32)])

    def _batch(self, data: GestureWindows, begins: Any) -> Batch:
        rows = begins[None, :] + np.arange(self.window)[:, None]
        return Batch(data.values[rows], data.phases[rows].T, None)

    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        data = self.load()[split]
        # of training windows, which begin at any row, those that follow one another
        begins = data.begins if split != "train" or self.split != "recordings" else _following(data.begins, self.window)
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
        """On the test split: accuracy of the training split's commonest phase, loss of its frequencies."""
        train, test = (np.concatenate([np.asarray(b.targets).ravel() for b in self.examples(s, 10**9)]) for s in (
            "train", "test",
        ))  # fmt: skip
        shares = (np.bincount(train, minlength=len(PHASES)) + 1) / (len(train) + len(PHASES))
        return {
            "accuracy of the commonest phase": float((test == shares.argmax()).mean()),
            "loss of the phases' frequencies": float(-np.log(shares)[test].mean()),
        }


def _following(begins: np.ndarray, window: int) -> np.ndarray:
    """Of rows that may begin a window, so many that the windows follow one another within each recording."""
    recordings = np.split(begins, np.flatnonzero(np.diff(begins) > 1) + 1)
    return np.concatenate([part[::window] for part in recordings])


@lru_cache(maxsize=4)
def _load(task: GesturePhases) -> dict[Split, GestureWindows]:
    from sparsernn.files.datasets import find

    (place,) = find("gestures", task.path).values()
    videos = read_gesture_phase(place)
    if task.split == "zhang2023":
        return _published(videos)
    held: dict[Split, tuple[str, ...]] = {"validation": task.validation, "test": task.test}
    names = {"train": tuple(v for v in VIDEOS if v not in (*task.validation, *task.test)), **held}
    training = np.concatenate([videos[name].values for name in names["train"]]).astype(np.float64)
    found: dict[Split, GestureWindows] = {}
    for split in SPLITS:
        recordings = [videos[name] for name in names[split]]
        edges = np.cumsum([0, *(len(r.phases) for r in recordings)])
        stride = 1 if split == "train" else task.window
        begins = [np.arange(a, b - task.window + 1, stride) for a, b in pairwise(edges)]
        if not all(map(len, begins)):
            raise DataError(f"a window of {task.window} rows is longer than a recording of the {split} split")
        by = training if task.standardize == "training" else None
        values = np.concatenate([_standardized(r.values.astype(np.float64), by) for r in recordings])
        phases = np.concatenate([r.phases for r in recordings])
        found[split] = GestureWindows(values.astype(np.float32), phases, np.concatenate(begins).astype(np.int32))
    return found


def _standardized(values: np.ndarray, by: np.ndarray | None) -> np.ndarray:
    by = values if by is None else by
    return (values - by.mean(axis=0)) / by.std(axis=0)


def _published(videos: dict[str, Gestures]) -> dict[Split, GestureWindows]:
    """The published code's 605 windows: by recording, window k at row 32 k and one in the middle between two."""
    window, begins, edge = 32, [], 0
    for name in PUBLISHED:
        whole = len(videos[name].phases) // window
        begins += [edge + window // 2 * half for half in range(2 * whole - 1)]
        edge += len(videos[name].phases)
    rows = np.array(begins, dtype=np.int32)
    values = np.concatenate([videos[name].values for name in PUBLISHED]).astype(np.float64)
    phases = np.concatenate([videos[name].phases for name in PUBLISHED])
    seen = values[rows[:, None] + np.arange(window)].reshape(-1, values.shape[1])
    values = ((values - seen.mean(axis=0)) / seen.std(axis=0)).astype(np.float32)
    drawn = np.random.RandomState(23489).permutation(len(rows))
    held = int(0.1 * len(rows)), int(0.1 * len(rows)) + int(0.15 * len(rows))
    validation, test, train = (GestureWindows(values, phases, part) for part in np.split(rows[drawn], held))
    return {"train": train, "validation": validation, "test": test}
