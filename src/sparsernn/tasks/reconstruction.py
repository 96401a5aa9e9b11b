"""Dynamical systems reconstruction: learn the system behind a recorded series."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.ndimage import gaussian_filter1d

from sparsernn import operands
from sparsernn.dynamics.embedding import choose_lags, embed
from sparsernn.errors import DataError, SpecError
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.rules import at_least, holds, positive
from sparsernn.spec import scaling
from sparsernn.systems.base import AbstractKnownSystem
from sparsernn.tasks.base import SPLITS, AbstractTask, Batch, Split


class Recording(NamedTuple):
    """The series as the network sees it: `values` (T, N) standardized, one contiguous stretch a split.

    In the units of the file: ``values * scale + mean``. `dt` is the sampling interval (None: unknown), `lags` the delay
    embedding in samples (None: none) with `embedding` saying how they came about. `starts` has for every split the
    first rows of its stretches: rows before and after such a place do not follow one another.
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


@dataclass(frozen=True)
class Reconstruction(AbstractTask):
    r"""Sequences of a recorded or simulated series, to be continued by the network on its own.

    The data: exactly one of `system` (simulated, `rows` rows), `file` (any format of `sparsernn.files.series`), or
    `recording` (one that ships with the package: ``ecg``). Several files are stretches that do not follow one another.
    `columns` picks columns, `reading` says how a file is to be read, `dt` overrides the sampling interval.
    `split` cuts train, validation and test one after the other in time; then, each stretch for itself, `detrend`
    subtracts a moving Gaussian mean of that many rows (sd; 0: none), `smooth` filters with one, `every` keeps every so
    many-th row, and `lags` delay-embeds a single column (a list in rows, ``auto`` for the method of
    `sparsernn.dynamics.embedding`, None for none). `standardize` subtracts the training stretch's mean and divides by
    its sd.

    A batch: start rows uniform with replacement, `sequence` + 1 consecutive rows each, Gaussian `noise` (in sd of the
    standardized series) added freshly to all of them, so that both forcing signal and target are noisy; the first row
    begins the state, the others are targets. Loss: mean squared error over time, columns, batch.
    Source: arXiv 2406.04934 ; the split in time is ours: the paper scores on the rows it
    trained on.
    """

    system: AbstractKnownSystem | None = None
    file: str | tuple[str, ...] | None = None
    recording: str | None = None
    rows: int = 100_000
    seed: int = 0
    columns: tuple[str | int, ...] | None = None
    reading: Reading = AS_FOUND
    dt: float | None = None
    detrend: float = 0.0
    smooth: float = 0.0
    every: int = 1
    lags: tuple[int, ...] | Literal["auto"] | None = None
    standardize: bool = True
    split: tuple[float, float, float] = (0.6, 0.2, 0.2)
    sequence: int = 200
    noise: float = 0.05

    scales = scaling("noise")
    places: ClassVar[tuple[str, ...]] = ("file",)
    observed: ClassVar[bool] = True
    better: ClassVar[dict[str, Literal["lower", "higher"]]] = {"mse": "lower"}

    rules = (
        holds(
            lambda system, file, recording: (system, file, recording).count(None) == 2,
            lambda **given: (
                "give exactly one of system, file, recording; got "
                + (", ".join(name for name, value in given.items() if value is not None) or "none")
            ),
        ),
        holds(
            lambda reading, file: reading == AS_FOUND or file is not None,
            "reading says how a file is to be read: give file",
        ),
        holds(
            lambda columns, recording: columns is None or recording is None,
            "columns: the recording that ships has one",
        ),
        at_least(2, "rows"),
        at_least(1, "sequence"),
        at_least(0, "noise"),
        holds(lambda seed: 0 <= seed < 2**32, "seed must lie in [0, 2^32), got {seed}"),
        holds(
            lambda columns: columns is None or 0 < len(columns) == len(set(columns)),
            "columns: at least one, each once, got {columns}",
        ),
        holds(lambda detrend: detrend == 0 or detrend >= 0.1, "detrend: 0 (none) or at least 0.1 rows, got {detrend}"),
        holds(lambda smooth: smooth == 0 or smooth >= 0.1, "smooth: 0 (none) or at least 0.1 rows, got {smooth}"),
        holds(lambda lags: lags is None or lags == "auto" or min(lags, default=-1) >= 0, "lags: 0 or more, got {lags}"),
        at_least(1, "every"),
        positive("dt"),
        holds(lambda split: min(split) > 0, "split needs three positive shares (train, validation, test), got {split}"),
        holds(
            lambda split: abs(sum(split) - 1) < 1e-6, lambda split: f"split must sum to 1, got {split} = {sum(split):g}"
        ),
    )

    @property
    def inputs(self) -> int:
        return 0

    @property
    def outputs(self) -> int:
        return self.load().train.shape[1]

    def load(self) -> Recording:
        """The recording, read, embedded, standardized and cut; cached. DataError or SpecError if it cannot be."""
        return _load(operands.split(self)[0])  # numbers that scale are no matter of the data

    def describe(self) -> str:
        recording = self.load()
        return f"{recording.source}: {', '.join(recording.names)}"

    def content_hash(self) -> str:
        digest = hashlib.sha256()
        for split in SPLITS:
            array = getattr(self.load(), split)
            digest.update(f"{split}{array.shape}{array.dtype.str}".encode() + array.tobytes())
        return digest.hexdigest()

    def data(self, split: Split) -> jax.Array:
        return jnp.asarray(getattr(self.load(), split), dtype=float)

    def batch(self, data: jax.Array, key: jax.Array, size: int, step: Any = 0) -> Batch:
        k_start, k_noise = jax.random.split(key)
        starts = jax.random.randint(k_start, (size,), 0, data.shape[0] - self.sequence)
        rows = data[starts[None, :] + jnp.arange(self.sequence + 1)[:, None]]
        rows = rows + self.noise * jax.random.normal(k_noise, rows.shape, dtype=rows.dtype)
        return Batch(None, rows[1:], rows[0])

    def examples(self, split: Split, size: int) -> Iterator[Batch]:
        """Windows that follow one another without overlap."""
        data = np.asarray(self.data(split))
        count = (len(data) - 1) // self.sequence
        starts = np.arange(count) * self.sequence
        for begin in range(0, count, size):
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


def _beside(targets: Any, outputs: jax.Array) -> Any:
    """Targets (T, B, N) beside outputs (T, ..., B, N)."""
    return targets.reshape(targets.shape[0], *(1,) * (outputs.ndim - targets.ndim), *targets.shape[1:])


@lru_cache(maxsize=16)
def _load(task: Reconstruction) -> Recording:
    values, names, dt, source = _values(task)
    edges = np.round(np.cumsum(task.split) * len(values)).astype(int)
    # cut first: filters and delays must not carry values from one stretch into another
    parts = dict(zip(SPLITS, np.split(values, edges[:-1]), strict=True))
    shortest = min(len(part) for part in parts.values())
    for name in ("detrend", "smooth"):
        if getattr(task, name) > shortest:
            raise SpecError(f"{name}: a width of {getattr(task, name):g} rows, the shortest stretch has {shortest}")
    if task.detrend:
        parts = {s: part - gaussian_filter1d(part, task.detrend, axis=0) for s, part in parts.items()}
    if task.smooth:
        parts = {s: gaussian_filter1d(part, task.smooth, axis=0) for s, part in parts.items()}
    parts = {s: part[:: task.every] for s, part in parts.items()}
    dt = None if dt is None else dt * task.every
    lags, embedding = None, "none"
    if task.lags is not None:
        lags, embedding = _lags(parts["train"], task)
        parts = {s: _embedded(part, lags, s, source) for s, part in parts.items()}
        names = tuple(f"{names[0]}(t{lag:+d})" if lag else names[0] for lag in lags)
    for split, part in parts.items():
        if len(part) < task.sequence + 2:
            raise DataError(
                f"{source}: the {split} stretch has {len(part)} rows, fewer than one training sequence "
                f"({task.sequence} + 2); use a longer recording, a shorter sequence or another split"
            )
    for split, part in parts.items():
        flat = np.ptp(part, axis=0) == 0
        if flat.any():
            raise DataError(
                f"{source}: column {names[int(np.argmax(flat))]} is constant over the {split} stretch (rows in time: "
                "train, validation, test); leave it out, or cut the recording elsewhere with another split"
            )
    mean, scale = np.zeros(len(names)), np.ones(len(names))
    if task.standardize:
        with np.errstate(all="ignore"):
            mean, scale = parts["train"].mean(axis=0), parts["train"].std(axis=0)
        wild = ~(np.isfinite(mean) & np.isfinite(scale) & (scale > 1e-150))
        if wild.any():
            raise DataError(
                f"{source}: column {names[int(np.argmax(wild))]} has values too large or too small to be standardized; "
                "rescale it"
            )
    train, validation, test = (((parts[s] - mean) / scale) for s in SPLITS)
    return Recording(
        train, validation, test, mean, scale, names, dt, lags, embedding, source, dict.fromkeys(SPLITS, (0,))
    )


def _values(task: Reconstruction) -> tuple[np.ndarray, tuple[str, ...], float | None, str]:
    if task.system is not None:
        values = task.system.simulate(task.rows, seed=task.seed)
        names: tuple[str, ...] = tuple("xyzuvw"[i] if i < 6 else f"x{i}" for i in range(values.shape[1]))
        if task.columns is not None:
            unknown = [str(c) for c in task.columns if c not in (*names, *range(len(names)))]
            if unknown:
                raise SpecError(f"columns: {', '.join(unknown)} not in {', '.join(names)}")
            picked = [c if isinstance(c, int) else names.index(c) for c in task.columns]
            values, names = values[:, picked], tuple(names[c] for c in picked)
        return values, names, task.system.dt, f"simulated {type(task.system).__name__}"
    if task.recording is not None:
        from sparsernn.files.example import example_recording

        series = example_recording(task.recording)
    else:
        from sparsernn.files.series import read_series

        assert task.file is not None
        series = read_series(task.file, columns=task.columns, dt=task.dt, reading=task.reading)
    return series.values, series.names, series.dt if task.dt is None else task.dt, series.source


def _lags(train: np.ndarray, task: Reconstruction) -> tuple[tuple[int, ...], str]:
    if train.shape[1] != 1:
        raise SpecError(
            f"lags: delay embedding takes one column, the data have {train.shape[1]}; choose one by columns"
        )
    if task.lags != "auto":
        assert task.lags is not None
        return task.lags, "given"
    chosen = choose_lags(train[:, 0])
    return tuple(int(lag) for lag in chosen.lags), f"{chosen.method}: {chosen.why}"


def _embedded(part: np.ndarray, lags: tuple[int, ...], split: str, source: str) -> np.ndarray:
    if len(part) <= max(lags):
        raise DataError(
            f"{source}: the {split} stretch has {len(part)} rows, fewer than the longest lag of {max(lags)}"
        )
    return embed(part[:, 0], lags)
