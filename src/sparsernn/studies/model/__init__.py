"""A trained network in the hands of a Python program: numbers, free runs, forecasts, arrays, wiring.

`Model` is put together from one file each for what it is (`held`), how good it is (`judged`), letting it run
(`running`) and its weights (`inside`).
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from sparsernn.errors import Number, SpecError, StoreError, Undefined
from sparsernn.report.runs import find
from sparsernn.runs.record import Record
from sparsernn.runs.store import MARKER
from sparsernn.studies.model.inside import Inside
from sparsernn.studies.model.judged import Judged
from sparsernn.studies.model.running import Running
from sparsernn.studies.which import picked
from sparsernn.tasks.observed import is_observed

__all__ = ["Model"]


class Model(Judged, Running, Inside):
    """One network that was trained to be the system behind a recording. It needs the recording no more.

    `sparsernn.reconstruct` and `Model.load` make it. Rows are in the units and columns of the recording, (rows,
    columns) float64. Of a one-column recording that was delay-embedded there is one column, unless `embedded`.

    >>> model = sparsernn.Model.load("my-run")
    >>> free = model.free_run(1_000)
    >>> free.shape, free.dtype
    ((1000, 2), dtype('float64'))
    >>> model.verdict.grade in ("excellent", "good", "partial", "failed", "undecidable")
    True
    """

    @classmethod
    def load(cls, directory: str | Path, which: str | None = None) -> Model:
        """Return the network that lies in a directory. The recording is not needed.

        It is that of the last round. Of several (criteria, seeds), `which` picks some; of these the one with the lowest
        D_stsp on the validation stretch is taken. `name` says which it is.

        Args:
            directory: an `out` of `reconstruct` (in Python or on the command line), a store of runs, or one run.
            which: a name or a part of it ("geometric", "seed 1"), or how the name of a run's directory begins.

        Raises:
            StoreError: if there is no run.
            SpecError: if `which` names none.

        >>> sparsernn.Model.load("my-run", which="seed 0").name
        'magnitude, round 1, seed 0'
        """
        if not isinstance(directory, str | PathLike):
            raise SpecError(f"directory is a path, got {directory!r}")
        place = Path(directory)
        try:
            store = place / "runs" if (place / "runs" / MARKER).is_file() else place
            alone, known = (store / "spec.json").is_file(), (store / MARKER).is_file()
        except OSError as error:  # a name that is too long
            raise StoreError(f"{str(place)[:200]} cannot be read: {error.strerror}") from None
        if alone:
            return cls._of([Record(store)], place, which)
        if not known:
            raise StoreError(
                f"{directory} holds no runs; give the out directory of a reconstruction, or one run's directory"
            )
        return cls._of(find([store]), place, which)

    @classmethod
    def _of(cls, records: Sequence[Record], place: Path, which: str | None, notes: Sequence[str] = ()) -> Model:
        fitting = [record for record in records if is_observed(record.spec["task"])]
        if not fitting:
            raise SpecError(f"{place} holds no reconstruction, and only a reconstructed system is a Model; see Record")
        name, record = picked(fitting, place, which)
        return cls(record, place, fitting, notes, name)

    def __repr__(self) -> str:
        """Two lines: what it is, and how good."""
        cell = self._spec.network.cells[0]
        kind = type(cell).registry.name_of(type(cell))
        columns = self.columns if len(self.columns) <= 6 else (*self.columns[:5], f"… {len(self.columns)} in all")
        rate = "" if self.dt is None else f", dt {self.dt:.6g} {self._prepared.time_unit}".rstrip()
        return (
            f"Model of {self._prepared.source} ({', '.join(columns)}{rate}): {kind}, {cell.hidden} units, "
            f"{self._connections()}\n{self._how_good()}; {self.name}; {self.record.directory}"
        )

    def _connections(self) -> str:
        try:
            sizes = [(int(np.count_nonzero(m)), m.size) for p, m in self.masks().items() if p == "cell0/recurrent"]
        except StoreError:
            return "no weights yet"
        return ", ".join(f"{remaining:,} of {size:,} recurrent weights" for remaining, size in sizes)

    def _how_good(self) -> str:
        if not self.numbers:
            return f"{self.outcome.name}, not measured"
        said = [f"{key} {_short(self.numbers[key])}" for key in ("d_stsp", "d_h") if key in self.numbers]
        bounds = [
            f"{b} {_short(self.numbers[k])}" for b in ("floor", "ceiling") if (k := f"d_stsp_{b}") in self.numbers
        ]
        return f"{self.verdict.grade}: {', '.join(said)}" + (f" (d_stsp {', '.join(bounds)})" if bounds else "")


def _short(value: Number) -> str:
    return "undefined" if isinstance(value, Undefined) else f"{value:.3g}"
