"""Looking at run directories, file by file, without writing anything: what is damaged, missing, or left over."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sparsernn.errors import DataError, SparseRNNError, StoreError
from sparsernn.files.atomic import read_json
from sparsernn.runs.checkpoint import CHECKPOINT
from sparsernn.runs.outcome import HARD, HISTORY, OUTCOME, PARTS
from sparsernn.runs.record import Record
from sparsernn.runs.run_files import FORMAT
from sparsernn.runs.snapshots import FOLDER, is_snapshot, name_of
from sparsernn.runs.store import MARKER

Kind = Literal["damaged", "missing", "left over", "held"]
KNOWN = {"spec.json", OUTCOME, CHECKPOINT, "lock", *PARTS}
MADE_BESIDE = {"report.html", "figures", "tables", FOLDER}
"""What `sparsernn report` puts into a run directory, and snapshots, which may be deleted."""


class Finding(NamedTuple):
    """One file that is not as it should be: `what` was found, and what to do, or what the next `run` does (`then`)."""

    file: str
    kind: Kind
    what: str
    then: str

    @property
    def harmless(self) -> bool:
        """Nothing that a reader could stumble over."""
        return self.kind in ("left over", "held")


class Checkup(NamedTuple):
    """One run directory (or the store itself, then without outcome): all is well without findings, or with harmless
    ones alone."""

    directory: Path
    round: int | None
    outcome: str
    findings: tuple[Finding, ...]

    @property
    def well(self) -> bool:
        return all(finding.harmless for finding in self.findings)


def places(given: Iterable[str | Path]) -> list[Path]:
    """Run directories and stores at the paths given: a store, a directory with a store in ``runs``, or a run.
    StoreError for anything else."""
    found: list[Path] = []
    for path in map(Path, given):
        store = path / "runs" if (path / "runs" / MARKER).is_file() and not (path / MARKER).is_file() else path
        try:
            inside = sorted(p for p in store.iterdir() if p.is_dir() and _run_like(p))
            if not _run_like(store) and not inside and not (store / MARKER).is_file():
                raise StoreError(f"{path} is neither a store of runs nor a run directory")
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None
        found += [store] if _run_like(store) else [store, *inside]
    return list(dict.fromkeys(found))


def _run_like(directory: Path) -> bool:
    """Also one whose spec.json is gone."""
    return any((directory / name).exists() for name in ("spec.json", OUTCOME, CHECKPOINT, *PARTS))


def examine(directory: Path) -> Checkup:
    """Read every file of a run directory (or the marker of a store) and hold it against its hash. O(bytes)."""
    if not _run_like(directory):
        return Checkup(directory, None, "", tuple(_of_store(directory)))
    try:
        record = Record(directory)
    except StoreError as error:
        gone = not (directory / "spec.json").exists()
        what = "is missing" if gone else _reason(error)
        then = "the command that made the run, again, writes it anew" + ("" if gone else ", once the file is deleted")
        found = [Finding("spec.json", "missing" if gone else "damaged", what, then)]
        return Checkup(directory, None, "", (*found, *_left_over(directory, _held(directory))))
    held = _held(directory)
    findings: list[Finding] = []
    if held:
        findings.append(Finding("lock", "held", f"a process works here ({held})", "wait for it"))
    try:
        outcome = record.outcome.name
    except StoreError as error:
        kind: Kind = "damaged" if (directory / OUTCOME).exists() else "missing"
        findings.append(Finding(OUTCOME, kind, _reason(error), f"{_NEXT}, from {CHECKPOINT}"))
        return Checkup(directory, record.round, "", (*findings, *_lineage(record), *_left_over(directory, held)))
    findings += _parts(record, bool(held))
    return Checkup(directory, record.round, outcome, (*findings, *_lineage(record), *_left_over(directory, held)))


_NEXT = "the next run of the same command makes it again"


def _parts(record: Record, held: bool) -> list[Finding]:
    readers: dict[str, Callable[[], Any]] = {
        "weights.safetensors": record.prunables,
        "masks.safetensors": lambda: record.prunables() and record.masks(),
        "regularizers.safetensors": record.regularizers,
        "importance.safetensors": record.importance,
        "measures.json": record.measures,
        "evidence.safetensors": record.evidence,
        "watch.json": record.watched,
        "watch.csv": lambda: record.part("watch.csv"),
        "prepared.safetensors": lambda: "prepared.safetensors" in record.ledger().files and record.prepared(),
        "environment.json": lambda: record.ledger().files and record.environment(),
        "timings.csv": record.seconds,
        HISTORY: record.history,
        CHECKPOINT: record.checkpoint,
    }
    readers |= {name_of(epoch): partial(record.snapshot, epoch) for epoch in record.snapshots()}
    found = {}
    for name, read in readers.items():
        try:
            read()
        except StoreError as error:
            found[name] = error
    ledger, lost = record.ledger(), CHECKPOINT in found
    findings = []
    for name, why in found.items():
        if f"{record.directory / name}" not in str(why):
            continue  # said of the file that is meant
        kind: Kind = "damaged" if (record.directory / name).exists() else "missing"
        if name == CHECKPOINT:
            ended = ledger.outcome.name in ("finished", "diverged") and len(found) == 1
            then = (
                "delete it: nothing needs it any more" if ended else "delete it: the next run begins this training anew"
            )
        elif name == HISTORY:
            then = f"delete it and {CHECKPOINT}: the next run begins this training anew, with the same numbers"
        elif is_snapshot(name):
            then = "delete it: nothing but watching afterwards needs it"
        elif name in HARD:
            then = _NEXT + (f", once {CHECKPOINT} is deleted" if lost else f", from {CHECKPOINT}")
        else:
            then = _NEXT
        if "no part of this run" in str(why):
            then = "delete it"
        findings.append(Finding(name, kind, _reason(why), then))
    findings += [
        Finding(name, "left over", "a process was stopped while it wrote this file", "the next run writes it again")
        for name in ledger.coming
        if not held
    ]
    return findings


def _lineage(record: Record) -> list[Finding]:
    try:
        said = record.kept().missing
        return [Finding("parent", "missing", said, "reports show the rounds that are there")] if said else []
    except SparseRNNError as error:
        return [Finding("parent", "damaged", str(error), "see there")]


def _left_over(directory: Path, held: str) -> list[Finding]:
    found = []
    for path in sorted(directory.iterdir()):
        if path.name.startswith(".") and path.name.endswith(".tmp"):
            if not held:
                found.append(
                    Finding(path.name, "left over", "of a process that was killed", "the next run takes it away")
                )
        elif path.name not in KNOWN | MADE_BESIDE:
            found.append(Finding(path.name, "left over", "no file of a run", "it is never read; it may stay"))
    return found


def _of_store(store: Path) -> list[Finding]:
    marker, then = store / MARKER, "delete it if only runs are beside it: the next run writes it again"
    found = []
    try:
        about = read_json(marker)
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            found.append(Finding(MARKER, "damaged", f"was not written by this version (format {FORMAT})", then))
    except DataError as error:
        kind: Kind = "damaged" if marker.exists() else "missing"
        then = then if kind == "damaged" else "the next run asks for a new store; the runs can be read"
        found.append(Finding(MARKER, kind, str(error), then))
    for path in sorted(store.iterdir()):
        if path.name != MARKER and not (path.is_dir() and _run_like(path)):
            found.append(Finding(path.name, "left over", "no run", "it is never read; it may stay"))
    return found


def _held(directory: Path) -> str:
    """Who holds the lock, as far as the system tells without taking it; empty: nobody."""
    lock = directory / "lock"
    try:
        inode = str(lock.stat().st_ino)
        held = any(line.split()[5].endswith(f":{inode}") for line in Path("/proc/locks").read_text().splitlines())
        return lock.read_text(errors="replace").strip() or f"pid unknown, not {os.getpid()}" if held else ""
    except (OSError, IndexError):
        return ""


def _reason(error: Exception) -> str:
    """What was found, without the path in front and the advice behind."""
    said = str(error)
    return said.split(" ", 1)[1] if said.startswith(("/", ".")) and " " in said else said
