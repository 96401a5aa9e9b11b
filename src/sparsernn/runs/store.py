"""Stores: directories that hold runs.

Each run has a directory that is named by the hash of what decides its trajectory. A lock holds it while it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
from sparsernn.spec import Plain

__all__ = ["FORMAT", "Checkpoint", "Directory", "Outcome", "Record", "open_store", "opened", "pack", "unpack"]

MARKER = "sparsernn.json"


def open_store(store: str | Path) -> Path:
    """Make a directory of runs, or check one that is there, and return it.

    StoreError if it holds something else, was written in another format, or cannot be used.
    """
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
    store: Path, about: dict[str, Plain], wait: bool = False, stopped: Callable[[], bool] = lambda: False
) -> Iterator[Directory]:
    """Within this context, hold the directory of one training by its lock. The directory is made if need be.

    Args:
        store: the directory of runs.
        about: what names the training (`training.run_spec.describe`).
        wait: wait if another process or thread holds the directory.
        stopped: asked while waiting.

    Raises:
        StoreError: if another process holds the directory and `wait` is false, or if it belongs to another run.
        Interrupted: if `stopped` returns true while waiting.
    """
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
