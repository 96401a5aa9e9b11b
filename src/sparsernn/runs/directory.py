"""A run directory being written: every file announced by its hash before it is there."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from sparsernn.errors import StoreError
from sparsernn.files import safetensors_file, sealed
from sparsernn.files.atomic import write_bytes
from sparsernn.masks import Prunable
from sparsernn.runs.checkpoint import CHECKPOINT, Checkpoint
from sparsernn.runs.checkpoint import dump as dump_checkpoint
from sparsernn.runs.environment import environment
from sparsernn.runs.outcome import HISTORY, OUTCOME, PARTS, RUNNING, SOFT, Ledger, Outcome, digest
from sparsernn.runs.outcome import dump as dump_outcome
from sparsernn.runs.record import Record
from sparsernn.runs.refusals import writing
from sparsernn.runs.snapshots import FOLDER, is_snapshot, name_of
from sparsernn.runs.watch import WatchedNumbers
from sparsernn.weights import Weights, flatten


class Directory(Record):
    """A run directory being written. Use `opened`, which holds its lock.

    Every file but the checkpoint and history.csv is announced in outcome.json before it is written, so a process that
    is killed between two writes leaves nothing that a reader could take for damage, or damage that it could not see.
    `lost`: files that were found missing or damaged; they read as not there yet, until they are made again.
    """

    def __init__(self, directory: str | Path):
        super().__init__(directory)
        self.lost: frozenset[str] = frozenset()
        try:
            ledger = super().ledger()
        except StoreError:
            ledger = self._adopted()
        files: dict[str, str] = {}
        for name in PARTS:
            raw, known = self._bytes(name), ledger.files.get(name)
            seen = None if raw is None else digest(raw)
            if name == HISTORY and known is None:
                continue  # under way, or killed: its checkpoint knows
            if seen is not None and seen in (known, ledger.coming.get(name)):
                files[name] = seen
            elif seen is not None or known is not None:
                self.lost |= {name}
        for name, known in {**ledger.files, **ledger.coming}.items():
            if is_snapshot(name) and (raw := self._bytes(name)) is not None:  # they may be deleted
                files[name] = digest(raw) if name in ledger.coming else known
        if self.lost & {"measures.json", "evidence.safetensors"}:  # their names belong together
            self.lost |= {"measures.json", "evidence.safetensors"}
        self._on_disk = ledger
        self.state = ledger._replace(files=files, coming={})

    def _adopted(self) -> Ledger:
        """Where outcome.json is lost: the files that certify themselves. Weights come from the checkpoint again."""
        files: dict[str, str] = {}
        self.state = Ledger()
        kept = sorted(path.name for path in (self.directory / FOLDER).glob("*.safetensors"))
        for name in (*SOFT, "importance.safetensors", *(f"{FOLDER}/{name}" for name in kept)):
            raw = self._bytes(name)
            self.state = Ledger(files={} if raw is None else {name: digest(raw)})
            try:
                if name == "timings.csv":
                    self.seconds()
                elif name == "watch.csv":
                    continue  # written again from watch.json
                elif name.endswith(".json"):
                    self._json(name)
                else:
                    self._arrays(name)
                files |= self.state.files
            except StoreError:
                continue
        self.state = Ledger(files=files)
        return self.state._replace(seconds=self.seconds() if "timings.csv" in files else 0.0)

    def ledger(self) -> Ledger:
        return self.state

    def _raw(self, name: str) -> bytes | None:
        return None if name in self.lost else super()._raw(name)

    # ----------------------------------------------------------------------------------------- training, epoch by epoch

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """The commit point: history.csv is already on disk up to ``values["history_bytes"]``."""
        history = (self._bytes(HISTORY) or b"")[: int(checkpoint.values["history_bytes"])]
        path = self.directory / CHECKPOINT
        write_bytes(path, dump_checkpoint(checkpoint, self.identity, history, path))

    def load_checkpoint(self) -> Checkpoint | None:
        """The last checkpoint, with history.csv cut back to it. None if there is none. StoreError if it is damaged,
        belongs to another run, or history.csv is shorter than when it was written."""
        checkpoint, history = self.checkpoint(), self.directory / HISTORY
        size = int(checkpoint.values["history_bytes"]) if checkpoint else 0
        if history.is_file() and history.stat().st_size > size:
            with writing(history):
                os.truncate(history, size)
        return checkpoint

    def add_history(self, row: Mapping[str, Any]) -> int:
        """Append one row (floats written exactly, None and NaN as nothing), flush it; the size of the file after."""
        path = self.directory / HISTORY
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        with writing(path):
            if not path.is_file() or path.stat().st_size == 0:
                writer.writerow(row)
            writer.writerow("" if v is None or v != v else v for v in row.values())
            with path.open("a", encoding="utf-8", newline="") as file:
                file.write(buffer.getvalue())
                file.flush()
                os.fsync(file.fileno())
            return path.stat().st_size

    # ------------------------------------------------------------------------------------------- what a run consists of

    def put(self, files: Mapping[str, bytes]) -> None:
        """Announce files, then write them; those that are on disk already are left alone."""
        hashes = {name: digest(raw) for name, raw in files.items()}
        new = {name: h for name, h in hashes.items() if self.state.files.get(name) != h or name in self.lost}
        if not new:
            return
        self.state = self.state._replace(coming={**self.state.coming, **new})
        self.settle()
        for name in new:
            with writing(self.directory / name):
                (self.directory / name).parent.mkdir(exist_ok=True)
            write_bytes(self.directory / name, files[name])
        coming = {name: h for name, h in self.state.coming.items() if name not in new}
        self.state = self.state._replace(files={**self.state.files, **new}, coming=coming)
        self.lost -= set(new)

    def settle(self) -> None:
        """Write outcome.json, if it says something else."""
        path = self.directory / OUTCOME
        if self.state != self._on_disk:
            write_bytes(path, dump_outcome(self.state, self.identity, path))
            self._on_disk = self.state

    def packed(self, name: str, arrays: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> bytes:
        """Arrays as a file of this run."""
        plain = {k: np.asarray(v) for k, v in arrays.items()}
        return safetensors_file.dump(self.directory / name, plain, {**(metadata or {}), "run": self.identity})

    def keep(self, keepsake: Callable[[], tuple[Mapping[str, Any], Mapping[str, str]]]) -> None:
        """What the task wants kept, once."""
        name = "prepared.safetensors"
        if name not in self.state.files or name in self.lost:
            self.put({name: self.packed(name, *keepsake())})

    def save(
        self, weights: Weights, masks: Mapping[str, Any], prunables: Iterable[Prunable], regularizers: Mapping[str, Any]
    ) -> None:
        """Weights (with what may be pruned of them in the metadata), masks, and arrays of regularizers if any."""
        parts: dict[str, tuple[Any, ...]] = {
            "weights": (flatten(weights), {"prunables": json.dumps([p._asdict() for p in prunables])}),
            "masks": ({p: np.asarray(m, dtype=bool) for p, m in masks.items()},),
        }
        if regularizers:
            parts["regularizers"] = (regularizers,)
        names = {part: f"{part}.safetensors" for part in parts}
        self.put({names[part]: self.packed(names[part], *content) for part, content in parts.items()})

    def save_importance(self, arrays: Mapping[str, Any]) -> None:
        """Beside those of other matrices."""
        name = "importance.safetensors"
        self.put({name: self.packed(name, self.importance() | dict(arrays))})

    def save_measures(self, measures: Mapping[str, Any], evidence: Mapping[str, Any]) -> None:
        """All of them: numbers, and the arrays behind them."""
        path = self.directory / "measures.json"
        raw = sealed.dump(path, {"measures": measures, "run": self.identity})
        self.put({"evidence.safetensors": self.packed("evidence.safetensors", evidence), path.name: raw})

    def save_watched(self, watched: WatchedNumbers) -> None:
        """What was watched, and the same as a table."""
        path = self.directory / "watch.json"
        raw = sealed.dump(path, {"watched": watched.entries, "run": self.identity})
        self.put({path.name: raw, "watch.csv": watched.table()})

    def save_snapshot(self, epoch: int, weights: Weights, masks: Mapping[str, Any]) -> None:
        """Weights and masks of an epoch."""
        arrays = {f"weights/{k}": v for k, v in flatten(weights).items()}
        arrays |= {f"masks/{k}": np.asarray(v, dtype=bool) for k, v in masks.items()}
        self.put({name_of(epoch): self.packed(name_of(epoch), arrays)})

    def last_epoch(self) -> int:
        """The last one that has ended."""
        epochs = self.history().get("epoch")
        return 0 if epochs is None or not len(epochs) else int(epochs[-1])

    def drop_damaged_checkpoint(self) -> None:
        """Of a training that has ended: nothing goes on from it any more."""
        try:
            self.checkpoint()
        except StoreError:
            with writing(self.directory / CHECKPOINT):
                (self.directory / CHECKPOINT).unlink(missing_ok=True)

    def begin(self) -> None:
        """A new sitting: until it is concluded, the run has no outcome, and history.csv grows."""
        files = {name: h for name, h in self.state.files.items() if name != HISTORY}
        self.lost -= {HISTORY}
        self.state = self.state._replace(outcome=RUNNING, files=files)
        self.settle()

    def conclude(self, outcome: Outcome, spent: Mapping[str, float] = MappingProxyType({})) -> None:
        """The sitting is over; `spent` says for how many seconds what was done."""
        for what, seconds in spent.items():
            self._add_seconds(what, seconds)
        history = self._bytes(HISTORY)
        certified = {} if history is None else {HISTORY: digest(history)}
        self.state = self.state._replace(outcome=outcome, files={**self.state.files, **certified})
        self.settle()

    def _add_seconds(self, what: str, seconds: float) -> None:
        begun = f"what,seconds\nearlier sittings,{self.state.seconds:.3f}\n" if self.state.seconds else "what,seconds\n"
        raw = self._raw("timings.csv") or begun.encode()
        if what:
            raw += f"{what},{seconds:.3f}\n".encode()
        self.state = self.state._replace(seconds=self.state.seconds + seconds)
        self.put({"timings.csv": raw})

    def restore(self) -> None:
        """Environment and timings, where they are lost (or not there yet)."""
        path = self.directory / "environment.json"
        if path.name not in self.state.files or path.name in self.lost:
            found = environment()
            if self.state.files or self.lost:
                found["note"] = "written anew, the first one was lost: the training may have run on another machine"
            self.put({path.name: sealed.dump(path, {**found, "run": self.identity})})
        if "timings.csv" in self.lost:
            self._add_seconds("", 0.0)
