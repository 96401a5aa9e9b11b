"""Writing runs: a directory named by what decides the trajectory, held by a lock, one checkpoint as commit point."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
import platform
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from sparsernn.errors import DataError, Interrupted, StoreError
from sparsernn.files import safetensors_file
from sparsernn.files.atomic import read_json, write_json, write_text
from sparsernn.masks import Prunable
from sparsernn.training.record import FORMAT, Outcome, Record
from sparsernn.weights import Weights, flatten

__all__ = ["FORMAT", "Checkpoint", "Directory", "Outcome", "Record", "open_store", "opened", "pack", "unpack"]

MARKER = "sparsernn.json"
PATIENCE = 0.2
"""Seconds between two looks at a lock that is waited for."""


class Checkpoint(NamedTuple):
    """Everything a training needs to go on: arrays by name and a few plain values (`step`, `history_bytes`, `best`)."""

    arrays: dict[str, np.ndarray]
    values: dict[str, Any]


class Directory(Record):
    """A run directory being written. Use `opened`, which holds its lock."""

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """The commit point: history.csv is already on disk up to ``values["history_bytes"]``."""
        seen = {"history_sha256": self._history_sha256(int(checkpoint.values["history_bytes"]))}
        values = json.dumps(checkpoint.values | seen, sort_keys=True, allow_nan=False)
        about = {"run": self.identity, "values": values}
        safetensors_file.write(self.directory / "checkpoint.safetensors", checkpoint.arrays, about)

    def load_checkpoint(self) -> Checkpoint | None:
        """The last checkpoint, with history.csv cut back to it. None if there is none. StoreError if it is damaged,
        belongs to another run, or history.csv is shorter than when it was written."""
        path, history = self.directory / "checkpoint.safetensors", self.directory / "history.csv"
        again = "to begin this training again from its start"
        size, written = 0, history.stat().st_size if history.is_file() else 0
        checkpoint = None
        if path.is_file():
            try:
                arrays, about = safetensors_file.read(path)
                values = json.loads(about["values"])
                size, _, expected = int(values["history_bytes"]), int(values["step"]), values["history_sha256"]
                _ = values["best"]["worth"], values["best"]["epoch"]
            except (DataError, KeyError, TypeError, ValueError) as error:
                raise StoreError(f"{path} is damaged ({error}); delete that file {again}") from None
            if about.get("run") != self.identity:
                raise StoreError(f"{path} is the checkpoint of another run; delete that file {again}")
            if written < size:
                raise StoreError(
                    f"{history} has {written} bytes, its checkpoint was written at {size}; delete {path.name} {again}"
                )
            if self._history_sha256(size) != expected:
                raise StoreError(
                    f"{history} is not what it was when its checkpoint was written; delete {path.name} {again}"
                )
            checkpoint = Checkpoint(arrays, values)
        if written > size:
            with _writing(history):
                os.truncate(history, size)
        return checkpoint

    def _history_sha256(self, size: int) -> str:
        """Of the first `size` bytes of history.csv."""
        path = self.directory / "history.csv"
        if not size:
            return hashlib.sha256().hexdigest()
        with _writing(path), path.open("rb") as file:
            return hashlib.sha256(file.read(size)).hexdigest()

    def add_history(self, row: Mapping[str, Any]) -> int:
        """Append one row (floats written exactly, None and NaN as nothing), flush it; the size of the file after."""
        path = self.directory / "history.csv"
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        with _writing(path):
            if not path.is_file() or path.stat().st_size == 0:
                writer.writerow(row)
            writer.writerow("" if v is None or v != v else v for v in row.values())
            with path.open("a", encoding="utf-8", newline="") as file:
                file.write(buffer.getvalue())
                file.flush()
                os.fsync(file.fileno())
            return path.stat().st_size

    def save(
        self, weights: Weights, masks: Mapping[str, Any], prunables: Iterable[Prunable], regularizers: Mapping[str, Any]
    ) -> None:
        """Weights (with what may be pruned of them in the metadata), masks, and arrays of regularizers if any."""
        about = {"run": self.identity, "prunables": json.dumps([p._asdict() for p in prunables])}
        flat = {path: np.asarray(a) for path, a in flatten(weights).items()}
        safetensors_file.write(self.directory / "weights.safetensors", flat, about)
        self.save_arrays("masks.safetensors", {p: np.asarray(m, dtype=bool) for p, m in masks.items()})
        if regularizers:
            self.save_arrays("regularizers.safetensors", regularizers)

    def keep(self, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
        """What the task wants kept, once."""
        path = self.directory / "prepared.safetensors"
        if not path.is_file():
            safetensors_file.write(path, arrays, {**metadata, "run": self.identity})

    def save_json(self, name: str, value: Any) -> None:
        write_json(self.directory / name, value)

    def save_arrays(self, name: str, arrays: Mapping[str, Any]) -> None:
        safetensors_file.write(
            self.directory / name, {k: np.asarray(v) for k, v in arrays.items()}, {"run": self.identity}
        )

    def add_seconds(self, what: str, seconds: float) -> None:
        path = self.directory / "timings.csv"
        text = self._text("timings.csv") if path.is_file() else "what,seconds\n"
        write_text(path, text + f"{what},{seconds:.3f}\n")

    def begin(self) -> None:
        """A new sitting: until it is concluded, the run has no outcome."""
        path = self.directory / "outcome.json"
        with _writing(path):
            path.unlink(missing_ok=True)

    def conclude(self, outcome: Outcome) -> None:
        write_json(self.directory / "outcome.json", {**outcome._asdict(), "advice": outcome.advice})


def open_store(store: str | Path) -> Path:
    """Make or take up a directory of runs. StoreError if it holds something else, or cannot be used."""
    store = Path(store)
    marker = store / MARKER
    with _writing(store):
        if store.exists() and not store.is_dir():
            raise StoreError(f"{store} is a file; give a directory for the runs")
        # looked at before the marker: another process that has put a run here has put the marker before
        others = [p for p in store.iterdir() if not p.name.startswith(f".{MARKER}.")] if store.is_dir() else []
        if others and not marker.is_file():
            raise StoreError(f"{store} holds something else (no {MARKER} in it); give an empty or a new directory")
        store.mkdir(parents=True, exist_ok=True)
        if not marker.is_file():
            write_json(marker, {"what": "runs of sparsernn", "format": FORMAT})
    try:
        about = read_json(marker)
    except DataError as error:
        raise StoreError(f"{marker} is damaged; delete that file if only runs are beside it ({error})") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise StoreError(f"{marker} was not written by this version (format {FORMAT}); give a new directory")
    return store


@contextmanager
def opened(
    store: Path, about: dict[str, Any], wait: bool = False, stopped: Callable[[], bool] = lambda: False
) -> Iterator[Directory]:
    """The directory of one run, made if need be, held by a lock for as long as the context lasts. If another process
    (or thread) holds it: a StoreError, or with `wait` patience, until `stopped` says so (then Interrupted)."""
    directory = store / about["identity"][:16]
    with _writing(directory):
        directory.mkdir(exist_ok=True)
    with _locked(directory, wait, stopped):
        for left in directory.glob(".*.tmp"):  # of a process that was killed
            with suppress(OSError):
                left.unlink()
        if not (directory / "spec.json").is_file():
            write_json(directory / "spec.json", about)
        run = Directory(directory)
        if run.identity != about["identity"]:
            raise StoreError(f"{directory} belongs to another run; give another store")
        if run.about != about:  # what does not decide the training: measures, number of rounds, where the data lie
            write_json(directory / "spec.json", about)
            run = Directory(directory)
        if not (directory / "environment.json").is_file():
            write_json(directory / "environment.json", environment())
        yield run


@contextmanager
def _locked(directory: Path, wait: bool, stopped: Callable[[], bool]) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows: best effort, no lock
        yield
        return
    with _writing(directory / "lock"):
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                holder = os.pread(lock, 200, 0).decode(errors="replace").strip() or "unknown"
                if not wait:
                    raise StoreError(
                        f"{directory} is being run by another process ({holder}); wait for it, or give another store"
                    ) from None
            except OSError as error:
                raise StoreError(
                    f"{directory} cannot be locked: {error.strerror or error}; is it a network disk?"
                ) from None
            if stopped():
                raise Interrupted(
                    f"stopped while waiting for the training at {directory} ({holder}); the same command goes on"
                )
            time.sleep(PATIENCE)
        with suppress(OSError):  # only for the message above
            os.truncate(lock, 0)
            os.pwrite(lock, f"pid {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn what the system refuses into a StoreError."""
    try:
        yield
    except OSError as error:
        room = "make room or " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise StoreError(
            f"{path} cannot be written: {error.strerror or error}; {room}give another directory, then run again"
        ) from None


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
    """The leaves of a pytree by the path to them, as in ``weights/cell0/recurrent``."""
    return {_name(path): np.asarray(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def _name(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="/")


def unpack(template: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """A pytree like `template` with its leaves from `pack`. StoreError where a leaf is missing or is another array."""
    leaves = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(template):
        name = _name(path)
        found = arrays.get(name)
        if found is None or found.shape != np.shape(leaf) or found.dtype != leaf.dtype:
            got = "missing" if found is None else f"{found.dtype} {found.shape}"
            raise StoreError(
                f"the checkpoint does not fit this run: {name} is {got}, expected {leaf.dtype} {np.shape(leaf)}; "
                "delete checkpoint.safetensors to begin this training again from its start"
            )
        leaves.append(jax.numpy.asarray(found))
    return jax.tree.unflatten(jax.tree.structure(template), leaves)
