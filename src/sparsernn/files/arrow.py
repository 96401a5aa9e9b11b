"""What pyarrow reads of .parquet and .feather, in a child: every column as an array."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files import child
from sparsernn.files.limits import unpacked_limit

EACH = 8
COLUMNS = 10_000
TEXT = 64
"""Letters of a text that are looked at, as dates, clock times and labels of trials need."""


def parse(path: str, kind: str) -> tuple[child.Arrays, child.Plain]:
    """The job in the child: every column as an array of numbers, dates or text, under its number."""
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
    if len(schema) > COLUMNS:
        raise DataError(f"{path} has {len(schema):,} columns; at most {COLUMNS:,} are read")
    limit, size = unpacked_limit(Path(path).stat().st_size), source.rows * EACH * len(schema)
    if source.rows < 0 or size > limit:
        raise DataError(f"{path} would unfold to {source.rows:,} rows, {size:,} bytes, more than the {limit:,} allowed")
    pieces = source.read(limit)
    arrays = {str(i): _column(pieces[i], schema.field(i), pyarrow) for i in range(len(schema))}
    durations = [name for i, name in enumerate(schema.names) if pyarrow.types.is_duration(schema.field(i).type)]
    return arrays, {"names": list(schema.names), "durations": durations}


class _Parquet:
    def __init__(self, path: str, pyarrow: Any):
        self.file = pyarrow.parquet.ParquetFile(path, memory_map=False, pre_buffer=False)
        self.schema, self.rows, self.path = self.file.schema_arrow, self.file.metadata.num_rows, path

    def read(self, limit: int) -> list[list]:
        batches = self.file.iter_batches(batch_size=1 << 16, use_threads=False)
        return _joined(batches, len(self.schema), self.rows, limit, self.path)


class _Feather:
    def __init__(self, path: str, pyarrow: Any):
        with open(path, "rb") as file:
            start = file.read(6)
        if start[:4] == b"FEA1":
            raise DataError(f"{path} is a feather file of version 1; write it again with today's pandas")
        if start != b"ARROW1":
            raise DataError(f"{path} is no feather file: it does not begin with ARROW1")
        self.file = pyarrow.ipc.open_file(pyarrow.OSFile(path, "rb"))
        self.schema, self.path, self.rows = self.file.schema, path, 0

    def read(self, limit: int) -> list[list]:
        batches = (self.file.get_batch(i) for i in range(self.file.num_record_batches))
        return _joined(batches, len(self.schema), None, limit, self.path)


def _joined(batches: Iterable, width: int, rows: int | None, limit: int, path: str) -> list[list]:
    """The pieces of every column, verified, until they are larger than the limit."""
    held: list[list] = [[] for _ in range(width)]
    total = have = 0
    for batch in batches:
        batch.validate(full=True)
        have += batch.num_rows
        total += max(batch.nbytes, EACH * batch.num_rows * width)
        if total > limit:
            raise DataError(f"{path} unfolds to more than the {limit:,} bytes allowed")
        for pieces, column in zip(held, batch.columns, strict=True):
            pieces.append(column)
    if rows is not None and have != rows:
        raise DataError(f"{path} claims {rows:,} rows and holds {have:,}; it is damaged")
    return held


def _column(pieces: list, field: Any, pyarrow: Any) -> np.ndarray:
    types, kind = pyarrow.types, field.type
    if types.is_dictionary(kind):
        pieces, kind = [piece.dictionary_decode() for piece in pieces], kind.value_type
    if types.is_timestamp(kind) or types.is_date(kind):
        unit = "D" if types.is_date32(kind) else "ms" if types.is_date64(kind) else kind.unit
        plain = pyarrow.timestamp("s" if unit == "D" else unit)
        parts = [p.cast(plain).to_numpy(zero_copy_only=False).astype(f"M8[{plain.unit}]") for p in pieces]
        return np.concatenate(parts) if parts else np.empty(0, "M8[s]")
    if types.is_duration(kind):
        parts = [p.to_numpy(zero_copy_only=False).astype("m8[ns]") for p in pieces]
        return np.concatenate([np.empty(0), *(np.where(np.isnat(p), np.nan, p.astype(np.int64) / 1e9) for p in parts)])
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
        return np.concatenate([np.empty(0), *(p.to_numpy(zero_copy_only=False).astype(np.float64) for p in pieces)])
    if types.is_decimal(kind):
        cells = [cell for piece in pieces for cell in piece.to_pylist()]
        return np.array([np.nan if cell is None else float(cell) for cell in cells], dtype=np.float64)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_time(kind):
        cells = ["" if cell is None else str(cell)[:TEXT] for piece in pieces for cell in piece.to_pylist()]
        return np.array(cells, dtype=str) if cells else np.empty(0, "U1")
    return np.full(sum(map(len, pieces)), f"({kind})"[:TEXT])
