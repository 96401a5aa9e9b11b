"""Reading a run from disk: its outcome, history, weights, masks and measures."""

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
from sparsernn.spec import Plain
from sparsernn.weights import Weights, under, unflatten

__all__ = ["HISTORY", "Kept", "Outcome", "Record", "prunables_of"]

HISTORY = ("epoch", "step", "loss", "penalty", "gradient_norm", "learning_rate", "nonzeros")
"""The columns that every history.csv begins with."""


class Kept(NamedTuple):
    """Which rounds of a run are on disk.

    Args:
        rounds: those that are, first to last.
        missing: a sentence on those that are not; "" if all are.
    """

    rounds: list[Record]
    missing: str


def prunables_of(metadata: Mapping[str, str], path: Path) -> tuple[Prunable, ...]:
    """Read the prunable matrices from the metadata of a weights file at `path`; () if they are not there.

    StoreError if the metadata are damaged.
    """
    try:
        return tuple(Prunable(**entry) for entry in json.loads(metadata.get("prunables", "[]")))
    except (ValueError, TypeError):
        raise StoreError(f"{path} is damaged or foreign: its metadata say nothing of matrices") from None


class Record(RunFiles):
    """A run directory, opened for reading.

    Nothing is cached. What is read must have the hash in outcome.json (history.csv of a run under way: that in its
    checkpoint). Missing and damaged files raise a StoreError that says what to do. `sparsernn.runs.run_files` lists the
    files.

    >>> found = sparsernn.Record(record.directory)
    >>> found.outcome.name, sorted(found.weights()["cell0"]), list(found.history())[:2]
    ('finished', ['bias', 'input', 'recurrent'], ['epoch', 'step'])
    """

    def __repr__(self) -> str:
        return f"Record({str(self.directory)!r}, round {self.round}, {self.outcome.name})"

    # ---------------------------------------------------------------------------------------------- what the run is

    @property
    def spec(self) -> dict[str, Plain]:
        """The run's spec in plain form; `sparsernn.read_spec` makes a `RunSpec` of it."""
        return self.about["spec"]

    @property
    def round(self) -> int:
        """Which training of the run this is; 0 is the first."""
        return int(self.about["round"])

    @property
    def parent(self) -> Record | None:
        """The round before, whose weights this one was pruned from; None in round 0.

        StoreError if its directory is not beside this one.
        """
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
        """Where the directory of the round before should be."""
        name, own = self.about["parent"], self.directory
        store = own.parent if own.name not in ("", "..") else Path(os.path.abspath(own)).parent
        return None if name is None else store / str(name)[:16]

    def lineage(self) -> list[Record]:
        """Return the rounds from the first training to this one. StoreError names one that is missing."""
        rounds: list[Record] = [self]
        while (parent := rounds[0].parent) is not None:
            rounds.insert(0, parent)
        return rounds

    def kept(self) -> Kept:
        """Return the rounds up to this one that are on disk.

        A round that was copied alone can so be read without the others. StoreError if one is damaged, or is a round of
        another run.
        """
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
        """Return the columns of history.csv, by name, one row an epoch.

        With `select` there is also ``validation_<key>``, NaN at epochs at which it was not taken or is undefined. Of a
        run under way the rows end with its last checkpoint. A row that is only half written (after an error) is left
        out. Before the first epoch there are no columns.
        """
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
        """Return the selected weights, masked; of a run that was paused or interrupted the last ones."""
        return unflatten(self._needed("weights.safetensors")[0])

    def prunables(self) -> tuple[Prunable, ...]:
        """Return the matrices of `weights` that may be made sparse; () before there are weights."""
        found = self._arrays("weights.safetensors")
        return () if found is None else prunables_of(found[1], self.directory / "weights.safetensors")

    def regularizers(self) -> dict[str, np.ndarray]:
        """Return the arrays of the regularizers, by position and name.

        These are ``trained/…``, of the selected epoch; ``fixed/…``; and ``strength/…``, strengths found by matching.
        """
        return self._optional("regularizers.safetensors")

    def masks(self) -> dict[str, np.ndarray]:
        """Return the masks of the selected weights: a matrix's path to Booleans of its shape."""
        return {k: v.astype(bool) for k, v in self._needed("masks.safetensors")[0].items()}

    def measures(self) -> dict[str, Any]:
        """Return the numbers of every measure, by its name.

        An entry is ``{"measure": plain form, "identity": ..., "validation": {key: number}, "test": {...}}``, with
        Undefined in place of a number that does not exist. The name of a second measure of one kind has eight digits of
        its identity behind it (``score 0123abcd``).
        """
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
        """Return all numbers of a split, "test" or "validation", under ``measure/key``."""
        return {f"{name}/{key}": v for name, entry in self.measures().items() for key, v in entry[split].items()}

    def watched(self) -> dict[str, np.ndarray]:
        """Return the numbers that were taken while training, as columns with one row an epoch.

        The first column is ``epoch`` (0: before the first update); the others are ``measure/key``, on the validation
        split, NaN where a number was not taken or is undefined (`watch_entries` has the reasons). There are no columns
        if nothing was watched.

        >>> list(record.watched())[:3]
        ['epoch', 'hubs/edges', 'hubs/density']
        """
        columns, rows = WatchedNumbers(self.watch_entries()).rows()
        numbers = [[np.nan if v is None or isinstance(v, Undefined) else float(v) for v in row] for row in rows]
        if not rows:
            return {}
        return dict(zip(columns, np.array(numbers, dtype=float).reshape(len(rows), len(columns)).T, strict=True))

    def watch_entries(self) -> dict[str, Any]:
        """Return the numbers of every watched measure, by its name as in `measures`.

        An entry is ``{"measure": plain form, "identity": ..., "epochs": {"0": {key: number}}}``, with Undefined in
        place of a number that does not exist.
        """
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
        """Return the epochs whose weights were kept while training and are still on disk."""
        names = [name for name in self.ledger().files if is_snapshot(name)]
        return sorted(epoch_of(name) for name in names if (self.directory / name).is_file())

    def snapshot(self, epoch: int) -> tuple[Weights, dict[str, np.ndarray]]:
        """Return weights and masks after an epoch (0: before the first update). StoreError if they were not kept."""
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
        """Return the arrays behind the measures, for figures, under ``measure/name``; measures as in `measures`."""
        return self._optional("evidence.safetensors")

    def importance(self) -> dict[str, np.ndarray]:
        """Return how single weights were judged, the last time that each matrix was pruned by it; {} if none was.

        For the matrix at `path`: ``path:indices``, the weights, flat (C order); ``path:increase`` (weights, starts), by
        how much the number was worse without each; ``path:baseline`` (starts,), the number with all weights.
        """
        return self._optional("importance.safetensors")

    def prepared(self) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Return the arrays and texts that the task gave the run to keep (`AbstractTask.keepsake`).

        With them the run can be used without its data. StoreError if they are missing or damaged.
        """
        arrays, about = self._needed("prepared.safetensors")
        return arrays, {name: text for name, text in about.items() if name != "run"}

    def environment(self) -> dict[str, Plain]:
        """Return versions and machine of the training. A key `note` says if the file was lost and written anew."""
        found = self._json("environment.json")
        if found is None:
            raise self._not_yet("environment.json")
        return found

    def seconds(self, on: str = "") -> float:
        """Return the wall-clock seconds spent on this directory, by all processes that were not killed.

        With `on`, only those of work whose name begins with it: "round" for training, or "measures".
        """
        raw = self._raw("timings.csv")
        try:
            rows = list(csv.DictReader(io.StringIO((raw or b"").decode())))
            return sum(float(row["seconds"]) for row in rows if str(row["what"]).startswith(on))
        except (KeyError, TypeError, ValueError):
            raise self._damaged("timings.csv") from None
