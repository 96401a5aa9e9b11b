"""A run directory as its readers see it: outcome, history, weights, masks, measures.

Layout (all files are written beside and renamed, none is a pickle): `spec.json` (resolved fields, data hash, round,
parent), `history.csv`, `checkpoint.safetensors`, `weights.safetensors`, `masks.safetensors`,
`regularizers.safetensors` (where they have arrays), `importance.safetensors` (where single weights were judged),
`measures.json`, `evidence.safetensors`, `environment.json`, `timings.csv`, `outcome.json`, `lock`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparsernn.errors import DataError, StoreError
from sparsernn.files import safetensors_file
from sparsernn.files.atomic import read_json
from sparsernn.masks import Prunable
from sparsernn.weights import Weights, unflatten

FORMAT = 1
HISTORY = ("epoch", "step", "loss", "penalty", "gradient_norm", "learning_rate", "nonzeros")
"""The columns that every history.csv begins with."""

ADVICE = {
    "finished": "All epochs are done.",
    "paused": "Stopped where it was asked to; the same run without `until` goes on from here.",
    "diverged": "Lower the learning rate, set clip_norm (1 to 10), or shorten "
    "the sequence or the forcing interval; the last good weights are kept.",
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


def prunables_of(metadata: Mapping[str, str], path: Path) -> tuple[Prunable, ...]:
    """What a weights file says of its prunable matrices; empty if it says nothing. StoreError if it cannot be read."""
    try:
        return tuple(Prunable(**entry) for entry in json.loads(metadata.get("prunables", "[]")))
    except (ValueError, TypeError):
        raise StoreError(f"{path} {_REPAIR}") from None


class Record:
    """A run directory. Nothing is cached; missing and damaged parts raise a StoreError that says what to do.

    >>> found = sparsernn.Record(record.directory)
    >>> found.outcome.name, sorted(found.weights()["cell0"]), list(found.history())[:2]
    ('finished', ['bias', 'input', 'recurrent'], ['epoch', 'step'])
    """

    def __init__(self, directory: str | Path):
        self.directory = Path(directory)
        if not (self.directory / "spec.json").is_file():
            raise StoreError(
                f"{directory} is no run directory (it has no spec.json); give the directory that a run printed, or one "
                "of those in a store (tables/outcomes.csv beside a report names them)"
            )
        self.about: dict[str, Any] = self._json("spec.json")
        if self.about.get("format") != FORMAT:
            raise StoreError(
                f"{directory}/spec.json was not written by this version: its format is "
                f"{self.about.get('format')!r}, expected {FORMAT}; run the spec again in a new store"
            )
        wanted = {"identity": str, "spec": dict, "round": int, "parent": str | None, "judge": dict | None, "data": str}
        wrong = [name for name, kind in wanted.items() if not isinstance(self.about.get(name, ...), kind)]
        if wrong:
            raise StoreError(f"{directory}/spec.json has no usable {', '.join(wrong)}: it is no run of sparsernn")

    def __repr__(self) -> str:
        return f"Record({str(self.directory)!r}, round {self.round}, {self.outcome.name})"

    @property
    def spec(self) -> dict[str, Any]:
        """The run's spec in plain form; ``sparsernn.training.run_spec.read_spec`` makes it an object."""
        return self.about["spec"]

    @property
    def identity(self) -> str:
        """sha256 of everything that decided the trajectory; its first 16 digits name the directory."""
        return self.about["identity"]

    @property
    def round(self) -> int:
        return int(self.about["round"])

    @property
    def parent(self) -> Record | None:
        """The run whose weights this round was pruned from. StoreError if it is not beside this one any more."""
        name = self.about["parent"]
        if name is None:
            return None
        directory = self.directory.parent / str(name)[:16]
        if not directory.is_dir():
            raise StoreError(
                f"{directory}, the round that {self.directory} was pruned from, is missing; put it back beside it, "
                "or run the same command again to make it anew"
            )
        parent = Record(directory)
        if parent.identity != name or parent.round != self.round - 1:
            raise StoreError(f"{directory} is not the round that {self.directory} was pruned from")
        return parent

    def lineage(self) -> list[Record]:
        """The rounds from the first training to this one."""
        rounds: list[Record] = [self]
        while (parent := rounds[0].parent) is not None:
            rounds.insert(0, parent)
        return rounds

    @property
    def outcome(self) -> Outcome:
        if not (self.directory / "outcome.json").is_file():
            return Outcome("running", 0, "no outcome yet: the run goes on, or was killed; the same command resumes it")
        found = self._json("outcome.json")
        try:
            return Outcome(str(found["name"]), int(found["step"]), str(found["why"]))
        except (KeyError, TypeError, ValueError):
            raise StoreError(f"{self.directory}/outcome.json {_REPAIR}") from None

    def history(self) -> dict[str, np.ndarray]:
        """Columns of history.csv, one row an epoch; with a selecting measure also ``validation_<key>``, NaN at epochs
        at which it was not taken or is undefined. A row that is only half written (after a kill) is left out."""
        text = self._text("history.csv")
        rows = list(csv.reader(io.StringIO(text[: text.rfind("\n") + 1])))
        names, rows = (rows[0], rows[1:]) if rows else ([], [])
        try:
            if rows and (names[: len(HISTORY)] != list(HISTORY) or len(set(names)) < len(names)):
                raise ValueError("another header")
            table = [[float(cell) if cell else np.nan for cell in row] for row in rows]
            return dict(zip(names, np.array(table, dtype=float).reshape(len(table), len(names)).T, strict=True))
        except ValueError:
            raise StoreError(
                f"{self.directory}/history.csv is damaged; delete it and checkpoint.safetensors, then run the same "
                "command again: it begins this training anew"
            ) from None

    def weights(self) -> Weights:
        """The selected weights, masked; of a run that was paused or interrupted those that it had reached."""
        return unflatten(self._arrays("weights.safetensors"))

    def prunables(self) -> tuple[Prunable, ...]:
        """The matrices of `weights` that may be made sparse, as the network named them; empty before there are any."""
        path = self.directory / "weights.safetensors"
        return prunables_of(safetensors_file.describe(path).metadata, path) if path.is_file() else ()

    def regularizers(self) -> dict[str, np.ndarray]:
        """Arrays of the regularizers, ``trained/…`` (of the selected epoch) and ``fixed/…``, by position and name."""
        known = (self.directory / "regularizers.safetensors").is_file()
        return self._arrays("regularizers.safetensors") if known else {}

    def masks(self) -> dict[str, np.ndarray]:
        return {k: v.astype(bool) for k, v in self._arrays("masks.safetensors").items()}

    def measures(self) -> dict[str, Any]:
        """One entry a measure, by its identity: ``{"measure": plain form, "validation": {...}, "test": {...}}``, with
        Undefined where a number does not exist."""
        if not (self.directory / "measures.json").is_file():
            return {}
        found = self._json("measures.json")
        whole = isinstance(found, dict) and all(
            isinstance(entry, dict)
            and set(entry) >= {"measure", "validation", "test"}
            and all(isinstance(entry[part], dict) for part in ("measure", "validation", "test"))
            and [isinstance(fields, dict) for fields in entry["measure"].values()] == [True]
            for entry in found.values()
        )
        if not whole:
            raise StoreError(f"{self.directory}/measures.json {_REPAIR}")
        return found

    def evidence(self) -> dict[str, np.ndarray]:
        """Arrays behind the measures, for figures, as ``measure/name``. Of several measures of one kind the first has
        the plain name (the selecting one, if it is of this kind), the others add eight digits of their identity."""
        return self._arrays("evidence.safetensors") if (self.directory / "evidence.safetensors").is_file() else {}

    def importance(self) -> dict[str, np.ndarray]:
        """Where single weights were judged: ``path:indices`` (flat), ``path:harm`` (weights, starts), ``path:intact``
        (starts,) of the last time that the matrix at `path` was pruned by it."""
        return self._arrays("importance.safetensors") if (self.directory / "importance.safetensors").is_file() else {}

    def prepared(self) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Arrays and metadata that the task gave the run to keep (`AbstractTask.keepsake`): what can be done without
        its data rests on them. StoreError if they are missing or damaged."""
        arrays, about = self._file("prepared.safetensors")
        return arrays, {name: text for name, text in about.items() if name != "run"}

    def environment(self) -> dict[str, Any]:
        return self._json("environment.json")

    def seconds(self, on: str = "") -> float:
        """Wall-clock seconds spent on this directory, over all its sittings that were not killed; `on`: only on what
        begins so ("round": training, "measures")."""
        if not (self.directory / "timings.csv").is_file():
            return 0.0
        rows = list(csv.DictReader(io.StringIO(self._text("timings.csv"))))
        try:
            return sum(float(row["seconds"]) for row in rows if str(row["what"]).startswith(on))
        except (KeyError, TypeError, ValueError):
            raise StoreError(f"{self.directory}/timings.csv {_REPAIR}") from None

    def _text(self, name: str) -> str:
        try:
            return (self.directory / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            anew = " and checkpoint.safetensors" if name == "history.csv" else ""
            raise StoreError(
                f"{self.directory / name} is damaged: no UTF-8 text; delete it{anew} and run the same command again"
            ) from None
        except OSError as error:
            raise StoreError(f"{self.directory / name} cannot be read: {error.strerror or error}") from None

    def _json(self, name: str) -> dict[str, Any]:
        try:
            value = read_json(self.directory / name)
        except DataError as error:
            raise StoreError(f"{self.directory / name} {_REPAIR} ({error})") from None
        if not isinstance(value, dict):
            raise StoreError(f"{self.directory / name} {_REPAIR} (it holds no JSON object)")
        return value

    def _arrays(self, name: str) -> dict[str, np.ndarray]:
        return self._file(name)[0]

    def _file(self, name: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        if not (self.directory / name).is_file():
            raise StoreError(f"{self.directory} has no {name} yet (outcome: {self.outcome.name}); finish the run first")
        try:
            arrays, about = safetensors_file.read(self.directory / name)
            if about.get("run") != self.identity:
                raise DataError("it was written for another run, or by another program")
            return arrays, about
        except DataError as error:
            raise StoreError(f"{self.directory / name} is damaged or foreign; {_AGAIN[name]} ({error})") from None


_AGAIN = {
    "prepared.safetensors": "delete it and run the same command again: it is written anew from the data",
    "weights.safetensors": "run the same command again: it is written anew from the checkpoint",
    "masks.safetensors": "run the same command again: it is written anew from the checkpoint",
    "regularizers.safetensors": "delete it and weights.safetensors and run the same command again",
    "importance.safetensors": "delete it: the report then goes without it; only a new run judges single weights again",
    "evidence.safetensors": "delete it and measures.json and run the same command again",
}
_REPAIR = "is damaged or foreign; delete that file and run the same command again"
