"""A file to look at: read as it would be for training, or, where that is refused, as far as it can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.dynamics.oddities.base import Oddity
from sparsernn.dynamics.oddities.uneven_time import CODE as UNEVEN
from sparsernn.dynamics.oddities.uneven_time import time_column, uneven_time
from sparsernn.errors import DataError
from sparsernn.files.columns import Table, choose
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.files.series import Series, read_loosely, read_series

Source = str | Path | Sequence[str | Path]


def series_to_look_at(
    source: Source, *, columns: Sequence[str | int] | None = None, dt: float | None = None, reading: Reading = AS_FOUND
) -> tuple[Series, list[Oddity]]:
    """The series and what is odd about the file. Where it is refused because values are missing, the time is uneven or a
    column is constant, it is read loosely: missing values stay (NaN), constant columns too, an uneven time is brought
    to even steps if the reader can. DataError and SpecError as of `read_series` where it is refused for anything else.
    """
    try:
        return read_series(source, columns=columns, dt=dt, reading=reading), []
    except DataError as error:
        refused = error
    even = _resampled(source, columns, dt, reading)
    if even is not None:
        return even, [_uneven(str(refused))]
    if not isinstance(source, str | Path):
        raise refused
    table = _loosely(source, columns, reading, refused)
    values = np.asarray(table.values, np.float64)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) < 2 or len(values) < values.shape[1]:
        raise refused
    odd, names, units, interval, said = [], table.names, table.units, table.dt, table.dt_source
    place = None if columns is not None or table.time is not None else time_column(values, names)
    times = table.time if place is None else values[:, place]
    if times is not None:
        odd = uneven_time(times)
        steps = np.abs(np.diff(times[np.isfinite(times)]))
        interval = interval or (float(np.median(steps[steps > 0])) if (steps > 0).any() else None)
        said = said or f'the median step of column "{table.time_name if place is None else names[place]}"'
    if place is not None:
        keep = [i for i in range(values.shape[1]) if i != place]
        values, names = values[:, keep], tuple(names[i] for i in keep)
        units = tuple(units[i] for i in keep) if units else ()
    holes = not np.isfinite(values).all()
    still = (
        bool(
            (
                np.nanmax(np.where(np.isfinite(values), values, -np.inf), axis=0)
                <= np.nanmin(np.where(np.isfinite(values), values, np.inf), axis=0)
            ).any()
        )
        if values.size
        else False
    )
    if not (odd or holes or still) or values.shape[1] == 0:
        raise refused
    series = Series(
        np.ascontiguousarray(values),
        names,
        interval if dt is None else dt,
        str(source),
        "",
        table.starts,
        units,
        said if dt is None else "given",
        table.time_unit,
        (*table.notes, f"reconstruct would refuse this file as it is: {refused}"),
    )
    return series, odd


def _resampled(source: Source, columns: Any, dt: float | None, reading: Reading) -> Series | None:
    if reading.resample:
        return None
    try:
        return read_series(source, columns=columns, dt=dt, reading=replace(reading, resample=True))
    except DataError:
        return None


def _uneven(message: str) -> Oddity:
    return Oddity(
        UNEVEN,
        None,
        message,
        "--resample brings the rows to even steps by lines between them",
        options=(("--resample", ""),),
    )


def _loosely(source: str | Path, columns: Any, reading: Reading, refused: DataError) -> Table:
    how: dict[str, Any] = {} if reading == AS_FOUND else {"reading": reading}
    try:
        return read_loosely(source, columns=columns, **how)
    except DataError:
        raise refused from None
