"""Recorded series from any of the usual files, checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sparsernn.errors import DataError, SpecError
from sparsernn.files.child import shared
from sparsernn.files.columns import RawTable, matched
from sparsernn.files.kinds import files_of, read_table
from sparsernn.files.limits import regular_file, sha256_of, unreadable
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.files.shaping import Series, checked, shaped
from sparsernn.files.time_axis import agree, positive

__all__ = ["Series", "read_loosely", "read_series"]

SAME_DT = 1e-3
"""Intervals read from rounded times may differ by so much from file to file."""


def read_series(
    source: str | Path | Sequence[str | Path],
    *,
    columns: Sequence[str | int] | None = None,
    dt: float | None = None,
    reading: Reading = AS_FOUND,
) -> Series:
    """Read a series, one time step a row, from any kind of file that `sparsernn.files.kinds` lists.

    `columns` picks columns by name or by number from 0; `reading` says how the file is to be read; `dt` overrides the
    sampling interval. A vector becomes one column, (trials, T, N) stretches. Of several files each is at least one
    stretch; their columns are matched by name, their intervals must agree. A column of times gives dt and is left out,
    one that counts rows is left out; both are said in `notes`. Memory: a few times the numbers read.

    Raises DataError for every defect of a file: missing, empty, damaged, not numbers, ragged, complex, fewer than two
    rows, NaN or infinite values (with their place) unless `reading.gaps` says what to do with them, constant columns,
    more columns than rows, times that are not even unless `reading` says what to do. SpecError for columns, a time, a
    trial or a variable that the file has not.

    >>> series = sparsernn.read_series("x.npy", dt=0.1)
    >>> series.values.shape, series.names, series.dt
    ((900, 2), ('x0', 'x1'), 0.1)
    """
    columns = _asked(columns, dt)
    paths = _paths(source)
    with shared():
        table = _joined([_shaped(path, columns, dt, reading, loose=False) for path in paths], paths)
    return checked(table, ", ".join(map(str, paths)), _hash(paths))


def read_loosely(
    source: str | Path | Sequence[str | Path],
    *,
    columns: Sequence[str | int] | None = None,
    reading: Reading = AS_FOUND,
) -> RawTable:
    """Numbers (T, N) float64 from the same kinds of files, for a series that is to be judged rather than learned: it
    may be constant, not finite or a single row; `reading.gaps` closes no missing values (a run that overflows must not
    lose its end). DataError for damaged files, complex numbers, times that are not even, and what is no number."""
    columns = _asked(columns, None)
    paths = _paths(source)
    with shared():
        return _joined([_shaped(path, columns, None, reading, loose=True) for path in paths], paths)


def _asked(columns: Sequence[str | int] | None, dt: float | None) -> Sequence[str | int] | None:
    if dt is not None and not positive(dt):
        raise SpecError(f"dt must be positive, got {dt}")
    return (columns,) if isinstance(columns, str) else columns


def _paths(source: str | Path | Sequence[str | Path]) -> list[Path]:
    paths = [Path(source)] if isinstance(source, str | Path) else [Path(one) for one in source]
    if not paths:
        raise SpecError("no file was given")
    found = []
    for path in paths:
        if path.name and not path.suffix and path.with_name(f"{path.name}.hea").is_file():
            path = path.with_name(f"{path.name}.hea")
        found.append(regular_file(path))
    if len({path.resolve() for path in found}) < len(found):
        raise SpecError(f"a file was given twice: {', '.join(map(str, found))}")
    return found


def _hash(paths: list[Path]) -> str:
    try:
        return sha256_of(*(part for path in paths for part in files_of(path)))
    except OSError as error:
        raise unreadable(", ".join(map(str, paths)), error) from None


def _shaped(
    path: Path, columns: Sequence[str | int] | None, dt: float | None, reading: Reading, *, loose: bool
) -> RawTable:
    table, left, how = read_table(path, columns, reading)
    return shaped(table, left, dt, how, source=str(path), loose=loose)


def _joined(tables: list[RawTable], paths: list[Path]) -> RawTable:
    """Several files one after the other, with the columns of the first."""
    first = tables[0]
    if len(tables) == 1:
        return first
    values, starts, notes, total = [first.values], [*first.starts], [], len(first.values)
    notes += [f"{paths[0].name}: {note}" for note in first.notes]
    for table, path in zip(tables[1:], paths[1:], strict=True):
        order = matched(first.names, table.names, str(paths[0]), str(path))
        values.append(table.values[:, order])
        starts += [total + start for start in table.starts]
        total += len(table.values)
        if (first.dt is None) != (table.dt is None) or (
            first.dt is not None
            and table.dt is not None
            and not agree(first.dt, first.time_unit, table.dt, table.time_unit, SAME_DT)
        ):
            raise DataError(
                f"{paths[0]} is sampled every {_every(first)}, {path} every {_every(table)}: resample one of them, or "
                "say the interval of all with --dt (in Python dt)"
            )
        notes += [f"{path.name}: {note}" for note in table.notes if note not in first.notes]
    notes.append(f"{len(tables)} files, {len(starts)} stretches")
    return first._replace(values=np.concatenate(values), starts=tuple(starts), notes=tuple(notes))


def _every(table: RawTable) -> str:
    return "an unknown interval" if table.dt is None else f"{table.dt:g} {table.time_unit}".rstrip()
