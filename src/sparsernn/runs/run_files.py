"""The files of a run as they vouch for themselves: nothing is taken on trust, what is read has its hash.

Layout (all files are written beside and renamed, none is a pickle): `spec.json` (resolved fields, data hash, round,
parent), `outcome.json` (how the run stands, and the hash of every file below), `history.csv`, `checkpoint.safetensors`,
`prepared.safetensors` (what the task wants kept), `weights.safetensors`, `masks.safetensors`,
`regularizers.safetensors` (where they have arrays), `importance.safetensors` (where single weights were judged),
`measures.json`, `evidence.safetensors`, `watch.json` and `watch.csv` (where it was watched), `snapshots/` (where they
are kept; they may be deleted), `environment.json`, `timings.csv`; `lock` holds nothing that is read.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError, StoreError
from sparsernn.files import safetensors_file, sealed
from sparsernn.files.atomic import parse_json
from sparsernn.runs import checkpoint, outcome
from sparsernn.runs.checkpoint import CHECKPOINT, Checkpoint
from sparsernn.runs.outcome import OUTCOME, PARTS, Ledger, Outcome

FORMAT = 2

_REMADE = "run the same command again: it is made again"
_KEPT = "delete it: nothing but watching afterwards needs it"
_AGAIN = dict.fromkeys(PARTS, _REMADE) | {
    "weights.safetensors": f"{_REMADE} from the checkpoint",
    "masks.safetensors": f"{_REMADE} from the checkpoint",
    "regularizers.safetensors": f"{_REMADE} from the checkpoint",
    "prepared.safetensors": f"{_REMADE} from the data",
    "watch.json": f"{_REMADE} from snapshots, or says what to do",
    "history.csv": f"delete it and {CHECKPOINT}, then run the same command again: it begins this training anew",
}


class RunFiles:
    """The files of a run directory, each checked against its hash when it is read.

    Nothing is cached. A missing or damaged file raises a StoreError that says what to do. `Record`, below it, says what
    is in the files.
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

    @property
    def identity(self) -> str:
        """sha256 of everything that decided the trajectory; its first 16 digits name the directory."""
        return self.about["identity"]

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

    def checkpoint(self) -> Checkpoint | None:
        """The last checkpoint; None if there is none. StoreError if it is damaged, belongs to another run, or
        history.csv is not what it was when it was written."""
        raw = self._bytes(CHECKPOINT)
        if raw is None:
            return None
        found = checkpoint.parse(raw, self.identity, self.directory / CHECKPOINT)
        checkpoint.certified(found, self._bytes(outcome.HISTORY) or b"", self.directory)
        return found

    def part(self, name: str) -> bytes | None:
        """The content of a file of this run, None if it has none. StoreError if it is not what outcome.json says."""
        return self._raw(name)

    def is_readable(self) -> bool:
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
        return StoreError(f"{path} is {how}; {_AGAIN.get(name, _KEPT)}" + (f" ({why})" if why else ""))

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
