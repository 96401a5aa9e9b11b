"""Tasks whose outputs are the recorded variables of a dynamical system.

All that reconstructs a system and judges the reconstruction needs such a task: the measures `reconstruction` and
`baselines`, forcing, free runs, reports.
"""

from __future__ import annotations

import abc
import hashlib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SparseRNNError, Undefined
from sparsernn.quantity import Quantity
from sparsernn.system import System
from sparsernn.tasks.base import SPLITS, AbstractTask, Batch, Split
from sparsernn.tasks.prepared import keepsake
from sparsernn.weights import Array, IntLike


class Recording(NamedTuple):
    """A series as the network sees it, in three splits.

    Args:
        train, validation, test: the splits, (T, N) each. In the units of the file: ``values * scale + mean``.
        mean, scale: (N,) each.
        names: of the N columns.
        dt: sampling interval; None if it is not known.
        lags: of the delay embedding, in samples; None without one.
        embedding: how the lags were found, in words.
        source: which data these are, in words.
        starts: for every split the first row of each of its stretches. The row before it does not precede it in time.
        units: of the columns.
        time_unit: of `dt`.
        channels: the names before the embedding.
        sha256: of the bytes of the files, where there are files.
        trials: whether every stretch is a whole stretch of the recording (`sparsernn.tasks.recording.cut`).
        notes: what was left out, in words.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    names: tuple[str, ...]
    dt: float | None
    lags: tuple[int, ...] | None
    embedding: str
    source: str
    starts: dict[Split, tuple[int, ...]]
    units: tuple[str, ...] = ()
    time_unit: str = ""
    channels: tuple[str, ...] = ()
    sha256: str = ""
    trials: bool = False
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, series: np.ndarray, split: tuple[float, float, float], dt: float | None, source: str) -> Recording:
        """Make a recording of one series (T, N) without a gap.

        The splits follow one another in time. All are standardized by mean and sd of the training part.

        Args:
            series: (T, N).
            split: the share of each split; together 1.
            dt: sampling interval; None if it is not known.
            source: which data these are, in words.
        """
        edges = np.round(np.cumsum(split)[:-1] * len(series)).astype(int)
        mean, scale = series[: edges[0]].mean(axis=0), series[: edges[0]].std(axis=0)
        train, validation, test = np.split((series - mean) / scale, edges)
        names = tuple(f"x{i}" for i in range(series.shape[1]))
        starts: dict[Split, tuple[int, ...]] = dict.fromkeys(SPLITS, (0,))
        return cls(
            train, validation, test, mean, scale, names, dt, None, "none", source, starts, channels=names,
            units=("",) * len(names),
        )  # fmt: skip

    def stretches(self, split: Split) -> list[np.ndarray]:
        """Return the stretches of a split, (T_i, N) each."""
        return np.split(getattr(self, split), self.starts[split][1:])

    def shortest(self) -> int:
        """Return the number of rows of the shortest stretch of all splits. A training sequence must fit into it."""
        return min(len(part) for split in SPLITS for part in self.stretches(split))


class Stretches(NamedTuple):
    """Several stretches on the device: their `rows` (T, N), and the row numbers `begins` that a sequence may start at.

    From each of these rows on, a whole training sequence lies within one stretch.
    """

    rows: jax.Array
    begins: jax.Array


class Observed(AbstractTask):
    r"""Sequences of a trajectory, which the network has to continue from their first row.

    A member has the fields `sequence` (rows of a training sequence) and `noise`, and gives the trajectory (`load`).

    For a batch, start rows are drawn uniformly with replacement, and from each `sequence` + 1 consecutive rows are
    taken. Gaussian noise with the sd `noise`, in the units of `load`, is added anew to all of them; so both the forcing
    signal and the targets are noisy. The state begins from the first row; the others are targets. The loss is the mean
    squared error over time, columns and batch.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Circle(Observed):
    ...     sequence: int = 20
    ...     noise: float = 0.0
    ...     def load(self):
    ...         time = 0.1 * np.arange(1000)
    ...         return Recording.of(np.stack([np.sin(time), np.cos(time)], 1), (0.8, 0.1, 0.1), 0.1, "a circle")
    >>> task = Circle()
    >>> task.describe(), task.outputs
    ('a circle: x0, x1', 2)
    >>> batch = task.batch(task.data("train"), jax.random.key(0), size=3)
    >>> batch.first.shape, batch.targets.shape
    ((3, 2), (20, 3, 2))
    """

    observed: ClassVar[bool] = True
    quantities = (
        Quantity("mse", "lower", "mean squared error of the free run beside the data, from one start", unit="sd²"),
    )
    sequence: int
    noise: float

    @abc.abstractmethod
    def load(self) -> Recording:
        """Return the trajectory in its splits. It is cached. Every stretch is longer than `sequence` + 1 rows."""

    def fresh(self, rows: int, number: int) -> np.ndarray | None:
        """Return another true run of the system, for the floors of distances; None if the system is not known.

        Args:
            rows: its length.
            number: which one, 1, 2, ...; each is another run.

        Returns:
            (rows, N) in the units of `load`. Default: None.
        """
        return None

    def truth(self) -> System | Undefined:
        """Return the system as a map from one row to the next, for its own exponents. Default: it is not known."""
        return Undefined("the system behind a recording is not known")

    @property
    def inputs(self) -> int:
        return 0

    @property
    def outputs(self) -> int:
        return self.load().train.shape[1]

    def describe(self) -> str:
        recording = self.load()
        return f"{recording.source}: {', '.join(recording.names)}"

    def content_hash(self) -> str:
        digest = hashlib.sha256()
        recording = self.load()
        for split in SPLITS:
            array = getattr(recording, split)
            digest.update(f"{split}{array.shape}{array.dtype.str}".encode() + array.tobytes())
            if len(recording.starts[split]) > 1:
                digest.update(f"starts{recording.starts[split]}".encode())
        return digest.hexdigest()

    def keepsake(self) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Return what `Prepared.of` takes. With it a run can be used without the recording."""
        return keepsake(self.load(), self.done())

    def done(self) -> Mapping[str, Any]:
        """Return what was done to the data before `load` gave them, for `keepsake`.

        Keys are `detrend`, `smooth`, `every`, `standardize`, `file` and `known`, as in `Prepared`. Default: the data
        are standardized, and nothing else was done.
        """
        known = not isinstance(self.truth(), Undefined)
        return {"detrend": 0.0, "smooth": 0.0, "every": 1, "standardize": True, "file": "", "known": known}

    def data(self, split: Split) -> jax.Array | Stretches:
        recording = self.load()
        rows = jnp.asarray(getattr(recording, split), dtype=float)
        starts = recording.starts[split]
        if len(starts) == 1:
            return rows
        bounds = pairwise([*starts, len(rows)])
        return Stretches(rows, jnp.asarray(np.concatenate([np.arange(a, b - self.sequence) for a, b in bounds])))

    def batch(self, data: jax.Array | Stretches, key: jax.Array, size: int, step: IntLike = 0) -> Batch:
        k_start, k_noise = jax.random.split(key)
        if isinstance(data, Stretches):
            starts = data.begins[jax.random.randint(k_start, (size,), 0, data.begins.shape[0])]
            data = data.rows
        else:
            starts = jax.random.randint(k_start, (size,), 0, data.shape[0] - self.sequence)
        rows = data[starts[None, :] + jnp.arange(self.sequence + 1)[:, None]]
        rows = rows + self.noise * jax.random.normal(k_noise, rows.shape, dtype=rows.dtype)
        return Batch(None, rows[1:], rows[0])

    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        """Go through a split once, in windows of `sequence` + 1 rows that follow one another within the stretches.

        The targets of two windows do not overlap; rows at the end of a stretch that fill no window are left out.
        """
        recording = self.load()
        data = np.asarray(jnp.asarray(getattr(recording, split), dtype=float))
        bounds = pairwise([*recording.starts[split], len(data)])
        starts = np.concatenate([a + np.arange((b - a - 1) // self.sequence) * self.sequence for a, b in bounds])
        for begin in range(0, len(starts), size):
            rows = data[starts[begin : begin + size][None, :] + np.arange(self.sequence + 1)[:, None]]
            yield Batch(None, jnp.asarray(rows[1:]), jnp.asarray(rows[0]))

    def loss(self, outputs: jax.Array, batch: Batch) -> jax.Array:
        return jnp.square(outputs - _beside(batch.targets, outputs)).mean(axis=(0, -2, -1))

    def score(self, outputs: jax.Array, batch: Batch) -> dict[str, jax.Array]:
        return {"mse": self.loss(outputs, batch)}

    def reference(self) -> dict[str, float]:
        """Return the mean squared error over `sequence` steps of two trivial predictors.

        One always predicts the mean of the training data, the other the first row of the window (persistence).
        """
        windows = [(np.asarray(b.targets), np.asarray(b.first)) for b in self.examples("test", 10**9)]
        if not windows:
            return {}
        (targets, first), *_ = windows
        mean = np.asarray(self.load().train).mean(axis=0)
        return {
            "mse of the mean": float(((targets - mean) ** 2).mean()),
            "mse of persistence": float(((targets - first) ** 2).mean()),
        }


def is_observed(task: Mapping[str, Any]) -> bool:
    """Say whether a task in plain form, as a run keeps it, is an `Observed` one; False if its name is not known."""
    try:
        return issubclass(AbstractTask.registry.resolve(next(iter(task))), Observed)  # type: ignore[arg-type]
    except (SparseRNNError, StopIteration, TypeError):
        return False


def _beside(targets: Array, outputs: jax.Array) -> Array:
    """Give targets (T, B, N) the axes of outputs (T, ..., B, N)."""
    return targets.reshape(targets.shape[0], *(1,) * (outputs.ndim - targets.ndim), *targets.shape[1:])
