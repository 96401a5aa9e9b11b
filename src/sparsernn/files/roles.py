"""Which column of a table is the time, which counts the rows, which names the trial, and which are variables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sparsernn.errors import DataError, SpecError
from sparsernn.files.axes import Axes
from sparsernn.files.columns import RawTable, choose
from sparsernn.files.reading import Reading
from sparsernn.files.time_axis import (
    canonical,
)


class Roles(NamedTuple):
    """Columns of the table's values that are variables; times (T,) with name and unit, or None; whether these only
    count rows; the trial's codes (T,) and name; sentences on what was left out."""

    variables: list[int]
    time: np.ndarray | None
    time_name: str
    time_unit: str
    counts_rows: bool
    trial: np.ndarray | None
    trial_name: str
    notes: list[str]


def roles_of(
    table: RawTable, columns: Sequence[str | int] | None, reading: Reading, source: str, *, loose: bool = False
) -> Roles:
    """What every column of a table (T, K) is. `columns` are taken as variables, whatever they look like.

    A column is the time where it is called so (`sparsernn.files.time_axis.called_time`) and rises or falls throughout,
    or where it has no name and is even. One that counts rows by its name or without one is left out, but is no time.
    Year, month, day, ... in columns of their own are one time. DoubtfulColumn for one with another name that
    rises evenly and for one called a trial (not if `loose`), DataError for a time that runs to and fro.
    SpecError for a time or trial that is no column.
    """
    listed = table.listed or table.names
    places = table.places or tuple(range(len(table.names)))
    at = {place: k for k, place in enumerate(places)}
    chosen = None if columns is None else choose(listed, columns, source)
    unit = canonical(reading.time_unit)
    notes: list[str] = []
    trial, trial_name, special = None, "", set()
    if reading.trial is not None:
        (place,) = choose(listed, [reading.trial], f"{source}, --trial")
        trial, trial_name = np.asarray(table.values[:, at[place]], dtype=float), listed[place]
        special.add(place)
    wanted = None
    if reading.time is not None and reading.time != "none" and reading.time != table.time_name:
        (wanted,) = choose(listed, [reading.time], f"{source}, --time")
        if wanted not in at and table.time is not None:  # a column of dates, kept apart
            wanted = None
        else:
            special.add(wanted)
    if clash := [listed[p] for p in special if chosen is not None and p in chosen]:
        raise SpecError(f'{source}: column "{clash[0]}" is chosen by --columns, but is the time or the trial')
    taken = special | set(chosen or ())
    free = [p for p in places if p not in taken]
    axis = Axes(table, at, listed, source, several=len(places) > 1)
    if reading.time == "none":
        if table.time is not None and not table.indexed:
            notes.append(f'column "{table.time_name}" holds dates and is left out')
        left = axis.counters(free)
        notes += [f'column "{listed[p]}" counts the rows and is left out' for p in left]
        time, name, counts = None, "", False
    else:
        time, name, counts, left, found_unit, said = axis.find(free, wanted, table, unit)
        notes += said
        unit = found_unit or unit
    gone = special | set(left)
    variables = [at[p] for p in (chosen if chosen is not None else places) if p not in gone]
    if not variables:
        raise DataError(
            f"{source} has no column but the time, a counter or the trial "
            f"({', '.join(listed[p] for p in sorted(gone))}); "
            "choose with --columns what is to be a variable (in Python columns=)"
        )
    if chosen is None and not loose:
        kept = set(variables)
        left_over = [p for p in places if at[p] in kept]
        if reading.trial is None:
            axis.refuse_trials(left_over)
        if reading.time != "none":
            axis.refuse_straight(left_over)
    return Roles(
        variables, time, name, unit if time is not None and not counts else "", counts, trial, trial_name, notes
    )
