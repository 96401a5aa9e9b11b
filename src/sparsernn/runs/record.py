"""A run as its readers see it: outcome, history, weights, masks, measures."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparsernn.errors import StoreError, Undefined
from sparsernn.masks import Prunable
from sparsernn.runs import outcome
from sparsernn.runs.outcome import Outcome
from sparsernn.runs.run_files import RunFiles
from sparsernn.runs.snapshots import epoch_of, is_snapshot, name_of
from sparsernn.runs.watch import WatchedNumbers
from sparsernn.weights import Weights, under, unflatten

__all__ = ["HISTORY", "Kept", "Outcome", "Record", "prunables_of"]

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


class Record(RunFiles):
    """A run directory. Nothing is cached, nothing is taken on trust: what is read has the hash that outcome.json knows
    (history.csv of a run under way: its checkpoint). Missing and damaged parts raise a StoreError that says what to do.
    `sparsernn.runs.run_files` lists the files.

    >>> found = sparsernn.Record(record.directory)
    >>> found.outcome.name, sorted(found.weights()["cell0"]), list(found.history())[:2]
    ('finished', ['bias', 'input', 'recurrent'], ['epoch', 'step'])
    """

    def __repr__(self) -> str:
        return f"Record({str(self.directory)!r}, round {self.round}, {self.outcome.name})"

    # ---------------------------------------------------------------------------------------------- what the run is

    @property
    def spec(self) -> dict[str, Any]:
        """The run's spec in plain form; ``sparsernn.training.run_spec.read_spec`` makes it an object."""
        return self.about["spec"]

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

    def watched(self) -> dict[str, np.ndarray]:
        """What was watched, one row an epoch: ``epoch`` (0: before the first update), then ``measure/key`` on the
        validation split, NaN where it was not taken or is undefined (`watch_entries` has the reasons). Empty where
        nothing was watched.

        >>> list(record.watched())[:3]
        ['epoch', 'hubs/edges', 'hubs/density']
        """
        columns, rows = WatchedNumbers(self.watch_entries()).rows()
        numbers = [[np.nan if v is None or isinstance(v, Undefined) else float(v) for v in row] for row in rows]
        if not rows:
            return {}
        return dict(zip(columns, np.array(numbers, dtype=float).reshape(len(rows), len(columns)).T, strict=True))

    def watch_entries(self) -> dict[str, Any]:
        """One entry a watched measure, by its name as in `measures`: ``{"measure": plain form, "identity": ...,
        "epochs": {"0": {key: number}}}``, with Undefined where a number does not exist."""
        found = self._json("watch.json")
        if found is None:
            return {}
        try:
            for entry in found["watched"].values():
                _ = (
                    entry["measure"],
                    entry["identity"],
                    [int(e) and numbers.items() for e, numbers in entry["epochs"].items()],
                )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._damaged("watch.json") from None
        return found["watched"]

    def snapshots(self) -> list[int]:
        """The epochs whose weights were kept on the way and are still there."""
        names = [name for name in self.ledger().files if is_snapshot(name)]
        return sorted(epoch_of(name) for name in names if (self.directory / name).is_file())

    def snapshot(self, epoch: int) -> tuple[Weights, dict[str, np.ndarray]]:
        """Weights and masks after an epoch (0: before the first update). StoreError if they were not kept."""
        kept = self.snapshots()
        if epoch not in kept:
            have = f" (there are those of {', '.join(map(str, kept))})" if kept else ""
            raise StoreError(
                f"no snapshot of epoch {epoch} was kept{have}; run the spec again in a new store, with snapshots in it"
            )
        arrays = self._needed(name_of(epoch))[0]
        weights, masks = (under(arrays, f"{part}/") for part in ("weights", "masks"))
        return unflatten(weights), {k: v.astype(bool) for k, v in masks.items()}

    def evidence(self) -> dict[str, np.ndarray]:
        """Arrays behind the measures, for figures, as ``measure/name`` with the names that `measures` has."""
        return self._optional("evidence.safetensors")

    def importance(self) -> dict[str, np.ndarray]:
        """Where single weights were judged: ``path:indices`` (flat), ``path:increase`` (weights, starts),
        ``path:baseline`` (starts,) of the last time that the matrix at `path` was pruned by it."""
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
