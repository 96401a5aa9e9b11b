"""Forecasting the Mackey-Glass series: a window of the past, the next values at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.quantity import Quantity
from sparsernn.rules import at_least, holds, positive
from sparsernn.systems.mackey_glass import mackey_glass
from sparsernn.tasks.base import SPLITS, AbstractTask, Batch, Split


class SeriesWindows(NamedTuple):
    """A stretch of the series (rows,) and the rows at which a window may begin."""

    values: Any
    begins: Any


@dataclass(frozen=True)
class MackeyGlass(AbstractTask):
    r"""After `past` values of the series, one a step, the next `ahead` values, all at the last step.

    ``dx/dt = 0.2 x(t - tau) / (1 + x(t - tau)^10) - 0.1 x``, sampled every time unit in float64 by the classical
    Runge-Kutta method with ten steps a unit (`sparsernn.systems.mackey_glass`), the first 1,000 units dropped, then
    ``tanh(x - 1)``. The `rows` samples are cut into train, validation and test one after the other in time, by the
    shares of `split`; a window lies wholly within one of them. Training windows begin at any row; held-out ones every
    `ahead` rows, so that every value behind the first window is asked for once. Loss and score: mean squared error over
    the values ahead.

    The published code has ``method="euler"`` (ten steps a unit, too) and a series with ``tau=17``; its paper says 23.
    Source: doi 10.1038/s42005-023-01364-0 (windows, tanh, 50,000 samples); the validation split is ours.
    """

    tau: float = 23.0
    rows: int = 50_000
    past: int = 500
    ahead: int = 50
    split: tuple[float, float, float] = (0.8, 0.1, 0.1)
    method: Literal["rk4", "euler"] = "rk4"
    seed: int = 0

    quantities = (Quantity("mse", "lower", "mean squared error over the forecast steps"),)

    rules = (
        positive("tau"),
        holds(lambda tau: abs(10 * tau - round(10 * tau)) < 1e-9, "tau must be a multiple of 0.1, got {tau}"),
        at_least(1, "past"),
        at_least(1, "ahead"),
        holds(lambda split: min(split) > 0, "split needs three positive shares (train, validation, test), got {split}"),
        holds(
            lambda split: abs(sum(split) - 1) < 1e-6, lambda split: f"split must sum to 1, got {split} = {sum(split):g}"
        ),
        holds(
            lambda rows, past, ahead, split: min(split) * rows >= past + ahead + 1,
            lambda rows, past, ahead, split: (
                f"the shortest split has {min(split) * rows:.0f} of {rows} rows, a window needs {past} + {ahead}"
            ),
        ),
        holds(lambda seed: 0 <= seed < 2**32, "seed must lie in [0, 2^32), got {seed}"),
    )

    @property
    def inputs(self) -> int:
        return 1

    @property
    def outputs(self) -> int:
        return self.ahead

    def load(self) -> dict[Split, np.ndarray]:
        """The series of every split, float64; cached."""
        return _load(replace(self, past=1, ahead=1))  # windows are no matter of the series

    def describe(self) -> str:
        return f"Mackey-Glass, tau {self.tau:g}, {self.rows:,} samples ({self.method}), {self.past} to {self.ahead}"

    def content_hash(self) -> str:
        digest = hashlib.sha256(f"{self.past} {self.ahead}".encode())
        for split in SPLITS:
            digest.update(f"{split}{len(self.load()[split])}".encode() + self.load()[split].tobytes())
        return digest.hexdigest()

    def data(self, split: Split) -> SeriesWindows:
        return SeriesWindows(jnp.asarray(self.load()[split], float), jnp.asarray(self._begins(split, split == "train")))

    def _begins(self, split: Split, anywhere: bool) -> np.ndarray:
        last = len(self.load()[split]) - self.past - self.ahead
        return np.arange(0, last + 1, 1 if anywhere else self.ahead, dtype=np.int32)

    def batch(self, data: SeriesWindows, key: jax.Array, size: int, step: Any = 0) -> Batch:
        begins = data.begins[jax.random.randint(key, (size,), 0, len(data.begins), jnp.int32)]
        return self._batch(data.values, begins)

    def _batch(self, values: Any, begins: Any) -> Batch:
        inputs = values[begins[None, :] + np.arange(self.past)[:, None]][..., None]
        return Batch(inputs, values[begins[:, None] + self.past + np.arange(self.ahead)], None)

    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        values, begins = jnp.asarray(self.load()[split], float), self._begins(split, False)
        for first in range(0, len(begins), size):
            yield self._batch(values, begins[first : first + size])

    def stream(self, split: Split) -> np.ndarray:
        """The series itself."""
        return self.load()[split][:, None]

    def loss(self, outputs: jax.Array, batch: Batch) -> jax.Array:
        return jnp.square(outputs[-1] - batch.targets).mean(axis=(-2, -1))

    def score(self, outputs: jax.Array, batch: Batch) -> dict[str, jax.Array]:
        return {"mse": self.loss(outputs, batch)}

    def reference(self) -> dict[str, float]:
        """On the test split: the training mean, the last value, and a linear map of the past, fitted by least squares
        to training windows (at most 5,000, evenly spread)."""
        train, test = self.load()["train"], self.load()["test"]
        mean = train.mean()
        past, wanted = self._windows(test, self._begins("test", False))
        begins = self._begins("train", True)
        known, known_wanted = self._windows(train, begins[:: -(-len(begins) // 5_000)])
        ridge = 1e-6 * len(known) * known.var() * np.eye(self.past)
        linear = np.linalg.solve((known - mean).T @ (known - mean) + ridge, (known - mean).T @ (known_wanted - mean))
        guesses = {
            "mean": mean, "last value": past[:, -1:], "linear map": (past - mean) @ linear + mean,
        }  # fmt: skip
        return {f"mse of the {name}": float(np.square(guess - wanted).mean()) for name, guess in guesses.items()}

    def _windows(self, values: np.ndarray, begins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = values[begins[:, None] + np.arange(self.past + self.ahead)]
        return rows[:, : self.past], rows[:, self.past :]


@lru_cache(maxsize=4)
def _load(task: MackeyGlass) -> dict[Split, np.ndarray]:
    series = np.tanh(mackey_glass(task.rows, task.tau, task.seed, method=task.method) - 1)
    edges = np.round(np.cumsum(task.split)[:-1] * task.rows).astype(int)
    return dict(zip(SPLITS, np.split(series, edges), strict=True))
