"""The directory of a result: made, taken up, or refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sparsernn.errors import StoreError
from sparsernn.runs.store import MARKER, Record, open_store
from sparsernn.spec import plain
from sparsernn.tasks.observed import Observed
from sparsernn.training.run_spec import RunSpec

STORE, ASKED = "runs", "asked.json"
"""Where the runs are, and beside them what they were made for."""
PREPARED = (
    "columns",
    "reading",
    "dt",
    "detrend",
    "smooth",
    "every",
    "lags",
    "standardize",
    "split",
    "sequence",
    "noise",
)
"""Fields of a task that prepare a recording; the others say which recording it is."""


@contextmanager
def claimed(out: Path, wanted: Sequence[RunSpec] = ()) -> Iterator[Path]:
    """The store of `claim`. What was made for it is taken away again if the block fails and has trained nothing."""
    missing = [p for p in (out / STORE, out, *out.parents) if not p.exists()]
    marked = (out / STORE / MARKER).exists()
    try:
        yield claim(out, wanted)
    except BaseException:
        with suppress(OSError):
            if not marked and {p.name for p in (out / STORE).iterdir()} <= {MARKER, ASKED}:
                (out / STORE / ASKED).unlink(missing_ok=True)
                (out / STORE / MARKER).unlink()
        for folder in missing:  # from the innermost; what holds something stays
            with suppress(OSError):
                folder.rmdir()
        raise


def claim(out: Path, wanted: Sequence[RunSpec] = ()) -> Path:
    """The store in `out`, made if need be. StoreError, and nothing written, if `out` holds something else, or runs on
    another recording than `wanted`."""
    store = out / STORE
    if out.exists() and not out.is_dir():
        raise StoreError(f"{out} is a file; give a directory for the results")
    if out.is_dir() and not (store / MARKER).is_file() and any(p.name != store.name for p in out.iterdir()):
        raise StoreError(
            f"{out} holds something else (no {store.name}/{MARKER} in it) and would be written over; "
            "give an empty or a new directory"
        )
    if wanted and (store / MARKER).is_file():
        same_recording(store, wanted[0])
    return open_store(store)


def same_recording(store: Path, spec: RunSpec) -> None:
    """StoreError where the runs in `store` are all of other data than the spec's: its page would take their place."""
    there = []
    for place in sorted(store.iterdir()):
        with suppress(StoreError):  # a damaged one is somebody else's question
            if (place / "spec.json").is_file():
                there.append(Record(place))
    data = spec.task.content_hash()
    if not there or any(record.about["data"] == data for record in there):
        return
    sha256 = spec.task.load().sha256 if isinstance(spec.task, Observed) else ""
    if sha256 and any(_file_sha256(record) == sha256 for record in there):
        return  # the same recording, prepared in another way, or at another place
    ((kind, fields),) = plain(spec)["task"].items()
    own = _origin(kind, fields)
    alike = [r for r in there if _origin(*next(iter(r.spec["task"].items()))) == own]
    prepared = {name: fields.get(name) for name in PREPARED}
    as_before = [r for r in alike if {n: r.spec["task"][kind].get(n) for n in PREPARED} == prepared]
    if alike and not as_before:
        return  # the same recording, prepared in another way
    before = str((as_before or there)[0].about.get("source", "other data"))
    now = spec.task.describe()
    if as_before:
        raise StoreError(
            f"{store.parent} holds runs on an earlier content of this recording ({before}): the data have changed "
            "since. Give another directory (out=), or move that one away"
        )
    raise StoreError(
        f"{store.parent} holds runs on another recording ({before}; this one is {now}), and its report would be "
        "written over: give another directory (out=), one for each recording"
    )


def _origin(kind: str, fields: dict[str, Any]) -> tuple[str, str]:
    """Which recording it is, however prepared; a file by its place."""
    origin = {name: value for name, value in fields.items() if name not in PREPARED and value is not None}
    files = origin.get("file")
    if files is not None:
        origin["file"] = [str(Path(f).resolve()) for f in ([files] if isinstance(files, str) else files)]
    return kind, repr(sorted(origin.items(), key=lambda item: item[0]))


def _file_sha256(record: Record) -> str:
    """Of the recording that a run keeps the preparation of; "" where it keeps none."""
    try:
        return str(json.loads(record.prepared()[1]["file_sha256"]))
    except (KeyError, ValueError, StoreError):
        return ""
