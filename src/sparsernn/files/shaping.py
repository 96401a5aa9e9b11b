"""From a table as it was read to a series that can be learned: roles, time, trials, gaps, checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sparsernn.errors import DataError, SpecError
from sparsernn.files.axes import MOSTLY
from sparsernn.files.columns import RawTable
from sparsernn.files.intervals import even, interval, known_times, refuse_missing
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.files.roles import Roles, roles_of
from sparsernn.files.stretches import RowBlocks, by_trial, closed, without_single_rows
from sparsernn.files.time_axis import FEWEST
from sparsernn.files.units import unit_of


class Series(NamedTuple):
    """A recorded series: `values` (T, N) float64, C-ordered, finite, no column constant; a name per column.

    `dt` is the sampling interval (None: unknown) and `dt_source` where it came from, in words; `source` the file,
    `sha256` that of the file's bytes (of several files: of all, one after the other). `starts` holds the first row of
    every stretch, (0,) for a recording without gaps: the rows before and after such a place do not follow one another.
    `units` has one text a column ("" where unknown) or is empty; `time_unit` is that of `dt`. `notes` are sentences on
    what was recognized, left out, cut or filled.
    """

    values: np.ndarray
    names: tuple[str, ...]
    dt: float | None
    source: str
    sha256: str
    starts: tuple[int, ...] = (0,)
    units: tuple[str, ...] = ()
    dt_source: str = "unknown"
    time_unit: str = ""
    notes: tuple[str, ...] = ()


@np.errstate(over="ignore", invalid="ignore")
def shaped(
    table: RawTable,
    columns: Sequence[str | int] | None,
    dt: float | None,
    reading: Reading = AS_FOUND,
    *,
    source: str,
    loose: bool = False,
) -> RawTable:
    """A table with its time, counter and trial taken out and its gaps closed, (T, N) float64, with dt and starts.

    Unless `loose` (a series to be judged: missing values stay), missing values are refused, or treated as
    `reading.gaps` says. DataError for times that are not even, with the ways out; SpecError for options that do not
    fit.
    """
    table = _flat(table, reading, source)
    _numbers(table.values, source)
    if not len(table.values) or not table.names:
        return table._replace(values=np.asarray(table.values, dtype=float), dt=table.dt if dt is None else dt)
    roles = roles_of(table, columns, reading, source, loose=loose)
    names = tuple(table.names[k] for k in roles.variables)
    units = tuple(table.units[k] for k in roles.variables) if table.units else tuple(unit_of(name) for name in names)
    notes = [*table.notes, *roles.notes]
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.array(table.values[:, roles.variables], dtype=np.float64, order="C")
    stretch = np.zeros(len(values), dtype=np.int64)
    stretch[[s for s in table.starts if 0 < s < len(values)]] = 1
    rows = RowBlocks(values, np.arange(len(values)), np.cumsum(stretch), roles.time)
    if roles.trial is not None:
        rows, parts = by_trial(rows, roles.trial, roles.trial_name, source)
        notes.append(parts)
    if rows.time is not None:
        rows, said = _forward(rows, roles)
        notes += said
        rows, said = known_times(rows, roles, reading, source)
        notes += said
    if not loose and reading.gaps is not None:
        rows, said = closed(rows, reading.gaps, names, source)
        notes += said
    step: float | None = None
    if rows.time is not None:
        rows, step, said = even(rows, roles, reading, names, source)
        notes += said
    elif reading.resample:
        raise SpecError(f"{source} has no time column, so that nothing can be resampled; --time names one")
    if not loose and len(rows.starts()) > 1:
        rows, alone = without_single_rows(rows)
        notes += [alone] if alone else []
    if not loose and reading.gaps is None:
        refuse_missing(rows, names, source)
    found, unit, told, said = interval(table, roles, step, dt, reading, source)
    notes += said
    return RawTable(
        np.ascontiguousarray(rows.values),
        names,
        found,
        units if any(units) else (),
        unit,
        told,
        rows.starts(),
        tuple(notes),
    )


def checked(table: RawTable, source: str, sha256: str) -> Series:
    """The table as a series, or the DataError that says why it is none."""
    values = table.values
    if values.ndim != 2:
        raise DataError(
            f"{source} has shape {values.shape}; expected (time,), (time, variables) or (trials, time, variables)"
        )
    count, width = values.shape
    if width == 0:
        raise DataError(f"{source} has no columns")
    if count < 2:
        hint = "; it looks transposed: --transpose (in Python reading.transpose)" if width > 2 else ""
        raise DataError(f"{source} has {count} data rows and {width:,} columns; a series needs at least two rows{hint}")
    if count < width:
        raise DataError(
            f"{source} has {count:,} rows and {width:,} columns; a row is one time step, so it looks transposed: "
            "--transpose (in Python reading.transpose), or choose fewer columns with --columns"
        )
    finite = np.isfinite(values)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise DataError(
            f"{source}: {np.count_nonzero(~finite):,} values are missing or not finite, the first in row {row:,} "
            f'(data rows counted from 0), column "{table.names[column]}"; cut them out or fill them in first'
        )
    constant = [name for name, spread in zip(table.names, np.ptp(values, axis=0), strict=True) if spread == 0]
    if constant:
        known = ", ".join(f'"{name}"' for name in constant[:10])
        raise DataError(
            f"{source}: {len(constant)} constant column(s): {known}; choose the others with --columns "
            "(in Python columns)"
        )
    told = table.dt_source or ("unknown" if table.dt is None else "the file")
    return Series(
        values, table.names, table.dt, source, sha256, table.starts, table.units, told, table.time_unit, table.notes
    )


def _flat(table: RawTable, reading: Reading, source: str) -> RawTable:
    """Trials (trials, T, N) one below the other; a vector as one column; transposed where asked."""
    values = table.values
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim not in (2, 3):
        raise DataError(
            f"{source} has shape {values.shape}; expected (time,), (time, variables) or (trials, time, variables)"
        )
    names = table.names
    if reading.transpose and not table.listed:
        values = values.swapaxes(-1, -2)
        names = names if len(names) == values.shape[-1] else ()
    starts, notes, time = table.starts, table.notes, table.time
    if values.ndim == 3:
        trials, length, width = values.shape
        if length < max(FEWEST, width):
            raise DataError(
                f"{source} has shape {table.values.shape}, that is {trials:,} trials of {length:,} rows and {width:,} "
                "columns; expected (trials, time, variables), with more rows than columns (--transpose swaps the two)"
            )
        notes = (*notes, f"{trials:,} trials of {length:,} rows")
        starts = tuple(range(0, trials * length, length)) if length else (0,)
        values = values.reshape(trials * length, width)
        time = np.tile(time, trials) if time is not None and len(time) == length else time
    if len(names) != values.shape[1]:
        names = tuple(f"x{i}" for i in range(values.shape[1]))
    if time is not None and time.shape != (len(values),):
        notes, time = (
            (*notes, f'the times "{table.time_name}" do not fit the {len(values):,} rows and are left out'),
            None,
        )
    return table._replace(values=values, names=names, starts=starts or (0,), notes=notes, time=time)


def _numbers(values: np.ndarray, source: str) -> None:
    if values.dtype.kind == "c":
        raise DataError(f"{source} holds complex numbers; store real and imaginary parts as two columns")
    if values.dtype.kind not in "biuf":
        raise DataError(f"{source} has dtype {values.dtype}; expected numbers")


def _forward(rows: RowBlocks, roles: Roles) -> tuple[RowBlocks, list[str]]:
    """The oldest row first."""
    assert rows.time is not None
    bounds = rows.bounds()
    steps = np.concatenate([np.diff(rows.time[a:b]) for a, b in bounds])
    steps = steps[np.isfinite(steps)]
    if not len(steps) or (steps < 0).mean() < MOSTLY:
        return rows, []
    order = np.concatenate([np.arange(b - 1, a - 1, -1) for a, b in bounds])
    taken = rows.take(order)
    return taken._replace(stretch=rows.stretch), [f'column "{roles.time_name}" has the newest row first: turned around']
