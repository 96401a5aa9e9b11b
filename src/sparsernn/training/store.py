"""Runs on disk: a directory named by what decides the trajectory, one checkpoint file as the commit point.

Layout of a run directory (all files are written beside and renamed, none is a pickle):
`spec.json` (resolved fields, data hash, round, parent), `history.csv`, `checkpoint.safetensors`, `weights.safetensors`,
`masks.safetensors`, `importance.safetensors` (geometry-pruned rounds), `measures.json`, `evidence.safetensors`,
`environment.json`, `timings.csv`, `outcome.json`, `lock`.
"""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from sparsernn.errors import DataError, StoreError, Undefined
from sparsernn.files import safetensors_file
from sparsernn.files.atomic import read_json, write_json, write_text
from sparsernn.weights import Weights, flatten, unflatten

FORMAT = 1
MARKER = "sparsernn.json"

ADVICE = {
    "finished": "All epochs are done.",
    "paused": "Stopped where it was asked to; the same run without `until` goes on from here.",
    "diverged": "The loss or a gradient was not finite. Lower the learning rate, set clip_norm (1 to 10), or shorten the "
    "sequence or the forcing interval; the last good weights are kept.",
    "interrupted": "Stopped from outside; the same command goes on from the last checkpoint.",
    "failed": "An error ended the run; see `why`.",
}


class Outcome(NamedTuple):
    """How a run stands: `name` is one of finished, paused, diverged, interrupted, failed, running."""

    name: str
    step: int
    why: str

    @property
    def advice(self) -> str:
        return ADVICE.get(self.name, "")


class Checkpoint(NamedTuple):
    """Everything a training needs to go on: arrays by name and a few plain values."""

    arrays: dict[str, np.ndarray]
    values: dict[str, Any]


class Record:
    """A run directory as its readers see it. Nothing is cached; missing parts raise a StoreError that says so."""

    def __init__(self, directory: str | Path):
        self.directory = Path(directory)
        if not (self.directory / "spec.json").is_file():
            raise StoreError(f"{directory} is no run directory (it has no spec.json); give the directory a run printed")
        self.about: dict[str, Any] = read_json(self.directory / "spec.json")
        if not isinstance(self.about, dict) or self.about.get("format") != FORMAT or "spec" not in self.about:
            raise StoreError(f"{directory}/spec.json was not written by this version's format ({FORMAT})")

    def __repr__(self) -> str:
        return f"Record({str(self.directory)!r}, round {self.round}, {self.outcome.name})"

    @property
    def spec(self) -> dict[str, Any]:
        """The run's spec in plain form; ``sparsernn.training.run.read_spec`` makes it an object."""
        return self.about["spec"]

    @property
    def round(self) -> int:
        return int(self.about["round"])

    @property
    def parent(self) -> Record | None:
        """The run whose weights this round was pruned from."""
        name = self.about["parent"]
        return None if name is None else Record(self.directory.parent / name[:16])

    def lineage(self) -> list[Record]:
        """The rounds from the first training to this one."""
        parent = self.parent
        return [*(parent.lineage() if parent else []), self]

    @property
    def outcome(self) -> Outcome:
        path = self.directory / "outcome.json"
        if not path.is_file():
            return Outcome("running", 0, "no outcome yet: the run goes on, or was killed; the same command resumes it")
        return Outcome(**{k: v for k, v in read_json(path).items() if k in Outcome._fields})

    def history(self) -> dict[str, np.ndarray]:
        """Columns of history.csv, one row an epoch; NaN where an epoch has no entry (selection is not taken at each)."""
        text = self._text("history.csv")
        rows = list(csv.DictReader(io.StringIO(text)))
        return {n: np.array([float(r[n]) if r[n] else np.nan for r in rows]) for n in rows[0]} if rows else {}

    def weights(self) -> Weights:
        """The selected weights, masked."""
        return unflatten(self._arrays("weights.safetensors"))

    def masks(self) -> dict[str, np.ndarray]:
        return {k: v.astype(bool) for k, v in self._arrays("masks.safetensors").items()}

    def measures(self) -> dict[str, Any]:
        """One entry a measure, by its identity: ``{"measure": plain form, "validation": {...}, "test": {...}}``, with
        Undefined where a number does not exist."""
        path = self.directory / "measures.json"
        return _undefined(read_json(path)) if path.is_file() else {}

    def evidence(self) -> dict[str, np.ndarray]:
        """Arrays behind the measures, for figures, as ``measure/name``."""
        return self._arrays("evidence.safetensors") if (self.directory / "evidence.safetensors").is_file() else {}

    def importance(self) -> dict[str, np.ndarray]:
        """Scores of single weights this round was pruned by, where it was pruned by geometry."""
        path = self.directory / "importance.safetensors"
        return self._arrays(path.name) if path.is_file() else {}

    def environment(self) -> dict[str, Any]:
        return read_json(self.directory / "environment.json")

    def seconds(self) -> float:
        """Wall-clock seconds spent on this directory, over all its sittings."""
        path = self.directory / "timings.csv"
        if not path.is_file():
            return 0.0
        return sum(float(row["seconds"]) for row in csv.DictReader(io.StringIO(self._text("timings.csv"))))

    def _text(self, name: str) -> str:
        try:
            return (self.directory / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"{self.directory / name} cannot be read ({error}); run the same command again") from None

    def _arrays(self, name: str) -> dict[str, np.ndarray]:
        if not (self.directory / name).is_file():
            raise StoreError(f"{self.directory} has no {name} yet (outcome: {self.outcome.name}); finish the run first")
        return safetensors_file.read(self.directory / name)[0]


def _undefined(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"undefined"}:
            return Undefined(value["undefined"])
        return {k: _undefined(v) for k, v in value.items()}
    return [_undefined(v) for v in value] if isinstance(value, list) else value


class Directory(Record):
    """A run directory being written. Use `opened`, which holds its lock."""

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """The commit point: history.csv is already on disk up to ``values["history_bytes"]``."""
        values = json.dumps(checkpoint.values, sort_keys=True, allow_nan=False)
        safetensors_file.write(self.directory / "checkpoint.safetensors", checkpoint.arrays, {"values": values})

    def load_checkpoint(self) -> Checkpoint | None:
        """The last checkpoint, with history.csv cut back to it. None if there is none. StoreError if it is damaged."""
        path = self.directory / "checkpoint.safetensors"
        if not path.is_file():
            self.cut_history(0)
            return None
        try:
            arrays, about = safetensors_file.read(path)
            values = json.loads(about["values"])
        except (DataError, KeyError, ValueError) as error:
            raise StoreError(
                f"{path} is damaged ({error}); delete that file to begin this training again from its start"
            ) from None
        self.cut_history(int(values["history_bytes"]))
        return Checkpoint(arrays, values)

    def cut_history(self, size: int) -> None:
        path = self.directory / "history.csv"
        if path.is_file() and path.stat().st_size > size:
            os.truncate(path, size)

    def add_history(self, row: Mapping[str, Any]) -> int:
        """Append one row (floats written exactly), flush it to the disk; the size of the file afterwards."""
        path = self.directory / "history.csv"
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        if not path.is_file() or path.stat().st_size == 0:
            writer.writerow(row)
        writer.writerow("" if v is None or v != v else v for v in row.values())
        try:
            with path.open("a", encoding="utf-8", newline="") as file:
                file.write(buffer.getvalue())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"{path} cannot be written ({error.strerror}); free some space, then run again") from None
        return path.stat().st_size

    def save(self, weights: Weights, masks: Mapping[str, Any]) -> None:
        about = {"run": self.about["identity"]}
        flat = {path: np.asarray(a) for path, a in flatten(weights).items()}
        safetensors_file.write(self.directory / "weights.safetensors", flat, about)
        safetensors_file.write(
            self.directory / "masks.safetensors", {p: np.asarray(m, dtype=bool) for p, m in masks.items()}, about
        )

    def save_json(self, name: str, value: Any) -> None:
        write_json(self.directory / name, value)

    def save_arrays(self, name: str, arrays: Mapping[str, Any]) -> None:
        safetensors_file.write(self.directory / name, {k: np.asarray(v) for k, v in arrays.items()}, {})

    def add_seconds(self, what: str, seconds: float) -> None:
        path = self.directory / "timings.csv"
        text = path.read_text(encoding="utf-8") if path.is_file() else "what,seconds\n"
        write_text(path, text + f"{what},{seconds:.3f}\n")

    def begin(self) -> None:
        """A new sitting: until it is concluded, the run has no outcome."""
        (self.directory / "outcome.json").unlink(missing_ok=True)

    def conclude(self, outcome: Outcome) -> None:
        write_json(self.directory / "outcome.json", {**outcome._asdict(), "advice": outcome.advice})


def open_store(store: str | Path) -> Path:
    """Make or take up a directory of runs. StoreError if it holds something else."""
    store = Path(store)
    try:
        if store.exists() and not store.is_dir():
            raise StoreError(f"{store} is a file; give a directory for the runs")
        if store.is_dir() and not (store / MARKER).is_file() and any(store.iterdir()):
            raise StoreError(f"{store} holds something else (no {MARKER} in it); give an empty or a new directory")
        store.mkdir(parents=True, exist_ok=True)
        if not (store / MARKER).is_file():
            write_json(store / MARKER, {"what": "runs of sparsernn", "format": FORMAT})
    except OSError as error:
        raise StoreError(f"{store} cannot be used for runs ({error.strerror or error})") from None
    return store


@contextmanager
def opened(store: Path, about: dict[str, Any]) -> Iterator[Directory]:
    """The directory of one run, made if need be, held by a lock for as long as the context lasts."""
    directory = store / about["identity"][:16]
    directory.mkdir(exist_ok=True)
    with _locked(directory):
        path = directory / "spec.json"
        if not path.is_file():
            write_json(path, about)
        elif read_json(path).get("identity") != about["identity"]:
            raise StoreError(f"{directory} belongs to another run; give another store")
        if not (directory / "environment.json").is_file():
            write_json(directory / "environment.json", environment())
        yield Directory(directory)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows: best effort, no lock
        yield
        return
    with (directory / "lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise StoreError(
                f"{directory} is being run by another process ({lock.read().strip() or 'unknown'}); "
                "wait for it, or give another store"
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(f"pid {os.getpid()} on {socket.gethostname()}\n")
        lock.flush()
        yield


def environment() -> dict[str, Any]:
    """Versions and machine, for the record; no user names, no paths."""
    names = ("sparsernn", "jax", "jaxlib", "optax", "numpy", "scipy", "numba", "safetensors")
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "devices": [str(d) for d in jax.devices()],
        "versions": {n: metadata.version(n) for n in names},
    }


def pack(tree: Any) -> dict[str, np.ndarray]:
    """The leaves of a pytree by the path to them."""
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def unpack(template: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """A pytree like `template` with its leaves from `pack`. StoreError where a leaf is missing or has another shape."""
    leaves = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(template):
        name = jax.tree_util.keystr(path)
        found = arrays.get(name)
        if found is None or found.shape != np.shape(leaf) or found.dtype != leaf.dtype:
            raise StoreError(f"the checkpoint does not fit this run: {name} is {None if found is None else found.shape}")
        leaves.append(jax.numpy.asarray(found))
    return jax.tree.unflatten(jax.tree.structure(template), leaves)
