"""Columns as Arrow keeps them: .parquet and .feather."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files import child
from sparsernn.files.columns import Table, choose, plain_columns
from sparsernn.files.limits import unpacked_limit
from sparsernn.files.several import TIMES, plain

EACH = 8
COLUMNS = 10_000
INDEX = "__index_level_0__"


def read_parquet(path: Path, columns: Sequence[str | int] | None) -> Table:
    """The columns of a parquet file; missing values are NaN. A column of dates, or a DatetimeIndex of pandas, gives the
    times; the plain counter of pandas is left out. DataError for columns chosen that are no numbers, or, where none are
    chosen, for any. Needs the extra `parquet`; read in a child (`files.child`)."""
    return _table(*child.call("sparsernn.files.parquet:parse", path, columns=plain_columns(columns), kind="parquet"))


def read_feather(path: Path, columns: Sequence[str | int] | None) -> Table:
    """The columns of a feather file (Arrow IPC), as `read_parquet`."""
    return _table(*child.call("sparsernn.files.parquet:parse", path, columns=plain_columns(columns), kind="feather"))


def _table(arrays: child.Arrays, said: child.Plain) -> Table:
    table = Table(arrays["values"], tuple(said["names"]), notes=tuple(said["notes"]), unnamed=False)
    if "time" not in arrays:
        return table
    return table._replace(time=arrays["time"], time_name=said["time"], time_unit=said["time_unit"])


def parse(path: str, columns: list[str | int] | None, kind: str) -> tuple[child.Arrays, child.Plain]:
    """The job in the child."""
    try:
        import pyarrow
        import pyarrow.ipc
        import pyarrow.parquet
    except ImportError:
        raise DataError(
            f"{path} is a {kind} file, which needs the pyarrow package: python -m pip install 'sparsernn[parquet]'"
        ) from None
    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    source = _Parquet(path, pyarrow) if kind == "parquet" else _Feather(path, pyarrow)
    schema = source.schema
    names = [f.name for f in schema]
    if len(names) > COLUMNS:
        raise DataError(f"{path} has {len(names):,} columns; at most {COLUMNS:,} are read")
    dates = [i for i, f in enumerate(schema) if pyarrow.types.is_temporal(f.type)]
    index = [i for i, n in enumerate(names) if n == INDEX and (i in dates or _numeric(schema.field(i).type, pyarrow))]
    times = [*index, *dates][:1]
    usable = [i for i in range(len(names)) if i not in times]
    picked = usable if columns is None else choose(names, columns, path)
    if columns is not None and not times:  # a time column that was not chosen still says the interval
        times = [i for i, n in enumerate(names) if plain(n) in TIMES and _numeric(schema.field(i).type, pyarrow)][:1]
    unfit = [i for i in picked if not _numeric(schema.field(i).type, pyarrow)]
    if unfit:
        unread = ", ".join(f'"{names[i]}" ({schema.field(i).type})' for i in unfit[:10])
        left = ",".join(names[i] for i in usable if i not in unfit) or "none"
        raise DataError(
            f"{path}: columns that are no numbers: {unread}; choose those that are with --columns (in Python "
            f"columns=): {left}"
        )
    if not picked:
        raise DataError(f"{path} holds no column of numbers")
    limit, size = unpacked_limit(Path(path).stat().st_size), source.rows * EACH * len(picked)
    if source.rows < 0 or size > limit:
        raise DataError(f"{path} would unfold to {source.rows:,} rows, {size:,} bytes, more than the {limit:,} allowed")
    time = times[0] if times and times[0] not in picked else None
    chosen = sorted({*picked, *([] if time is None else [time])})
    read = source.read(chosen, limit)
    values = np.column_stack([_numbers(read[i]) for i in picked])
    arrays, notes = {"values": values}, list[str]()
    said: child.Plain = {"names": [names[i] for i in picked], "notes": notes, "time": "", "time_unit": ""}
    if time is not None:
        name = "index" if names[time] == INDEX else names[time]
        if time in dates:
            clock, said["time_unit"] = _seconds(read[time], pyarrow, path, name), "s"
        else:
            clock = _numbers(read[time])
        if name == "index" and len(clock) and np.array_equal(clock, clock[0] + np.arange(len(clock))):
            notes.append("the row counter that pandas keeps (its index) is left out")
        else:
            arrays["time"], said["time"] = clock, name
    return arrays, said


class _Parquet:
    def __init__(self, path: str, pyarrow: Any):
        self.file = pyarrow.parquet.ParquetFile(path, memory_map=False, pre_buffer=False)
        self.schema, self.rows, self.path = self.file.schema_arrow, self.file.metadata.num_rows, path

    def read(self, columns: list[int], limit: int) -> dict[int, Any]:
        names = [self.schema.field(i).name for i in columns]
        if len(set(names)) < len(names) or any(self.schema.names.count(n) > 1 for n in names):
            raise DataError(f"{self.path} has several columns of one name; rename them")
        held: dict[int, list] = {i: [] for i in columns}
        total = 0
        for batch in self.file.iter_batches(batch_size=1 << 16, columns=names, use_threads=False):
            total += batch.nbytes
            _bounded(total, limit, self.path)
            batch.validate(full=True)
            for i, name in zip(columns, names, strict=True):
                held[i].append(batch.column(name))
        return _joined(held, self.rows, self.path)


class _Feather:
    def __init__(self, path: str, pyarrow: Any):
        with open(path, "rb") as file:
            start = file.read(6)
        if start[:4] == b"FEA1":
            raise DataError(f"{path} is a feather file of version 1; write it again with today's pandas")
        if start != b"ARROW1":
            raise DataError(f"{path} is no feather file: it does not begin with ARROW1")
        self.file = pyarrow.ipc.open_file(pyarrow.OSFile(path, "rb"))
        self.schema, self.path, self.rows, self.pyarrow = self.file.schema, path, 0, pyarrow

    def read(self, columns: list[int], limit: int) -> dict[int, Any]:
        held: dict[int, list] = {i: [] for i in columns}
        total = rows = 0
        for number in range(self.file.num_record_batches):
            batch = self.file.get_batch(number)
            total += batch.nbytes
            _bounded(max(total, batch.num_rows * EACH), limit, self.path)
            batch.validate(full=True)
            rows += batch.num_rows
            for i in columns:
                held[i].append(batch.column(i))
        return _joined(held, rows, self.path)


def _bounded(total: int, limit: int, path: str) -> None:
    if total > limit:
        raise DataError(f"{path} unfolds to more than the {limit:,} bytes allowed")


def _joined(held: dict[int, list], rows: int, path: str) -> dict[int, Any]:
    """One list of pieces a column, checked against the number of rows."""
    for pieces in held.values():
        if (have := sum(len(p) for p in pieces)) != rows:
            raise DataError(f"{path} claims {rows:,} rows and holds {have:,}; it is damaged")
    return held


def _numeric(kind: Any, pyarrow: Any) -> bool:
    types = pyarrow.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    return types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind)


def _numbers(pieces: list) -> np.ndarray:
    """Float64, missing ones NaN."""
    return np.concatenate([np.empty(0), *(_float(piece) for piece in pieces)])


def _float(piece: Any) -> np.ndarray:
    if hasattr(piece, "dictionary_decode"):
        piece = piece.dictionary_decode()
    kind = str(piece.type)
    if kind.startswith("decimal"):
        return np.array([np.nan if v is None else float(v) for v in piece.to_pylist()], dtype=np.float64)
    return np.asarray(piece.to_numpy(zero_copy_only=False)).astype(np.float64)


def _seconds(pieces: list, pyarrow: Any, path: str, name: str) -> np.ndarray:
    """Times since the first, in seconds (float64, exact to the nanosecond for 100 days), from dates or clock times."""
    kind = pieces[0].type if pieces else None
    if kind is None or pyarrow.types.is_interval(kind):
        raise DataError(f'{path}: column "{name}" ({kind}) is no time that is read')
    parts, scale = [], 1e-9
    for piece in pieces:
        if piece.null_count:
            raise DataError(f'{path}: the times in column "{name}" have {piece.null_count:,} gaps')
        if pyarrow.types.is_date(kind):
            parts.append(piece.cast(pyarrow.timestamp("ms")).cast(pyarrow.int64()).to_numpy(zero_copy_only=False))
            scale = 1e-3
        else:
            whole = pyarrow.int32() if pyarrow.types.is_time32(kind) else pyarrow.int64()
            parts.append(piece.cast(whole).to_numpy(zero_copy_only=False).astype(np.int64))
            scale = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[kind.unit]
    ticks = np.concatenate(parts)
    return (ticks - ticks[:1]) / round(1 / scale)
