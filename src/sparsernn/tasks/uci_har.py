"""What is a person doing, from the motion sensors of a smartphone?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.uci_har import ACTIVITIES, SIGNALS, read_uci_har
from sparsernn.quantity import Quantity
from sparsernn.rules import holds
from sparsernn.tasks.base import SPLITS, AbstractTask, Batch, Split


class SensorWindows(NamedTuple):
    """Windows `signals` (rows, 128, 9), standardized, and `activities` (rows,)."""

    signals: Any
    activities: Any


@dataclass(frozen=True)
class UciHar(AbstractTask):
    r"""128 steps (2.56 s) of nine signals of a smartphone at the waist; at the last step one of six activities
    (walking, upstairs, downstairs, sitting, standing, lying).

    The published split: 21 people train, 9 others test. Of the 21 those named in `validation` are held out, too.
    Windows of one person overlap by half, and never lie on two sides. `standardize`: by mean and sd of each signal over
    the windows trained on; else as published (g and rad/s).
    Loss: cross-entropy (nats) at the last step. Scores: accuracy, and that loss.

    Not the activity task of doi 10.1038/s42005-023-01364-0: that is `person_activity`, with other people, sensors and
    classes. Results of the two are not comparable.
    The archive, or an .npz of its signals, is found as `sparsernn.files.datasets` says
    (``sparsernn data fetch uci_har``); `path` names a directory instead.
    Source: Anguita et al. 2013, ESANN, doi 10.24432/C54S4K; the people of validation are our choice.
    """

    validation: tuple[int, ...] = (27, 28, 29, 30)
    standardize: bool = True
    path: str | None = None

    places: ClassVar[tuple[str, ...]] = ("path",)
    quantities = (
        Quantity("accuracy", "higher", "share of windows whose activity has the largest output at the last step"),
        Quantity("loss", "lower", "mean cross-entropy at the last step", unit="nats"),
    )

    rules = (
        holds(
            lambda validation: validation and len(set(validation)) == len(validation),
            "validation names one person or more, none twice; got {validation}",
        ),
    )

    @property
    def inputs(self) -> int:
        return len(SIGNALS)

    @property
    def outputs(self) -> int:
        return len(ACTIVITIES)

    def load(self) -> dict[Split, SensorWindows]:
        """The splits, on the host; cached. DataError if the data cannot be had."""
        return _load(self)

    def describe(self) -> str:
        counts = ", ".join(f"{len(self.load()[split].activities):,} {split}" for split in SPLITS)
        return f"UCI HAR (smartphones), split by people, windows {counts}"

    def content_hash(self) -> str:
        digest = hashlib.sha256()
        for split in SPLITS:
            for array in self.load()[split]:
                digest.update(f"{split}{array.shape}{array.dtype.str}".encode() + np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def data(self, split: Split) -> SensorWindows:
        signals, activities = self.load()[split]
        return SensorWindows(jnp.asarray(signals, float), jnp.asarray(activities))

    def batch(self, data: SensorWindows, key: jax.Array, size: int, step: Any = 0) -> Batch:
        picked = jax.random.randint(key, (size,), 0, data.activities.shape[0], jnp.int32)
        return Batch(jnp.swapaxes(data.signals[picked], 0, 1), data.activities[picked], None)

    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        signals, activities = self.load()[split]
        for begin in range(0, len(activities), size):
            part = slice(begin, begin + size)
            yield Batch(jnp.asarray(signals[part].swapaxes(0, 1), float), jnp.asarray(activities[part]), None)

    def loss(self, outputs: jax.Array, batch: Batch) -> jax.Array:
        wanted = jax.nn.one_hot(batch.targets, len(ACTIVITIES), dtype=outputs.dtype)
        return -(jax.nn.log_softmax(outputs[-1], axis=-1) * wanted).sum(axis=-1).mean(axis=-1)

    def score(self, outputs: jax.Array, batch: Batch) -> dict[str, jax.Array]:
        right = outputs[-1].argmax(axis=-1) == batch.targets
        return {"accuracy": right.mean(axis=-1), "loss": self.loss(outputs, batch)}

    def reference(self) -> dict[str, float]:
        """On the test split: the training split's commonest activity, the loss of its frequencies, and a linear map of
        every signal's mean and sd over the window, fitted to the training windows by least squares."""
        train, test = self.load()["train"], self.load()["test"]
        counts = np.bincount(train.activities, minlength=len(ACTIVITIES)) + 1.0
        known, asked = (
            np.hstack([s.mean(axis=1), s.std(axis=1), np.ones((len(s), 1))]) for s in (train.signals, test.signals)
        )
        linear = np.linalg.lstsq(known, np.eye(len(ACTIVITIES))[train.activities], rcond=None)[0]
        return {
            "accuracy of the commonest activity": float((test.activities == counts.argmax()).mean()),
            "accuracy of a linear map of means and sds": float(
                ((asked @ linear).argmax(axis=1) == test.activities).mean()
            ),
            "loss of the activities' frequencies": float(-np.log(counts / counts.sum())[test.activities].mean()),
        }


@lru_cache(maxsize=2)
def _load(task: UciHar) -> dict[Split, SensorWindows]:
    from sparsernn.files.datasets import find

    (place,) = find("uci_har", task.path).values()
    sides = read_uci_har(place)
    train, test = sides["train"], sides["test"]
    there = sorted(set(train.people.tolist()))
    wrong = [person for person in task.validation if person not in there]
    held = np.isin(train.people, task.validation)
    if wrong or held.all():
        raise DataError(
            f"validation must name some of the people of the training side ({', '.join(map(str, there))}) and leave "
            f"others to train on; got {', '.join(map(str, task.validation))}"
        )
    if shared := sorted(set(there) & set(test.people.tolist())):
        raise DataError(f"{place}: people {', '.join(map(str, shared))} are in train and in test; expected none to be")
    parts = {"train": (train, ~held), "validation": (train, held), "test": (test, np.ones(len(test.people), bool))}
    mean, sd = 0.0, 1.0
    if task.standardize:
        seen = train.signals[~held].reshape(-1, len(SIGNALS)).astype(np.float64)
        mean, sd = seen.mean(axis=0), seen.std(axis=0)
        sd[sd == 0] = 1
    return {
        split: SensorWindows(((side.signals[rows] - mean) / sd).astype(np.float32), side.activities[rows])
        for split, (side, rows) in ((s, parts[s]) for s in SPLITS)
    }
