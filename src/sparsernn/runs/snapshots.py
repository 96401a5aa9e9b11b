"""Snapshots: weights and masks kept on the way, for what is to be looked at later."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparsernn.rules import at_least
from sparsernn.spec import Checked

FOLDER = "snapshots"


@dataclass(frozen=True)
class Snapshots(Checked):
    """When weights and masks are kept while training: at the beginning, every `every` epochs and at the last.

    In a spec the number alone stands for ``{every: ...}``. They decide nothing, and may be deleted at any time.

    Disk: 4 bytes a weight (8 in float64) and 1 a mask entry, times ``epochs / every + 1``, in every round.
    """

    every: int = 10

    rules = (at_least(1, "every"),)

    @staticmethod
    def from_plain(value: Any) -> Any:
        return {"every": value} if isinstance(value, int) and not isinstance(value, bool) else value


def due(every: int, epoch: int, epochs: int) -> bool:
    """Whether something is done at this epoch: at the beginning (0), every `every` epochs, and at the last."""
    return epoch % every == 0 or epoch == epochs


def name_of(epoch: int) -> str:
    """The file of a snapshot, below the run's directory."""
    return f"{FOLDER}/epoch-{epoch:07d}.safetensors"


def is_snapshot(name: str) -> bool:
    """Whether a file of a run, by its name in outcome.json, is a snapshot."""
    return name.startswith(f"{FOLDER}/")


def epoch_of(name: str) -> int:
    """The inverse of `name_of`."""
    return int(Path(name).stem.removeprefix("epoch-"))
