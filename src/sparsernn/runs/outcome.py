"""outcome.json: how a run ended, and the hashes of its files.

Before a file is changed, outcome.json is written with the hash that the file is going to have. So at any moment, also
after a kill, it knows the hash of every file on disk: the hash of the version before (`files`) or of the announced one
(`coming`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from sparsernn.errors import DataError
from sparsernn.files import sealed

OUTCOME = "outcome.json"
WATCH = ("watch.json", "watch.csv")
SOFT = ("environment.json", "timings.csv", "prepared.safetensors", "measures.json", "evidence.safetensors", *WATCH)
"""Files that can be made again without training."""
HARD = ("importance.safetensors", "weights.safetensors", "masks.safetensors", "regularizers.safetensors")
"""Files that are made again by training on from the checkpoint."""
HISTORY = "history.csv"
PARTS = (*SOFT, *HARD, HISTORY)
"""Files whose hashes stand in outcome.json; snapshots are others. While a process trains, the checkpoint has the hash
of history.csv."""


class Ending(StrEnum):
    """How a training has ended. Each member equals its text: ``outcome.name == "finished"``."""

    FINISHED = "finished"
    PAUSED = "paused"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    RUNNING = "running"

    def __repr__(self) -> str:
        return repr(self.value)


ENDED = (Ending.FINISHED, Ending.DIVERGED)
"""Endings after which nothing is left to train."""
ADVICE = {
    Ending.FINISHED: "All epochs are done.",
    Ending.PAUSED: "Stopped where it was asked to; the same run without `until` goes on from here.",
    Ending.DIVERGED: "Lower the learning rate, set clip_norm (1 to 10), or shorten "
    "the sequence or the forcing interval; the last good weights are kept.",
    Ending.INTERRUPTED: "Stopped from outside; the same command goes on from the last checkpoint.",
    Ending.FAILED: "An error ended the run; see `why`.",
}


class Outcome(NamedTuple):
    """How a training has ended, or that it is under way.

    Args:
        name: the ending.
        step: number of updates done.
        why: a sentence on it.
        epoch: the one whose weights are kept; None if there are none yet.
    """

    name: Ending
    step: int
    why: str
    epoch: int | None = None

    @property
    def advice(self) -> str:
        """A sentence on what to do next; "" if there is nothing to say."""
        return ADVICE.get(self.name, "")


RUNNING = Outcome(Ending.RUNNING, 0, "no outcome yet: the run goes on, or was killed; the same command resumes it")


class Ledger(NamedTuple):
    """The content of outcome.json.

    Args:
        outcome: how the training has ended.
        seconds: time spent on it, by all processes.
        files: name of a file to its sha256.
        coming: the same for files that are about to be written.
    """

    outcome: Outcome = RUNNING
    seconds: float = 0.0
    files: Mapping[str, str] = {}
    coming: Mapping[str, str] = {}

    def accepts(self, name: str, raw: bytes | None) -> bool:
        """Say whether a file of the run may have this content; None: whether it may be missing."""
        if raw is None:
            return name not in self.files
        return digest(raw) in (self.files.get(name), self.coming.get(name))


def digest(raw: bytes) -> str:
    """Return the sha256 (hex) of a file's content."""
    return hashlib.sha256(raw).hexdigest()


def dump(ledger: Ledger, identity: str, path: Path) -> bytes:
    """Return the bytes of outcome.json, which hold a hash of themselves; `parse` reads them back.

    Args:
        ledger: what to write.
        identity: of the run.
        path: of the file.
    """
    fields = {**ledger.outcome._asdict(), "advice": ledger.outcome.advice, "seconds": ledger.seconds}
    return sealed.dump(path, {**fields, "files": ledger.files, "coming": ledger.coming, "run": identity})


def parse(raw: bytes, identity: str, path: Path) -> Ledger:
    """Read the bytes of outcome.json. DataError if they are damaged, or those of another run or program.

    Arguments as of `dump`.
    """
    found: dict[str, Any] = sealed.parse(raw, path)
    if found.get("run") != identity:
        raise DataError(f"{path} was written for another run")
    try:
        outcome = Outcome(*(found[name] for name in Outcome._fields))
        outcome = outcome._replace(name=Ending(outcome.name))
        return Ledger(outcome, float(found["seconds"]), dict(found["files"]), dict(found["coming"]))
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{path} lacks what an outcome has") from None
