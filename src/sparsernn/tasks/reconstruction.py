"""Dynamical systems reconstruction: learn the system behind a recorded series."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn import operands
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.quantity import Quantity
from sparsernn.rules import at_least, holds, positive
from sparsernn.spec import scaling
from sparsernn.systems.base import AbstractKnownSystem
from sparsernn.tasks.base import SPLITS, AbstractTask, Batch, Split
from sparsernn.tasks.prepared import Prepared, hash_of, keepsake, sentences
from sparsernn.tasks.recording import Recording, forget_changed, load

__all__ = ["Prepared", "Reconstruction", "Recording", "Stretches", "preparation"]


class Stretches(NamedTuple):
    """Rows (T, N) of several stretches, and all rows from which a whole training sequence lies within one."""

    rows: jax.Array
    begins: jax.Array


@dataclass(frozen=True)
class Reconstruction(AbstractTask):
    r"""Sequences of a recorded or simulated series, to be continued by the network on its own.

    The data: exactly one of `system` (simulated, `rows` rows), `file` (any format of `sparsernn.files.series`), or
    `recording` (one that ships with the package: ``ecg``). Several files are stretches that do not follow one another.
    `columns` picks columns, `reading` says how a file is to be read, `dt` overrides the sampling interval.
    `split` cuts train, validation and test one after the other in time. Of five or more stretches (trials) whole ones
    go to the three, at the boundaries nearest to the shares; fewer, or very unequal ones, are divided in time
    (`sparsernn.tasks.recording.cut`). Then, each stretch for itself, `detrend`
    subtracts a moving Gaussian mean of that many rows (sd; 0: none), `smooth` filters with one, `every` keeps every so
    many-th row, and `lags` delay-embeds a single column (a list in rows, ``auto`` for the method of
    `sparsernn.dynamics.embedding`, None for none). `standardize` subtracts the training stretch's mean and divides by
    its sd. Nothing crosses the boundary of two stretches: no filter, delay, training sequence, spectrum. Stretches too
    short for a filter, the lags or one training sequence are left out, and counted in `Recording.notes`.

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
    quantities = (
        Quantity("mse", "lower", "mean squared error of the free run beside the data, from one start", unit="sd²"),
    )

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
        return load(operands.split(self)[0])  # numbers that scale are no matter of the data

    def refresh(self) -> None:
        forget_changed(self)

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
        return keepsake(self, self.load())

    def unchanged(self, metadata: dict[str, str]) -> bool:
        """By the sha256 of the files' bytes. What is simulated is always simulated again."""
        if self.recording is not None:
            from sparsernn.files.example import SHA256

            return bool(metadata.get("file_sha256") == json.dumps(SHA256))
        if self.file is None:
            return False
        files = [Path(file) for file in ([self.file] if isinstance(self.file, str) else self.file)]
        known = json.loads(metadata.get("file_sha256", "null"))
        return bool(known) and hash_of(files) == known

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


def _beside(targets: Any, outputs: jax.Array) -> Any:
    """Targets (T, B, N) beside outputs (T, ..., B, N)."""
    return targets.reshape(targets.shape[0], *(1,) * (outputs.ndim - targets.ndim), *targets.shape[1:])


def preparation(task: Reconstruction) -> tuple[str, ...]:
    """What was really done to the data of a task, a sentence each; empty if nothing was. Reads the recording."""
    recording = task.load()
    return sentences(Prepared.of(*keepsake(task, recording)))
