"""What is watched while a network learns: measures on the validation split, epoch by epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sparsernn.errors import Undefined
from sparsernn.measures.base import AbstractMeasure, Number
from sparsernn.rules import at_least, holds
from sparsernn.runs.snapshots import due
from sparsernn.spec import Checked, identity, plain


@dataclass(frozen=True)
class Watch(Checked):
    """Which measures are taken while training, and how often: at epoch 0, every `every` epochs, and at the last one.

    They are taken on the validation split. In a spec the measures alone stand for ``{measures: ...}``. Watching decides
    nothing: two runs that differ in it alone are one, and share a directory.
    """

    measures: tuple[AbstractMeasure, ...]
    every: int = 1

    rules = (holds(lambda measures: len(measures) > 0, "name at least one measure"), at_least(1, "every"))

    @staticmethod
    def from_plain(value: Any) -> Any:
        if isinstance(value, str):
            return {"measures": [value]}
        return {"measures": value} if isinstance(value, list | tuple) else value

    def epochs(self, reached: int, last: int) -> list[int]:
        """Return the epochs at which it is taken, of a training of `last` epochs that has `reached` one."""
        return [epoch for epoch in range(reached + 1) if due(self.every, epoch, last)]


class WatchedNumbers:
    """What has been watched: by the name of a measure its plain form, its identity, and numbers by epoch and key.

    It is the content of watch.json; watch.csv shows the same as a table.
    """

    def __init__(self, entries: Mapping[str, Any] | None = None):
        self.entries: dict[str, dict[str, Any]] = {name: dict(entry) for name, entry in (entries or {}).items()}

    def missing(self, watch: Watch, reached: int, last: int) -> dict[int, list[AbstractMeasure]]:
        """Return, by epoch, the measures that should have been taken and were not."""
        found: dict[int, list[AbstractMeasure]] = {}
        for measure in watch.measures:
            name = self._known(identity(measure))
            taken = self.entries[name]["epochs"] if name else {}
            for epoch in watch.epochs(reached, last):
                if str(epoch) not in taken:
                    found.setdefault(epoch, []).append(measure)
        return dict(sorted(found.items()))

    def take(self, epoch: int, measures: Iterable[AbstractMeasure], act: Callable[[AbstractMeasure], Mapping]) -> None:
        """Take measures at an epoch; `act` gives a measure's numbers."""
        for measure in measures:
            identified, form = identity(measure), plain(measure)
            name = self._known(identified)
            if name is None:
                (name,) = form
                name = f"{name} {identified[:8]}" if name in self.entries else name
                self.entries[name] = {"measure": form, "identity": identified, "epochs": {}}
            numbers: Mapping[str, Number] = act(measure)
            kept = {k: v if isinstance(v, Undefined) else float(v) for k, v in numbers.items()}
            self.entries[name]["epochs"][str(epoch)] = kept

    def cut(self, epoch: int) -> None:
        """Forget what comes after an epoch: a training goes on from there."""
        for entry in self.entries.values():
            entry["epochs"] = {e: numbers for e, numbers in entry["epochs"].items() if int(e) <= epoch}

    def _known(self, identified: str) -> str | None:
        return next((name for name, entry in self.entries.items() if entry["identity"] == identified), None)

    def rows(self) -> tuple[list[str], list[list[Number | None]]]:
        """Columns (``epoch``, then ``measure/key``), and one row an epoch; None: not taken there."""
        columns = {f"{name}/{k}": (name, k) for name, e in self.entries.items() for n in _in_order(e) for k in n[1]}
        epochs = sorted({epoch for entry in self.entries.values() for epoch, _ in _in_order(entry)})
        rows: list[list[Number | None]] = []
        for epoch in epochs:
            taken = {name: entry["epochs"].get(str(epoch), {}) for name, entry in self.entries.items()}
            rows.append([epoch, *(taken[name].get(key) for name, key in columns.values())])
        return ["epoch", *columns], rows

    def table(self) -> bytes:
        """watch.csv: floats written exactly; what was not taken or is undefined is nothing."""
        columns, rows = self.rows()
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([["" if v is None or isinstance(v, Undefined) else v for v in row] for row in rows])
        return out.getvalue().encode()


def _in_order(entry: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Number]]]:
    return sorted((int(epoch), numbers) for epoch, numbers in entry["epochs"].items())
