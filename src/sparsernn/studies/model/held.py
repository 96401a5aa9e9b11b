"""What a `Model` holds: its run, what was done to its recording, and the rounds before it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sparsernn.runs.record import Outcome, Record
from sparsernn.studies import free_run as freely
from sparsernn.studies.which import name_of
from sparsernn.tasks.prepared import Prepared
from sparsernn.training.run_spec import RunSpec, spec_of

Floats = NDArray[np.float64]


class Held:
    """The part of a `Model` that says what it is."""

    def __init__(
        self,
        record: Record,
        directory: str | Path | None = None,
        records: Sequence[Record] = (),
        notes: Sequence[str] = (),
        name: str = "",
    ):
        self.record = record
        """The run directory: history, measures, evidence, environment."""
        self.directory = record.directory if directory is None else Path(directory)
        """What `Model.load` takes: the `out` of `reconstruct`, or a run directory."""
        self.notes = tuple(notes)
        """Sentences on what was found in the data and chosen for the user."""
        self.name = name or name_of(record)
        """Which of the networks in `directory` it is: ``geometric, round 2, seed 0``."""
        self._records = tuple(records) or (record,)

    @cached_property
    def _spec(self) -> RunSpec:
        return spec_of(self.record)

    @cached_property
    def _prepared(self) -> Prepared:
        return freely.prepared_of(self.record)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the recording's columns, in order."""
        return self._prepared.channels

    @property
    def units(self) -> tuple[str, ...]:
        """The unit of each column, "" where it is unknown; () if none is known."""
        return self._prepared.units[: len(self.columns)]

    @property
    def dt(self) -> float | None:
        """The time from one row of `free_run` to the next; None if unknown.

        With `every` it is that many intervals of the recording.
        """
        return self._prepared.dt

    @property
    def rows_needed(self) -> int:
        """How many last rows of a history `forecast` looks at. A shorter history is refused."""
        return self._prepared.rows_needed

    @property
    def outcome(self) -> Outcome:
        """How the training ended."""
        return self.record.outcome

    @cached_property
    def rounds(self) -> tuple[Self, ...]:
        """The networks of all rounds, from the dense one to this one.

        If this round's directory was copied alone, those before it are missing here.
        """
        kept = self.record.kept().rounds
        return tuple(self if r is kept[-1] else type(self)(r, self.directory) for r in kept)

    @property
    def dense(self) -> Self:
        """The network before any weight was removed. StoreError if that round is not there."""
        if self.rounds[0].record.round > 0:
            self.record.lineage()  # says which directory is missing
        return self.rounds[0]
