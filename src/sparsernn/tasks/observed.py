"""What every task must have whose outputs are the recorded variables of a dynamical system.

Whatever reconstructs a system and judges the reconstruction (the measures `reconstruction` and `baselines`, forcing,
free runs, reports) asks for an `Observed` task and for no other.
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


class Recording(NamedTuple):
    """The series as the network sees it: `train`, `validation` and `test` (T, N).

    In the units of the file: ``values * scale + mean``. `dt` is the sampling interval (None: unknown), `lags` the delay
    embedding in samples (None: none) with `embedding` saying how they came about. `starts` has for every split the
    first rows of its stretches: rows before and after such a place do not follow one another. `trials`: every stretch
    is whole, and begins where one of the recording does (`sparsernn.tasks.recording.cut`). `channels` are the names
    before the embedding; `notes` say what was left out. `sha256`: of the files' bytes, where there are files.
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
        """Of one series (T, N) without a gap: cut one after the other in time, standardized by the training part."""
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
        """The stretches of a split, (T_i, N) each."""
        return np.split(getattr(self, split), self.starts[split][1:])

    def shortest(self) -> int:
        """Rows of the shortest stretch of all splits: what a training sequence must fit into."""
        return min(len(part) for split in SPLITS for part in self.stretches(split))


class Stretches(NamedTuple):
    """Rows (T, N) of several stretches, and all rows from which a whole training sequence lies within one."""

    rows: jax.Array
    begins: jax.Array


class Observed(AbstractTask):
    r"""Sequences of a trajectory, to be continued by the network on its own. A member has the fields `sequence` (rows
    of a training sequence) and `noise`, and gives the trajectory (`load`).

    A batch: start rows uniform with replacement, `sequence` + 1 consecutive rows each, Gaussian `noise` (in the units
    of the trajectory, mostly sd) added freshly to all of them, so that both forcing signal and target are noisy; the
    first row begins the state, the others are targets. Loss: mean squared error over time, columns, batch.
    """

    observed: ClassVar[bool] = True
    quantities = (
        Quantity("mse", "lower", "mean squared error of the free run beside the data, from one start", unit="sd²"),
    )
    sequence: int
    noise: float

    @abc.abstractmethod
    def load(self) -> Recording:
        """The trajectory, cut into splits; cached. A stretch is longer than `sequence` + 1 rows."""

    def fresh(self, rows: int, number: int) -> np.ndarray | None:
        """Another true run of the system (rows, N) in the units of `load`, the `number`-th (1, 2, ...), for the floors
        of distances; None where the system is not known. Default: None."""
        return None

    def truth(self) -> System | Undefined:
        """The system as a map of one row, for its own exponents. Default: it is not known."""
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
        """What `Prepared.of` takes: a run with it needs neither the recording nor its place."""
        return keepsake(self.load(), self.done())

    def done(self) -> Mapping[str, Any]:
        """What was done to the data that is no matter of `load`: `detrend`, `smooth`, `every`, `standardize`, `file`,
        `known`, as in `Prepared`. Default: standardized, nothing else."""
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

    def batch(self, data: jax.Array | Stretches, key: jax.Array, size: int, step: Any = 0) -> Batch:
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
        """Windows that follow one another without overlap, within the stretches."""
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
        """Open-loop mean squared error over `sequence` steps of: the training mean, and staying at the first row."""
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
    """Whether a task in its plain form, as a run keeps it, is one; False for one that this version does not know."""
    try:
        return issubclass(AbstractTask.registry.resolve(next(iter(task))), Observed)  # type: ignore[arg-type]
    except (SparseRNNError, StopIteration, TypeError):
        return False


def _beside(targets: Any, outputs: jax.Array) -> Any:
    """Targets (T, B, N) beside outputs (T, ..., B, N)."""
    return targets.reshape(targets.shape[0], *(1,) * (outputs.ndim - targets.ndim), *targets.shape[1:])
