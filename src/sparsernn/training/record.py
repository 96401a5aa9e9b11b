"""A run directory as its readers see it: outcome, history, weights, masks, measures.

Layout (all files are written beside and renamed, none is a pickle): `spec.json` (resolved fields, data hash, round,
parent), `outcome.json` (how the run stands, and the hash of every file below), `history.csv`, `checkpoint.safetensors`,
`prepared.safetensors` (what the task wants kept), `weights.safetensors`, `masks.safetensors`,
`regularizers.safetensors` (where they have arrays), `importance.safetensors` (where single weights were judged),
`measures.json`, `evidence.safetensors`, `environment.json`, `timings.csv`; `lock` holds nothing that is read.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparsernn.errors import DataError, StoreError, Undefined
from sparsernn.files import safetensors_file, sealed
from sparsernn.files.atomic import parse_json
from sparsernn.masks import Prunable
from sparsernn.training import checkpoint, outcome
from sparsernn.training.checkpoint import CHECKPOINT, Checkpoint
from sparsernn.training.outcome import OUTCOME, PARTS, Ledger, Outcome
from sparsernn.weights import Weights, unflatten

FORMAT = 2
HISTORY = ("epoch", "step", "loss", "penalty", "gradient_norm", "learning_rate", "nonzeros")
"""The columns that every history.csv begins with."""


class Kept(NamedTuple):
    """The rounds of a run that are there, first to last, and a sentence on those that are not (empty: all are)."""

    rounds: list[Record]
    missing: str


def prunables_of(metadata: Mapping[str, str], path: Path) -> tuple[Prunable, ...]:
    """What a weights file says of its prunable matrices; empty if it says nothing. StoreError if it cannot be read."""
    try:
        return tuple(Prunable(**entry) for entry in json.loads(metadata.get("prunables", "[]")))
    except (ValueError, TypeError):
        raise StoreError(f"{path} is damaged or foreign: its metadata say nothing of matrices") from None


class Record:
    """A run directory. Nothing is cached, nothing is taken on trust: what is read has the hash that outcome.json knows
    (history.csv of a run under way: its checkpoint). Missing and damaged parts raise a StoreError that says what to do.

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
        self.about: dict[str, Any] = self._about()
        wanted = {"identity": str, "spec": dict, "round": int, "parent": str | None, "judge": dict | None, "data": str}
        wrong = [name for name, kind in wanted.items() if not isinstance(self.about.get(name, ...), kind)]
        if wrong:
            raise StoreError(f"{directory}/spec.json has no usable {', '.join(wrong)}: it is no run of sparsernn")
        with suppress(DataError):  # a damaged one is spoken of when it is needed
            other = sealed.parse(self._bytes(OUTCOME) or b"", self.directory / OUTCOME).get("run")
            if other != self.identity:
                raise StoreError(
                    f"{directory}/spec.json and outcome.json are of different runs ({self.identity[:16]} and "
                    f"{str(other)[:16]}); delete the one that does not belong here and run the same command again"
                )

    def __repr__(self) -> str:
        return f"Record({str(self.directory)!r}, round {self.round}, {self.outcome.name})"

    # ---------------------------------------------------------------------------------------------- what the run is

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
        directory = self._parent
        if directory is None:
            return None
        if not directory.is_dir():
            raise StoreError(
                f"{directory}, the round that {self.directory} was pruned from, is missing; copy it too, beside it, "
                "or run the same command again to make it anew"
            )
        parent = Record(directory)
        if parent.identity != self.about["parent"] or parent.round != self.round - 1:
            raise StoreError(f"{directory} is not the round that {self.directory} was pruned from")
        return parent

    @property
    def _parent(self) -> Path | None:
        """Where it should be."""
        name, own = self.about["parent"], self.directory
        store = own.parent if own.name not in ("", "..") else Path(os.path.abspath(own)).parent
        return None if name is None else store / str(name)[:16]

    def lineage(self) -> list[Record]:
        """The rounds from the first training to this one. StoreError that names the directory if one is missing."""
        rounds: list[Record] = [self]
        while (parent := rounds[0].parent) is not None:
            rounds.insert(0, parent)
        return rounds

    def kept(self) -> Kept:
        """The rounds up to this one that are there: a round that was copied alone can be read without the others.
        StoreError where one is there and damaged, or another run."""
        rounds: list[Record] = [self]
        while (place := rounds[0]._parent) is not None and place.is_dir():
            parent = rounds[0].parent
            assert parent is not None
            rounds.insert(0, parent)
        missing = (
            ""
            if place is None
            else (
                f"rounds before round {rounds[0].round} are not shown: {place}, from which {rounds[0].directory} was "
                "pruned, is missing; copy it too, beside it"
            )
        )
        return Kept(rounds, missing)

    @property
    def outcome(self) -> Outcome:
        """How it stands. StoreError also where timings.csv, to which every sitting adds, is of another time."""
        try:
            self._raw("timings.csv")
        except StoreError as error:
            if OUTCOME in str(error).split("; ")[0]:
                raise
            raise StoreError(
                f"{self.directory}/timings.csv and outcome.json do not belong together: one of them is damaged, lost "
                "or of an earlier time; run the same command again: what can be is made again"
            ) from None
        return self.ledger().outcome

    # ------------------------------------------------------------------------------------------------ what it has made

    def history(self) -> dict[str, np.ndarray]:
        """Columns of history.csv, one row an epoch; with a selecting measure also ``validation_<key>``, NaN at epochs
        at which it was not taken or is undefined. Of a run under way: the rows up to its last checkpoint. A row that is
        only half written (after an error) is left out. Empty before there is any."""
        raw = self._raw(outcome.HISTORY)
        try:
            text = (raw or b"").decode()
            rows = list(csv.reader(io.StringIO(text[: text.rfind("\n") + 1])))
            names, rows = (rows[0], rows[1:]) if rows else ([], [])
            if rows and (names[: len(HISTORY)] != list(HISTORY) or len(set(names)) < len(names)):
                raise ValueError("another header")
            table = [[float(cell) if cell else np.nan for cell in row] for row in rows]
            return dict(zip(names, np.array(table, dtype=float).reshape(len(table), len(names)).T, strict=True))
        except ValueError:
            raise self._damaged(outcome.HISTORY) from None

    def checkpoint(self) -> Checkpoint | None:
        """The last checkpoint; None if there is none. StoreError if it is damaged, belongs to another run, or
        history.csv is not what it was when it was written."""
        raw = self._bytes(CHECKPOINT)
        if raw is None:
            return None
        found = checkpoint.parse(raw, self.identity, self.directory / CHECKPOINT)
        checkpoint.certified(found, self._bytes(outcome.HISTORY) or b"", self.directory)
        return found

    def weights(self) -> Weights:
        """The selected weights, masked; of a run that was paused or interrupted those that it had reached."""
        return unflatten(self._needed("weights.safetensors")[0])

    def prunables(self) -> tuple[Prunable, ...]:
        """The matrices of `weights` that may be made sparse, as the network named them; empty before there are any."""
        found = self._arrays("weights.safetensors")
        return () if found is None else prunables_of(found[1], self.directory / "weights.safetensors")

    def regularizers(self) -> dict[str, np.ndarray]:
        """Arrays of the regularizers, ``trained/…`` (of the selected epoch) and ``fixed/…``, by position and name; and
        ``strength/…``, those found by matching."""
        return self._optional("regularizers.safetensors")

    def masks(self) -> dict[str, np.ndarray]:
        return {k: v.astype(bool) for k, v in self._needed("masks.safetensors")[0].items()}

    def measures(self) -> dict[str, Any]:
        """One entry a measure, by its name; a second one of a kind adds eight digits of its identity (``score
        0123abcd``). ``{"measure": plain form, "identity": ..., "validation": {key: number}, "test": {...}}``, with
        Undefined where a number does not exist."""
        found = self._json("measures.json")
        if found is None:
            return {}
        entries = found.get("measures")
        whole = isinstance(entries, dict) and all(
            isinstance(entry, dict)
            and set(entry) >= {"measure", "identity", "validation", "test"}
            and all(isinstance(entry[part], dict) for part in ("measure", "validation", "test"))
            and [isinstance(fields, dict) for fields in entry["measure"].values()] == [True]
            for entry in entries.values()
        )
        if not whole:
            raise self._damaged("measures.json")
        assert isinstance(entries, dict)
        return entries

    def numbers(self, split: str = "test") -> dict[str, float | Undefined]:
        """All numbers of a split, ``test`` or ``validation``, as ``measure/key``."""
        return {f"{name}/{key}": v for name, entry in self.measures().items() for key, v in entry[split].items()}

    def evidence(self) -> dict[str, np.ndarray]:
        """Arrays behind the measures, for figures, as ``measure/name`` with the names that `measures` has."""
        return self._optional("evidence.safetensors")

    def importance(self) -> dict[str, np.ndarray]:
        """Where single weights were judged: ``path:indices`` (flat), ``path:harm`` (weights, starts), ``path:intact``
        (starts,) of the last time that the matrix at `path` was pruned by it."""
        return self._optional("importance.safetensors")

    def prepared(self) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Arrays and metadata that the task gave the run to keep (`AbstractTask.keepsake`): what can be done without
        its data rests on them. StoreError if they are missing or damaged."""
        arrays, about = self._needed("prepared.safetensors")
        return arrays, {name: text for name, text in about.items() if name != "run"}

    def environment(self) -> dict[str, Any]:
        """Versions and machine. `note` says if it was written anew after the first one was lost."""
        found = self._json("environment.json")
        if found is None:
            raise self._not_yet("environment.json")
        return found

    def seconds(self, on: str = "") -> float:
        """Wall-clock seconds spent on this directory, over all its sittings that were not killed; `on`: only on what
        begins so ("round": training, "measures")."""
        raw = self._raw("timings.csv")
        try:
            rows = list(csv.DictReader(io.StringIO((raw or b"").decode())))
            return sum(float(row["seconds"]) for row in rows if str(row["what"]).startswith(on))
        except (KeyError, TypeError, ValueError):
            raise self._damaged("timings.csv") from None

    # ----------------------------------------------------------------------------------------- files, and their hashes

    def whole(self) -> bool:
        """Whether every file that outcome.json knows is there with its hash, and none was about to be written."""
        try:
            ledger = self.ledger()
            return not ledger.coming and all(self._raw(name) is not None for name in ledger.files)
        except StoreError:
            return False

    def ledger(self) -> Ledger:
        """What outcome.json says. StoreError if it is damaged, of another run, or missing beside files of a run."""
        path, raw = self.directory / OUTCOME, self._bytes(OUTCOME)
        if raw is None:
            if beside := [name for name in (CHECKPOINT, *PARTS) if (self.directory / name).exists()]:
                raise StoreError(
                    f"{path} is missing, which says what {', '.join(beside)} beside it should be; run the same command "
                    "again: what can be is made again"
                )
            return Ledger()
        try:
            return outcome.parse(raw, self.identity, path)
        except DataError as error:
            raise StoreError(
                f"{path} is damaged or foreign; run the same command again: it is made again ({error})"
            ) from None

    def _raw(self, name: str) -> bytes | None:
        """The content of a file, None if the run has none (yet). StoreError if it is not what it should be."""
        before: Any = None
        while True:
            ledger, raw = self.ledger(), self._bytes(name)
            if name == outcome.HISTORY and name not in ledger.files:
                found = self.checkpoint()  # under way, or killed
                return None if found is None else checkpoint.certified(found, raw or b"", self.directory)
            if ledger.accepts(name, raw):
                return raw
            if before == ledger:
                raise self._damaged(name, missing=raw is None, foreign=name not in ledger.files)
            before = ledger  # a process may be writing: look again

    def _json(self, name: str) -> dict[str, Any] | None:
        raw = self._raw(name)
        if raw is None:
            return None
        try:
            found = sealed.parse(raw, self.directory / name)
            if found.pop("run", None) != self.identity:
                raise DataError("it was written for another run")
            return found
        except DataError as error:
            raise self._damaged(name, str(error)) from None

    def _arrays(self, name: str) -> tuple[dict[str, np.ndarray], dict[str, str]] | None:
        raw = self._raw(name)
        if raw is None:
            return None
        try:
            arrays, about = safetensors_file.parse(raw, self.directory / name, sealed=True)
            if about.get("run") != self.identity:
                raise DataError("it was written for another run, or by another program")
            return arrays, about
        except DataError as error:
            raise self._damaged(name, str(error)) from None

    def _optional(self, name: str) -> dict[str, np.ndarray]:
        found = self._arrays(name)
        return {} if found is None else found[0]

    def _needed(self, name: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        found = self._arrays(name)
        if found is None:
            raise self._not_yet(name)
        return found

    def _not_yet(self, name: str) -> StoreError:
        return StoreError(f"{self.directory} has no {name} yet (outcome: {self.outcome.name}); finish the run first")

    def _damaged(self, name: str, why: str = "", missing: bool = False, foreign: bool = False) -> StoreError:
        path = self.directory / name
        if foreign and not missing:
            return StoreError(f"{path} is no part of this run, which has made none so far; delete that file")
        how = "missing" if missing else "damaged or foreign"
        why = why or ("" if missing else "it does not have the sha256 that outcome.json has of it")
        return StoreError(f"{path} is {how}; {_AGAIN[name]}" + (f" ({why})" if why else ""))

    def _bytes(self, name: str) -> bytes | None:
        path = self.directory / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None

    def _about(self) -> dict[str, Any]:
        path, raw = self.directory / "spec.json", self._bytes("spec.json") or b""
        try:
            said = parse_json(raw, path)
            if isinstance(said, dict) and said.get("format") != FORMAT:
                raise StoreError(
                    f"{path} was not written by this version: its format is {said.get('format')!r}, expected {FORMAT}; "
                    "run the spec again in a new store"
                )
            return sealed.parse(raw, path)
        except DataError as error:
            raise StoreError(
                f"{path} is damaged or foreign; delete that file and run the same command again ({error})"
            ) from None


_REMADE = "run the same command again: it is made again"
_AGAIN = dict.fromkeys(PARTS, _REMADE) | {
    "weights.safetensors": f"{_REMADE} from the checkpoint",
    "masks.safetensors": f"{_REMADE} from the checkpoint",
    "regularizers.safetensors": f"{_REMADE} from the checkpoint",
    "prepared.safetensors": f"{_REMADE} from the data",
    "history.csv": f"delete it and {CHECKPOINT}, then run the same command again: it begins this training anew",
}
