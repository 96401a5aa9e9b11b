"""Columns as Arrow keeps them: .parquet and .feather."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files import child
from sparsernn.files.arrays import table_of
from sparsernn.files.columns import RawTable
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.files.time_axis import called_time, canonical
from sparsernn.files.time_text import from_datetimes

INDEX = "__index_level_"


def read_parquet(path: Path, columns: Sequence[str | int] | None, reading: Reading = AS_FOUND) -> RawTable:
    """The columns of a parquet file; missing values are NaN. A column of dates, or the index that pandas kept,
    gives the times; a plain counter there is left out. DataError for a column that matters and holds no numbers. Needs
    the extra `parquet`; read in a child (`files.child`)."""
    return _table(path, "parquet", columns, reading)


def read_feather(path: Path, columns: Sequence[str | int] | None, reading: Reading = AS_FOUND) -> RawTable:
    """The columns of a feather file (Arrow IPC), as `read_parquet`."""
    return _table(path, "feather", columns, reading)


def _table(path: Path, kind: str, columns: Sequence[str | int] | None, reading: Reading) -> RawTable:
    arrays, said = child.call("sparsernn.files.arrow:parse", path, needs="pyarrow.parquet", kind=kind)
    names: list[str] = said["names"]
    if len(set(names)) < len(names):
        raise DataError(f"{path} has several columns of one name; rename them")
    by_name = {name: arrays[str(i)] for i, name in enumerate(names)}
    for name in said["durations"]:  # seconds, whatever unit the name ends with: an axis is made of them as of dates
        if reading.time == name or (reading.time is None and called_time(name)):
            stamps = np.full(len(by_name[name]), np.datetime64("NaT", "ns"))
            known = np.isfinite(by_name[name])
            stamps[known] = np.rint(by_name[name][known] * 1e9).astype("m8[ns]") + np.datetime64(0, "ns")
            by_name[name] = stamps
    index = [by_name.pop(name) for name in names if name.startswith(INDEX)]
    if not by_name:
        raise DataError(f"{path} holds no column but an index")
    table = table_of(by_name, columns, str(path), reading)
    if len(index) != 1 or table.time is not None or reading.time is not None or index[0].dtype.kind not in "biufM":
        return table
    if index[0].dtype.kind == "M":
        found = from_datetimes(index[0], canonical(reading.time_unit))
        return table._replace(time=found.values, time_name="index", time_unit=found.unit, indexed=True)
    steps = np.diff(index[0])
    if len(steps) and (steps == 1).all():
        return table._replace(notes=(*table.notes, "the counter of rows that pandas keeps (its index) is left out"))
    return table._replace(time=index[0].astype(np.float64), time_name="index", indexed=True)
