"""Dates and clock times written as text."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.time_axis import SECONDS, judge

CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?P<fraction>[.,]\d{1,9})?)?\s?(?P<half>[AaPp][Mm])?"
ZONE = r"\s?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
DAY = r"(?P<a>\d{1,4})(?P<mark>[-/.])(?P<b>\d{1,2})(?:(?P=mark)(?P<c>\d{1,4}))?"
NAMED = (
    r"(?:(?P<d>\d{1,2})[- /.]*(?P<m>[A-Za-z]{3,9})[- /.,]*(?P<y>\d{4})"
    r"|(?P<m2>[A-Za-z]{3,9})[- ]+(?P<d2>\d{1,2}),?\s+(?P<y2>\d{4}))"
)
PATTERN = re.compile(rf"\s*(?:(?:{DAY}|{NAMED})(?:[T\s]\s*|$))?(?:{CLOCK}{ZONE})?\s*", re.ASCII)
MONTHS = {
    name: i
    for i, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}


class Times(NamedTuple):
    """Times (T,) since the first one in `unit`, NaN where a cell is empty; `notes` on how dates were read."""

    values: np.ndarray
    unit: str
    notes: tuple[str, ...] = ()


def looks_like_time(cell: str) -> bool:
    """Whether a cell is a date (with a year of four digits) or a clock time, rather than a number."""
    return cell.strip() != "" and _match(cell) is not None


def is_clock(cell: str) -> bool:
    """Whether a cell is a clock time without a date."""
    found = _match(cell)
    return found is not None and found["a"] is None and (found["y"] or found["y2"]) is None


def has_clock(cell: str) -> bool:
    """Whether a cell has a clock time, with a date or without."""
    found = _match(cell)
    return found is not None and found["hour"] is not None


def parse_times(cells: list[str], source: str, first_line: int, unit: str = "") -> Times:
    """Times from ISO dates, dd.mm.yyyy, dd/mm/yyyy or mm/dd/yyyy (where the column tells which), 01-Jan-2020, clocks.

    In `unit` ("" : seconds, or months and years where all dates fall on one day of the month). DataError for a cell
    that is none, and for a column that may be read in two ways. Cost: about 2 s for a million cells.
    """
    found = [_match(cell) for cell in cells]
    for i, (cell, match) in enumerate(zip(cells, found, strict=True)):
        if match is None and cell.strip():
            raise DataError(f'{source}, data row {i + first_line:,}: "{cell[:40]}" is no time like the others; mend it')
    orders = _orders(found)
    if not orders:
        raise DataError(f"{source}: some dates are dd/mm/yyyy, others mm/dd/yyyy; write them as ISO dates, 2020-01-31")
    read = [(order, *_stamps(found, order, source)) for order in orders]
    if len(read) > 1:
        axes = [judge(t[np.isfinite(t)]) for t in (_since_first(days, seconds) for _, days, seconds in read)]
        even = [i for i, axis in enumerate(axes) if axis.fault == "" and axis.dt is not None]
        if not even or len({axes[i].dt for i in even}) > 1:
            raise DataError(
                f"{source}: the dates may be dd/mm/yyyy or mm/dd/yyyy; write them as ISO dates, 2020-01-31, or leave "
                "them out with --time none and --columns (in Python time, columns)"
            )
        read = [read[even[0]]]
    order, days, seconds = read[0]
    marked = any(m is not None and m["mark"] in ("/", "-") for m in found)
    notes = (f"dates are read as {_LONG[order]}",) if marked and order != "ymd" else ()
    return _in_unit(days, seconds, unit, notes)


def from_datetimes(stamps: np.ndarray, unit: str = "") -> Times:
    """Times from a datetime64 (T,) array as `parse_times` gives them; NaT becomes NaN."""
    missing = np.isnat(stamps)
    days = stamps.astype("datetime64[D]")
    rest = (stamps - days).astype("timedelta64[ns]").astype(np.int64) / 1e9
    return _in_unit(np.where(missing, np.nan, days.astype(np.int64)), np.where(missing, np.nan, rest), unit)


def _in_unit(days: np.ndarray, seconds: np.ndarray, unit: str, notes: tuple[str, ...] = ()) -> Times:
    if not unit and (months := _months(days, seconds)) is not None:
        if (np.diff(months[np.isfinite(months)]) % 12 == 0).all():
            return Times(months / 12, "year", notes)
        return Times(months, "month", notes)
    return Times(_since_first(days, seconds) / SECONDS.get(unit, 1.0), unit if unit in SECONDS else "s", notes)


def _since_first(days: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Seconds since the first known time, exact to a nanosecond over a century."""
    known = np.flatnonzero(np.isfinite(days))
    if not len(known):
        return np.full(len(days), np.nan)
    first = known[0]
    return np.round(86400.0 * (days - days[first]) + (seconds - seconds[first]), 9)


_LONG = {"dmy": "day, month, year", "mdy": "month, day, year"}


def _match(cell: str) -> re.Match[str] | None:
    """The parts of a date or clock time, None for anything else (also for numbers and years alone)."""
    found = PATTERN.fullmatch(cell)
    if found is None or not cell.strip():
        return None
    a, c, named = found["a"], found["c"], found["m"] or found["m2"]
    if a is None and named is None:
        return found if found["hour"] is not None else None
    if named is not None:
        return found if named[:3].lower() in MONTHS else None
    if c is None:  # year and month
        return found if len(a) == 4 and found["mark"] != "." else None
    return found if (len(a) == 4) != (len(c) == 4) and {len(a), len(c)} <= {1, 2, 4} else None


def _orders(found: list[re.Match[str] | None]) -> list[str]:
    """The orders of day, month and year that all dates allow."""
    pairs = {(m["a"], m["b"], m["mark"]) for m in found if m is not None and m["a"] is not None and len(m["a"]) < 4}
    if not pairs:
        return ["ymd"]
    if all(mark == "." for _, _, mark in pairs):
        return ["dmy"]
    first, second = max(int(a) for a, _, _ in pairs), max(int(b) for _, b, _ in pairs)
    return [order for order, month in (("dmy", second), ("mdy", first)) if month <= 12]


def _stamps(found: list[re.Match[str] | None], order: str, source: str) -> tuple[np.ndarray, np.ndarray]:
    """Days since 1970 and seconds of the day (clocks alone: of day 0), NaN for empty cells."""
    dates: list[str] = []
    seconds = np.zeros(len(found))
    for i, m in enumerate(found):
        if m is None:
            dates.append("NaT")
            continue
        dates.append(_iso(m, order))
        if m["hour"] is not None:
            hour = int(m["hour"])
            if m["half"] is not None:
                hour = hour % 12 + (12 if m["half"].lower() == "pm" else 0)
            fraction = float(f"0.{m['fraction'][1:]}") if m["fraction"] else 0.0
            seconds[i] = 3600 * hour + 60 * int(m["minute"]) + int(m["second"] or 0) + fraction
            zone = m["zone"]
            if zone and zone[0] in "+-":
                seconds[i] -= float(f"{zone[0]}1") * (3600 * int(zone[1:3]) + 60 * int(zone[-2:]))
    try:
        days = np.array(dates, dtype="datetime64[D]")
    except ValueError as error:
        raise DataError(f"{source}: {error}; write dates as 2020-01-31") from None
    return np.where(np.isnat(days), np.nan, days.astype(np.int64)), seconds


def _iso(m: re.Match[str], order: str) -> str:
    if m["a"] is None:
        named = m["m"] or m["m2"]
        if named is None:
            return "1970-01-01"
        return f"{m['y'] or m['y2']}-{MONTHS[named[:3].lower()]:02d}-{int(m['d'] or m['d2']):02d}"
    if len(m["a"]) == 4:
        return f"{m['a']}-{int(m['b']):02d}-{int(m['c'] or 1):02d}"
    day, month = (m["a"], m["b"]) if order == "dmy" else (m["b"], m["a"])
    return f"{m['c']}-{int(month):02d}-{int(day):02d}"


def _months(days: np.ndarray, seconds: np.ndarray) -> np.ndarray | None:
    """Months since 1970 where all dates fall on one day of the month, or all on its last, and no clock is told."""
    known = np.isfinite(days)
    if np.count_nonzero(known) < 3 or (seconds[known] != 0).any():
        return None
    dates = days[known].astype(np.int64).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    last = (dates + 1).astype("datetime64[M]") > months
    if (len(np.unique(dates - months)) > 1 and not last.all()) or len(np.unique(months)) < len(months):
        return None
    counted = np.full(len(days), np.nan)
    counted[known] = months.astype(np.int64)
    return counted
