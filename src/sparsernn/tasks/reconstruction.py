"""Dynamical systems reconstruction: learn the system behind a recorded series."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from sparsernn import operands
from sparsernn.errors import Undefined
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.rules import at_least, holds, positive
from sparsernn.spec import scaling
from sparsernn.system import System
from sparsernn.systems.base import AbstractKnownSystem
from sparsernn.tasks.observed import Observed, Recording
from sparsernn.tasks.prepared import Prepared, hash_of, sentences
from sparsernn.tasks.recording import forget_changed, load

__all__ = ["Prepared", "Reconstruction", "Recording", "preparation"]


@dataclass(frozen=True)
class Reconstruction(Observed):
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

    Batches, loss and scores are those of every `Observed` task.
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

    def load(self) -> Recording:
        """The recording, read, embedded, standardized and cut; cached. DataError or SpecError if it cannot be."""
        return load(operands.split(self)[0])  # numbers that scale are no matter of the data

    def refresh(self) -> None:
        forget_changed(self)

    def done(self) -> Mapping[str, Any]:
        names = ("detrend", "smooth", "every", "standardize")
        file = self.file if isinstance(self.file, str) else "\n".join(self.file or ())
        return {name: getattr(self, name) for name in names} | {"file": file, "known": self.system is not None}

    def fresh(self, rows: int, number: int) -> np.ndarray | None:
        """Of a known system: simulated from another seed, prepared as the series was, of which none of it is part."""
        if self.system is None:
            return None
        recording = self.load()
        simulated = (rows + max(recording.lags or (0,)) + 2) * 2 * self.every
        other = replace(
            self,
            rows=simulated,
            seed=self.seed + number,
            lags=recording.lags,
            standardize=False,
            split=(0.5, 0.25, 0.25),
            sequence=1,
        )
        return ((other.load().train - recording.mean) / recording.scale)[:rows]

    def truth(self) -> System | Undefined:
        if self.system is None:
            return super().truth()
        return self.system.system() if self.every == 1 else Undefined("rows are left out")

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


def preparation(task: Reconstruction) -> tuple[str, ...]:
    """What was really done to the data of a task, a sentence each; empty if nothing was. Reads the recording."""
    return sentences(Prepared.of(*task.keepsake()))
