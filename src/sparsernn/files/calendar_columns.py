"""Year, month, day, hour, minute, second in columns of their own, put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

ORDER = (
    (("year", "yr", "jahr"), 1000, 2999),
    (("month", "mon", "mo", "monat"), 1, 12),
    (("day", "dy", "tag"), 1, 31),
    (("hour", "hr", "stunde"), 0, 23),
    (("minute", "min"), 0, 59),
    (("second", "sec"), 0, 59),
)
"""What such columns are called, from long to short, and what they may hold."""
DAYS_OF_YEAR = ("doy", "yday", "day_of_year", "dayofyear", "day of year")
ONE_WAY = 0.9
"""The share of steps of one sign from which on the dates are those of a recording."""


class Dates(NamedTuple):
    """The `words` that name the columns used, the date of every row (T,) datetime64[s]."""

    words: tuple[str, ...]
    stamps: np.ndarray


def calendar(columns: Mapping[str, np.ndarray]) -> Dates | None:
    """The dates that columns (name in small letters: numbers (T,)) tell together, None where there are not at least
    a year and a month, or a year and its days, or where they hold other numbers or run to and fro. O(T)."""
    year = _part(columns, *ORDER[0])
    if year is None:
        return None
    used = [year]
    stamps = (_whole(columns, year) - 1970).astype("datetime64[Y]").astype("datetime64[s]")
    if (days := _part(columns, DAYS_OF_YEAR, 1, 366)) is not None:
        used.append(days)
        stamps = stamps + (_whole(columns, days) - 1).astype("timedelta64[D]")
        units: tuple[str, ...] = ("h", "m", "s")
    else:
        units = ("M", "D", "h", "m", "s")
    for (names, low, high), unit in zip(ORDER[-len(units) :], units, strict=True):
        if (name := _part(columns, names, low, high)) is None:
            break
        used.append(name)
        count = _whole(columns, name) - low
        if unit == "M":
            stamps = (stamps.astype("datetime64[M]") + count).astype("datetime64[s]")
        else:
            stamps = stamps + count.astype(f"timedelta64[{unit}]")
    if len(used) < 2 or len(stamps) < 2:
        return None
    steps = np.diff(stamps.astype(np.int64))
    one_way = max((steps > 0).mean(), (steps < 0).mean()) >= ONE_WAY
    return Dates(tuple(used), stamps) if one_way else None


def _part(columns: Mapping[str, np.ndarray], names: tuple[str, ...], low: int, high: int) -> str | None:
    """The column with one of the names, if it holds whole numbers in bounds."""
    for name in names:
        t = columns.get(name)
        if t is not None and len(t) and np.isfinite(t).all() and low <= t.min() and t.max() <= high:
            return name if np.array_equal(t, np.rint(t)) else None
    return None


def _whole(columns: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    return np.asarray(columns[name], dtype=np.int64)
