"""How a run stands, and which files it consists of: outcome.json.

The file is written before every other one with the hash that the other is about to get, so that at any moment, also
after a kill, every file on disk is one that outcome.json knows: the version it had (`files`) or the one announced
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
"""Files that are made again beside the weights."""
HARD = ("importance.safetensors", "weights.safetensors", "masks.safetensors", "regularizers.safetensors")
"""Files that are made again by training, from the checkpoint on."""
HISTORY = "history.csv"
PARTS = (*SOFT, *HARD, HISTORY)
"""What outcome.json certifies, beside snapshots. history.csv only while no process trains: else the checkpoint does."""


class Ending(StrEnum):
    """The ways in which a training can stand. Each is its own word: ``outcome.name == "finished"``."""

    FINISHED = "finished"
    PAUSED = "paused"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    RUNNING = "running"

    def __repr__(self) -> str:
        return repr(self.value)


ENDED = (Ending.FINISHED, Ending.DIVERGED)
"""Nothing is left to train."""
ADVICE = {
    Ending.FINISHED: "All epochs are done.",
    Ending.PAUSED: "Stopped where it was asked to; the same run without `until` goes on from here.",
    Ending.DIVERGED: "Lower the learning rate, set clip_norm (1 to 10), or shorten "
    "the sequence or the forcing interval; the last good weights are kept.",
    Ending.INTERRUPTED: "Stopped from outside; the same command goes on from the last checkpoint.",
    Ending.FAILED: "An error ended the run; see `why`.",
}


class Outcome(NamedTuple):
    """How a run stands. `epoch`: the one whose weights were kept, None as long as none has been."""

    name: Ending
    step: int
    why: str
    epoch: int | None = None

    @property
    def advice(self) -> str:
        return ADVICE.get(self.name, "")


RUNNING = Outcome(Ending.RUNNING, 0, "no outcome yet: the run goes on, or was killed; the same command resumes it")


class Ledger(NamedTuple):
    """outcome.json: the outcome, seconds of all sittings, and sha256 of files by name."""

    outcome: Outcome = RUNNING
    seconds: float = 0.0
    files: Mapping[str, str] = {}
    coming: Mapping[str, str] = {}

    def accepts(self, name: str, raw: bytes | None) -> bool:
        """Whether a file of the run may have this content (None: not be there)."""
        if raw is None:
            return name not in self.files
        return digest(raw) in (self.files.get(name), self.coming.get(name))


def digest(raw: bytes) -> str:
    """sha256 (hex) of a file's content."""
    return hashlib.sha256(raw).hexdigest()


def dump(ledger: Ledger, identity: str, path: Path) -> bytes:
    """The content of outcome.json, with a hash of itself; `parse` reads it back."""
    fields = {**ledger.outcome._asdict(), "advice": ledger.outcome.advice, "seconds": ledger.seconds}
    return sealed.dump(path, {**fields, "files": ledger.files, "coming": ledger.coming, "run": identity})


def parse(raw: bytes, identity: str, path: Path) -> Ledger:
    """DataError for what is damaged, foreign, or of another run."""
    found: dict[str, Any] = sealed.parse(raw, path)
    if found.get("run") != identity:
        raise DataError(f"{path} was written for another run")
    try:
        outcome = Outcome(*(found[name] for name in Outcome._fields))
        outcome = outcome._replace(name=Ending(outcome.name))
        return Ledger(outcome, float(found["seconds"]), dict(found["files"]), dict(found["coming"]))
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{path} lacks what an outcome has") from None
