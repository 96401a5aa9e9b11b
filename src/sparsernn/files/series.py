"""Recorded series from any of the usual files, checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sparsernn.errors import DataError, SpecError
from sparsernn.files.columns import Table
from sparsernn.files.kinds import files_of, read_table
from sparsernn.files.limits import regular_file, sha256_of, unreadable
from sparsernn.files.reading import AS_FOUND, Reading


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


def read_series(
    source: str | Path | Sequence[str | Path],
    *,
    columns: Sequence[str | int] | None = None,
    dt: float | None = None,
    reading: Reading = AS_FOUND,
) -> Series:
    """Read a series, one time step a row, from .npy, .npz, .csv, .tsv, .txt, .mat (up to v7) or a WFDB header (.hea).

    `columns` picks columns by name or by index from 0; `reading` says how the file is to be read; `dt` overrides the
    sampling interval. A vector becomes one column. Memory: a few times the numbers read.

    Raises DataError for every defect of the file: missing, empty, damaged, not numbers, ragged, complex, fewer than two
    rows, NaN or infinite values (with their place), constant columns, more columns than rows, a time axis among the
    variables (unless chosen by `columns`). SpecError for columns or a variable that the file has not.
    """
    if dt is not None and not (np.isfinite(dt) and dt > 0):
        raise SpecError(f"dt must be positive, got {dt}")
    if isinstance(columns, str):
        columns = (columns,)
    if not isinstance(source, str | Path):
        raise SpecError("several files are not read yet")
    path = Path(source)
    if path.name and not path.suffix and path.with_name(f"{path.name}.hea").is_file():
        path = path.with_name(f"{path.name}.hea")
    path = regular_file(path)
    table = read_table(path, columns, reading.variable)
    values = _checked(table, str(path), chosen=columns is not None)
    try:
        interval = table.dt if dt is None else float(dt)
        return Series(
            values,
            table.names,
            interval,
            str(path),
            sha256_of(*files_of(path)),
            starts=table.starts,
            units=table.units,
            dt_source=table.dt_source if dt is None and table.dt else "unknown",
            time_unit=table.time_unit,
            notes=table.notes,
        )
    except OSError as error:
        raise unreadable(path, error) from None


def read_loosely(path: str | Path, *, columns: Sequence[str | int] | None = None) -> Table:
    """Numbers (T, N) float64 from the same kinds of files, for a series that is to be judged rather than learned: it
    may be constant, not finite or a single row. DataError for damaged files, complex numbers and what is no number."""
    table = read_table(regular_file(path), columns)
    if table.values.dtype.kind == "c":
        raise DataError(f"{path} holds complex numbers; give their real part, imaginary part or modulus")
    if table.values.dtype.kind not in "biuf":
        raise DataError(f"{path} has dtype {table.values.dtype}; expected numbers")
    with np.errstate(over="ignore"):
        return table._replace(values=np.asarray(table.values, dtype=np.float64))


def _checked(table: Table, source: str, chosen: bool) -> np.ndarray:
    """The values as (T, N) float64, or the DataError that says why they are no series."""
    stored = table.values
    if stored.dtype.kind == "c":
        raise DataError(f"{source} holds complex numbers; store real and imaginary parts as two columns")
    if stored.dtype.kind not in "biuf":
        raise DataError(f"{source} has dtype {stored.dtype}; expected numbers")
    if stored.ndim != 2:
        raise DataError(f"{source} has shape {stored.shape}; expected (time,) or (time, variables)")
    rows, width = stored.shape
    if width == 0:
        raise DataError(f"{source} has no columns")
    if rows < 2:
        hint = "; it looks transposed: transpose it" if width > 2 else ""
        raise DataError(f"{source} has {rows} data rows and {width:,} columns; a series needs at least two rows{hint}")
    if rows < width:
        raise DataError(
            f"{source} has {rows:,} rows and {width:,} columns; a row is one time step, so it looks transposed: "
            "transpose it, or choose fewer columns"
        )
    with np.errstate(over="ignore"):
        values = np.array(stored, dtype=np.float64, order="C")
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
        raise DataError(f"{source}: {len(constant)} constant column(s): {known}; leave them out with columns=")
    if not chosen:
        _refuse_time_axis(values, table.names, source)
    return values


def _refuse_time_axis(values: np.ndarray, names: tuple[str, ...], source: str) -> None:
    """A column that stays within half a step of a straight line (the rest is rounding) counts the rows."""
    if len(values) < 10 or values.shape[1] < 2:
        return
    for i, name in enumerate(names):
        step = (values[-1, i] - values[0, i]) / (len(values) - 1)
        line = values[0, i] + step * np.arange(len(values))
        if step > 0 and np.abs(values[:, i] - line).max() <= 0.5 * step:
            others = ",".join(other for other in names if other != name)
            raise DataError(
                f'{source}: column "{name}" rises by {step:.6g} in every row: a time axis, not a variable; leave it '
                f'out and give the interval instead, --columns "{others}" --dt {step:.6g} (in Python columns=, dt=), '
                "or choose it on purpose"
            )
