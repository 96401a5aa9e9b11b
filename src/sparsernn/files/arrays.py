"""Series from what Python programs hold: arrays, lists of trials, DataFrames."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sparsernn.errors import DataError, SpecError
from sparsernn.files.columns import RawTable, choose
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.files.recording_file import write_recording
from sparsernn.files.shaping import Series, checked, shaped
from sparsernn.files.time_axis import FEWEST, called_counter, called_time, canonical, positive
from sparsernn.files.time_text import from_datetimes, looks_like_time, parse_times
from sparsernn.missing import unmasked

__all__ = ["series_from", "table_of", "write_recording"]


def series_from(
    data: Any,
    *,
    names: Sequence[str] | None = None,
    dt: float | None = None,
    columns: Sequence[str | int] | None = None,
    reading: Reading = AS_FOUND,
) -> Series:
    """A series from an array (T,), (T, N) or (trials, T, N), a list of trials (arrays or frames), a mapping of columns,
    or a DataFrame of pandas or polars, which are not imported here.

    A DatetimeIndex, an index called a time or a column of times gives dt and is left out, as in a file; a row
    counter is left out. `sha256` is that of the numbers. The data are copied. DataError and SpecError as
    `sparsernn.files.series.read_series`; a column without numbers is refused by name unless other `columns` are
    chosen.
    """
    if dt is not None and not positive(dt):
        raise SpecError(f"dt must be positive, got {dt}")
    columns = (columns,) if isinstance(columns, str) else columns
    if isinstance(data, list | tuple) and len(data) and not _is_table_of_rows(data):
        return _trials(list(data), names, dt, columns, reading)
    table, source = _table(data, names, columns, reading)
    shape = shaped(table, columns, dt, reading, source=source)
    return checked(shape, source, _hash(shape.values, shape.starts))


def table_of(
    columns: Mapping[str, Any], chosen: Sequence[str | int] | None, source: str, reading: Reading = AS_FOUND
) -> RawTable:
    """A table from columns by name, each (T,): numbers, booleans, datetimes, text that is dates. Of `chosen` columns
    only these need to be numbers. DataError, by name, for a column of anything else."""
    names = list(columns)
    return _of_columns(names, [unmasked(columns[name]) for name in names], chosen, source, reading)


def _trials(trials: list[Any], names: Sequence[str] | None, dt: float | None, columns: Any, reading: Reading) -> Series:
    parts = []
    for i, trial in enumerate(trials):
        table, source = _table(trial, names, columns, reading)
        parts.append(shaped(table, columns, dt, reading, source=f"trial {i} ({source})"))
        if not len(parts[i].values):
            raise DataError(f"trial {i} ({source}) has no rows; leave it out")
        if parts[i].names != parts[0].names:
            raise DataError(
                f"trial {i} has the columns {', '.join(parts[i].names[:10])}, trial 0 {', '.join(parts[0].names[:10])}"
            )
        if (parts[i].dt is None) != (parts[0].dt is None) or abs((parts[i].dt or 0) - (parts[0].dt or 0)) > 1e-3 * (
            parts[0].dt or 0
        ):
            raise DataError(f"trial {i} is sampled every {parts[i].dt}, trial 0 every {parts[0].dt}; give dt= for all")
    offsets = np.cumsum([0, *[len(part.values) for part in parts]])
    starts = tuple(int(o) + s for o, part in zip(offsets[:-1], parts, strict=True) for s in part.starts)
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    values = np.concatenate([part.values for part in parts])
    joined = parts[0]._replace(values=values, starts=starts, notes=(*notes, f"{len(parts)} trials"))
    return checked(joined, f"a list of {len(parts)} trials", _hash(values, starts))


def _table(data: Any, names: Sequence[str] | None, columns: Any, reading: Reading) -> tuple[RawTable, str]:
    """The table and what to call its source."""
    if _is_frame(data):
        if names is not None:
            raise SpecError("names: a DataFrame has names of its own; rename its columns")
        return _frame(data, columns, reading), "a DataFrame"
    if isinstance(data, Mapping):
        return table_of({str(k): v for k, v in data.items()}, columns, "a mapping of columns", reading), "a mapping"
    try:
        values = unmasked(data)
    except (ValueError, TypeError) as error:
        raise DataError(f"the data are no array of numbers: {' '.join(str(error).split())[:200]}") from None
    if values.dtype.kind not in "biufc":
        raise DataError(f"the data have dtype {values.dtype}; expected numbers")
    width = 1 if values.ndim < 2 else values.shape[-2 if reading.transpose else -1]
    if names is not None and (isinstance(names, str) or len(names) != width):
        raise SpecError(f"names: {width} are needed, got {names!r}")
    own = tuple(map(str, names)) if names is not None else tuple(f"x{i}" for i in range(width))
    return RawTable(values, own), "an array"


def _is_frame(data: Any) -> bool:
    """Whether it is a DataFrame or Series of a library that is loaded."""
    for module, kinds in (("pandas", ("DataFrame", "Series")), ("polars", ("DataFrame", "Series"))):
        library = sys.modules.get(module)
        if library is not None and any(isinstance(data, getattr(library, kind)) for kind in kinds):
            return True
    return False


def _is_table_of_rows(data: Sequence[Any]) -> bool:
    """Whether a list holds numbers or rows of numbers, rather than trials."""
    return all(np.isscalar(row) or (isinstance(row, list | tuple) and all(map(np.isscalar, row))) for row in data)


def _hash(values: np.ndarray, starts: tuple[int, ...]) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes())
    digest.update(f"{values.shape}{starts}".encode())
    return digest.hexdigest()


def _frame(data: Any, columns: Any, reading: Reading) -> RawTable:
    if hasattr(data, "to_frame"):
        data = data.to_frame()
    names = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in data.columns]
    arrays = [_array_of(data.iloc[:, i] if hasattr(data, "iloc") else data[:, i]) for i in range(len(names))]
    table = _of_columns(names, arrays, columns, "a DataFrame", reading)
    index = getattr(data, "index", None)
    if index is None or table.time is not None or (type(index).__name__ == "RangeIndex" and index.step > 0):
        return table
    return _indexed(table, index, reading)


def _array_of(column: Any) -> np.ndarray:
    """The numbers of a column; nullable types become float64 with NaN."""
    if hasattr(column, "dtype") and hasattr(column, "isna"):  # pandas
        kind = getattr(column.dtype, "kind", "O")
        if kind == "M":
            column = column.dt.tz_convert(None) if getattr(column.dtype, "tz", None) is not None else column
            return np.asarray(column, dtype="datetime64[ns]")
        if kind in "biuf":
            return column.to_numpy(dtype=float, na_value=np.nan) if column.isna().any() else column.to_numpy()
        return column.to_numpy(dtype=object)
    return np.asarray(column.to_numpy())  # polars


def _of_columns(names: list[str], arrays: list[np.ndarray], columns: Any, source: str, reading: Reading) -> RawTable:
    if not names:
        raise DataError(f"{source} has no columns")
    lengths = {len(array) if array.ndim == 1 else -1 for array in arrays}
    if len(lengths) > 1 or -1 in lengths:
        raise DataError(f"{source}: columns must be one-dimensional and equally long")
    chosen = None if columns is None else choose(names, columns, source)
    trial = None if reading.trial is None else choose(names, [reading.trial], f"{source}, trial")[0]
    wanted = None
    if reading.time not in (None, "none"):
        (wanted,) = choose(names, [reading.time], f"{source}, time")
    kept: list[tuple[int, np.ndarray]] = []
    times: list[tuple[int, np.ndarray]] = []
    notes: list[str] = []
    for i, (name, array) in enumerate(zip(names, arrays, strict=True)):
        if i == trial:
            labels = array.astype(str) if array.dtype.kind not in "biuf" else array
            kept.append((i, np.unique(labels, return_inverse=True)[1].astype(float)))
        elif array.dtype.kind in "biuf":
            if chosen is None or i in chosen or i == wanted or called_time(name) or called_counter(name):
                kept.append((i, array.astype(float)))
        elif array.dtype.kind == "M":
            times.append((i, array))
        elif chosen is None or i in chosen or i == wanted:
            texts = [str(cell) if cell is not None else "" for cell in array[: 2 * FEWEST].tolist()]
            if array.dtype.kind in "OU" and texts and all(looks_like_time(cell) for cell in texts):
                times.append((i, array))
                continue
            if array.dtype.kind == "m":
                raise DataError(f'{source}: column "{name}" holds durations; turn them into seconds first')
            if array.dtype.kind == "O" and (numbers := _numbers_of(array)) is not None:
                kept.append((i, numbers))
                continue
            raise DataError(
                f'{source}: column "{name}" holds no numbers ({array.dtype}); choose the others by columns, or make it '
                "numbers first"
            )
    if chosen is not None and (dates := [names[i] for i, _ in times if i in chosen]):
        raise DataError(f'{source}: column "{dates[0]}" holds dates, which are no variable; leave it out of columns')
    if not kept:
        raise DataError(f"{source} has no column of numbers")
    table = RawTable(
        np.stack([array for _, array in kept], axis=1),
        tuple(names[i] for i, _ in kept),
        listed=tuple(names),
        places=tuple(i for i, _ in kept),
    )
    times = [pair for pair in times if wanted is None or pair[0] == wanted]
    if times and reading.time != "none":
        place, array = times[0]
        if array.dtype.kind == "M":
            found = from_datetimes(array, canonical(reading.time_unit))
        else:
            texts = [str(cell) if cell is not None else "" for cell in array.tolist()]
            found = parse_times(texts, f'{source}, column "{names[place]}"', 0, canonical(reading.time_unit))
        notes = [*found.notes, *(f'column "{names[i]}" is a time too and is left out' for i, _ in times[1:])]
        table = table._replace(time=found.values, time_name=names[place], time_unit=found.unit)
    elif times:
        notes = [f'column "{names[i]}" holds dates and is left out' for i, _ in times]
    table = table._replace(notes=tuple(notes))
    return table._replace(listed=(), places=()) if len(kept) == len(names) else table


def _numbers_of(array: np.ndarray) -> np.ndarray | None:
    """Python numbers and None in an array of objects, None where there is anything else."""
    cells = array.tolist()
    if not all(cell is None or isinstance(cell, int | float) or type(cell).__name__ == "Decimal" for cell in cells):
        return None
    return np.array([np.nan if cell is None else float(cell) for cell in cells])


def _indexed(table: RawTable, index: Any, reading: Reading) -> RawTable:
    """The index of a DataFrame: times, or numbers that are called so; others only number the rows."""
    name = "" if index.name is None else str(index.name)
    wanted = reading.time not in (None, "none") and reading.time == name
    if reading.time == "none" or (reading.time is not None and not wanted) or getattr(index, "nlevels", 1) > 1:
        return table
    kind = type(index).__name__
    if kind == "PeriodIndex":
        index, kind = index.to_timestamp(), "DatetimeIndex"
    if kind == "DatetimeIndex":
        index = index.tz_convert(None) if index.tz is not None else index
        found = from_datetimes(np.asarray(index, dtype="datetime64[ns]"), canonical(reading.time_unit))
        return table._replace(time=found.values, time_name=name or "index", time_unit=found.unit, indexed=True)
    if kind == "TimedeltaIndex":
        seconds = np.asarray(index, dtype="timedelta64[ns]").astype(np.int64) / 1e9
        return table._replace(time=seconds, time_name=name or "index", time_unit="s", indexed=True)
    numbers = getattr(getattr(index, "dtype", None), "kind", "O") in "iuf"
    if numbers and len(index) >= FEWEST:
        values = np.asarray(index, dtype=float)
        steps = np.diff(values)
        if wanted or called_time(name) or not np.array_equal(values, np.rint(values)):
            return table._replace(time=values, time_name=name or "index", indexed=True)
        if not (steps == steps[0]).all() or not steps[0] > 0:
            return table._replace(time=values, time_name=name or "index", indexed=True, counts=True)
    return table
