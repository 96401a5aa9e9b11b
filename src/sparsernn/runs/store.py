"""Stores of runs: directories named by what decides the trajectory, each held by a lock while it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sparsernn.errors import DataError, StoreError
from sparsernn.files import sealed
from sparsernn.files.atomic import read_json, write_bytes, write_json
from sparsernn.runs.checkpoint import Checkpoint, pack, unpack
from sparsernn.runs.directory import Directory
from sparsernn.runs.lock import locked
from sparsernn.runs.outcome import Outcome
from sparsernn.runs.record import Record
from sparsernn.runs.refusals import writing
from sparsernn.runs.run_files import FORMAT
from sparsernn.runs.snapshots import FOLDER

__all__ = ["FORMAT", "Checkpoint", "Directory", "Outcome", "Record", "open_store", "opened", "pack", "unpack"]

MARKER = "sparsernn.json"


def open_store(store: str | Path) -> Path:
    """Make or take up a directory of runs. StoreError if it holds something else, or cannot be used."""
    store = Path(store)
    marker = store / MARKER
    with writing(store):
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
    with writing(directory):
        directory.mkdir(exist_ok=True)
    with locked(directory, wait, stopped):
        for left in (*directory.glob(".*.tmp"), *directory.glob(f"{FOLDER}/.*.tmp")):  # of a process that was killed
            with suppress(OSError):
                left.unlink()
        spec = directory / "spec.json"
        if not spec.is_file():
            write_bytes(spec, sealed.dump(spec, about))
        run = Directory(directory)
        if run.identity != about["identity"]:
            raise StoreError(f"{directory} belongs to another run; give another store")
        if run.about != about:  # what does not decide the training: measures, number of rounds, where the data lie
            write_bytes(spec, sealed.dump(spec, about))
            run.about = about
        run.restore()
        yield run
