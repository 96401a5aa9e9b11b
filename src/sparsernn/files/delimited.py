"""Tables of numbers as text: .csv, .tsv, .txt."""

from __future__ import annotations

import csv
import itertools
import re
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.cells import delimiter_of, number_in, perhaps, pointed, ragged
from sparsernn.files.columns import RawTable, choose
from sparsernn.files.header import MISSING, header_of
from sparsernn.files.limits import unreadable
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.files.time_axis import FEWEST, UNITS, called_counter, called_time, canonical
from sparsernn.files.time_text import has_clock, is_clock, looks_like_time, parse_times
from sparsernn.files.units import unit_of

LINE = 1_000_000
LOOK = 30
"""Rows that are looked at before the rest is read."""
UNIT_ROW = re.compile(r"\s*([(\[].*[)\]])?\s*")
NOTE = re.compile(
    r"#\s*(?:(?P<dt>dt)\s*[:=]\s*(?P<number>[-+.\deE]+)\s*(?P<unit>[a-zA-Zµμ]{0,6})"
    r"|(?P<starts>starts)\s*[:=]\s*(?P<rows>\d+(?:\s*,\s*\d+)*))\s*"
)
Row = tuple[int, list[str]]


def read_delimited(path: Path, columns: Sequence[str | int] | None, reading: Reading = AS_FOUND) -> RawTable:
    """A table with or without a header line; the delimiter (tab, semicolon, comma, spaces) is found out.

    Lines that begin with # or % are comments; ``# dt: 0.01 s`` and ``# starts: 0, 500`` are understood. Of chosen
    `columns` only these need to be numbers; what may be the time, a counter or the trial is read beside them. Columns
    of dates become times; the trial column may be text. Empty cells, NA and the like become NaN. DataError with line
    and column for ragged rows and cells that are no numbers, and for a first line of which it is not plain whether it
    names the columns. Cost: about 1 s for a million cells.
    """
    try:
        with path.open("rb") as raw:
            if b"\0" in raw.read(1 << 16):
                raise DataError(f"{path} is binary or UTF-16, not plain text; save it as CSV in UTF-8")
        long = LINE * 1000 if reading.transpose else LINE
        found = _Found([], [])
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            lines = itertools.islice(_lines(file, path, long, found), LOOK)
            delimiter = delimiter_of([line for _, line in lines], reading.decimal)
        found = _Found([], [])
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            rows = _rows(file, delimiter, path, long, found)
            table = _table(_turned(rows, path) if reading.transpose else rows, columns, delimiter, path, reading)
        return _noted(table, found, path)
    except csv.Error as error:
        raise DataError(f"{path} is no table: {error}; are its quotes balanced?") from None
    except OSError as error:
        raise unreadable(path, error) from None


class _Found(NamedTuple):
    """What comment lines tell."""

    dt: list[tuple[float, str]]
    starts: list[tuple[int, ...]]


class _Plan(NamedTuple):
    """Columns read as numbers that must be some, as numbers where they are, and as text (times, trial)."""

    strict: list[int]
    lenient: list[int]
    times: list[int]
    trial: int | None


def _table(
    rows: Iterator[Row], columns: Sequence[str | int] | None, delimiter: str, path: Path, reading: Reading
) -> RawTable:
    first = list(itertools.islice(rows, LOOK))
    if not first:
        raise DataError(f"{path} holds no table: every line is empty or a comment")
    width = len(first[0][1])
    names, units, first, notes = _names(first, path, reading)
    plan = _plan(names, [cells for _, cells in first], columns, reading, path)
    places = sorted({*plan.strict, *plan.lenient})
    needed = set(plan.strict)
    strict = [i in needed for i in places]
    numbers, texts = array("d"), [list[str]() for _ in plan.times]
    labels: list[str] = []
    comma, whole = reading.decimal == ",", places == list(range(width))
    for line, cells in itertools.chain(first, rows):
        if len(cells) != width:
            if "".join(cells).strip():
                raise DataError(ragged(path, line, len(cells), width, delimiter))
            continue
        for i, text in zip(plan.times, texts, strict=True):
            text.append(cells[i])
        if plan.trial is not None:
            labels.append(cells[plan.trial].strip())
        try:
            if comma or "_" in "".join(cells):  # Python takes 1_0 for ten
                raise ValueError
            numbers.extend(list(map(float, cells)) if whole else [float(cells[i]) for i in places])
        except ValueError:
            numbers.extend(
                [
                    number_in(cells[i], path, line, names[i], comma, cells) if must else perhaps(cells[i], comma)
                    for i, must in zip(places, strict, strict=True)
                ]
            )
    count = len(texts[0]) if texts else len(labels) if labels else len(numbers) // max(len(places), 1)
    values = np.array(numbers, dtype=np.float64).reshape(count, len(places))
    if plan.trial is not None:
        codes = np.unique(labels, return_inverse=True)[1].astype(float)
        values, places = np.column_stack([values, codes]), [*places, plan.trial]
    order = np.argsort(places, kind="stable")
    places = [places[i] for i in order]
    table = RawTable(
        values[:, order], tuple(names[i] for i in places), notes=tuple(notes), listed=tuple(names), places=tuple(places)
    )
    if any(units):
        table = table._replace(units=tuple(units[i] for i in places))
    if plan.times:
        table = _with_times(table, plan, texts, names, path, reading)
    if len(places) == width:
        return table._replace(listed=(), places=())
    return table


def _names(first: list[Row], path: Path, reading: Reading) -> tuple[list[str], list[str], list[Row], list[str]]:
    """The names and units of the columns, the rows left, notes."""
    cells = first[0][1]
    names = [f"x{i}" for i in range(len(cells))]
    texts = [[pointed(c) for c in row] if reading.decimal == "," else row for _, row in first]
    header = header_of(texts, str(path)) if reading.header is None else None
    notes = [header.note] if header is not None and header.note else []
    if not (reading.header if header is None else header.present):
        return names, [], first, notes
    names = [" ".join(cell.split()) or name for cell, name in zip(cells, names, strict=True)]
    if not cells[0].strip() and len(cells) > 1:
        names[0] = "Unnamed: 0"
    units = [unit_of(name) for name in names]
    first = first[1:]
    if first and len(first[0][1]) == len(cells) and all(UNIT_ROW.fullmatch(cell) for cell in first[0][1]):
        row = [cell.strip().strip("()[]").strip() for cell in first[0][1]]  # a row of units: (s), [mV]
        units = [below or unit for below, unit in zip(row, units, strict=True)]
        first = first[1:]
    return names, units, first, notes


def _plan(
    names: list[str], rows: list[list[str]], columns: Sequence[str | int] | None, reading: Reading, path: Path
) -> _Plan:
    """Which columns are read how."""
    chosen = None if columns is None else choose(names, columns, str(path))
    trial = None if reading.trial is None else choose(names, [reading.trial], f"{path}, --trial")[0]
    wanted = None
    if reading.time not in (None, "none"):
        (wanted,) = choose(names, [reading.time], f"{path}, --time")
    taken = {trial, *(chosen or ())}
    others = [i for i in range(len(names)) if i not in taken]
    times = []
    if len(rows) >= FEWEST or reading.time is not None:
        samples = {
            i: [row[i] for row in rows if i < len(row) and row[i].strip().lower() not in MISSING] for i in others
        }
        times = [i for i in others if samples[i] and all(looks_like_time(c) for c in samples[i][:FEWEST])]
    if wanted is not None:
        times = [i for i in times if i == wanted or is_clock(_first(rows, i)) != is_clock(_first(rows, wanted))]
        times = times if wanted in times else []
    if chosen is None:
        dates = set(times)
        strict = [i for i in others if i not in dates]
        return _Plan(strict, [], times, trial)
    lenient = [i for i in others if i not in times and _may_be_axis(i, names[i])]
    if wanted is not None and wanted not in times and wanted not in chosen:
        return _Plan([*chosen, wanted], [i for i in lenient if i != wanted], times, trial)
    return _Plan(list(chosen), lenient, times, None if trial in chosen else trial)


def _may_be_axis(place: int, name: str) -> bool:
    return bool(called_time(name)) or called_counter(name) or (place == 0 and name == "x0")


def _first(rows: list[list[str]], place: int) -> str:
    return next((row[place] for row in rows if place < len(row) and row[place].strip()), "")


def _with_times(
    table: RawTable, plan: _Plan, texts: list[list[str]], names: list[str], path: Path, reading: Reading
) -> RawTable:
    """The times of a column of dates, or of one of dates and one of clock times beside it."""
    first = [next((c for c in text if c.strip()), "") for text in texts]
    best = next((k for k, i in enumerate(plan.times) if called_time(names[i])), 0)
    cells, name, used = texts[best], names[plan.times[best]], {best}
    if not (has_clock(first[best]) and not is_clock(first[best])):  # a date alone, or a clock alone
        other = [k for k in range(len(texts)) if k != best and is_clock(first[k]) != is_clock(first[best])]
        other = [k for k in other if is_clock(first[k]) or not has_clock(first[k])]
        if other:
            day, clock = (other[0], best) if is_clock(first[best]) else (best, other[0])
            cells = [f"{a.strip()} {b.strip()}".strip() for a, b in zip(texts[day], texts[clock], strict=True)]
            name, used = f"{names[plan.times[day]]} {names[plan.times[clock]]}", {best, other[0]}
    notes = [f'column "{names[i]}" is a time too and is left out' for k, i in enumerate(plan.times) if k not in used]
    if reading.time == "none":
        return table._replace(time_name=name, time=np.full(len(cells), np.nan), notes=(*table.notes, *notes))
    times = parse_times(cells, f'{path}, column "{name}"', 0, canonical(reading.time_unit))
    said = (*table.notes, *notes, *times.notes)
    return table._replace(time=times.values, time_name=name, time_unit=times.unit, notes=said)


def _noted(table: RawTable, found: _Found, path: Path) -> RawTable:
    """The table with what its comments tell of interval and stretches."""
    if found.dt:
        dt, unit = found.dt[-1]
        if not (np.isfinite(dt) and dt > 0):
            raise DataError(f'{path}: the line "# dt: {dt:g}" tells no positive interval; mend or remove it')
        unit = UNITS.get(unit, UNITS.get(unit.lower(), ""))
        if table.time is None:
            table = table._replace(dt=dt, time_unit=unit, dt_source='the comment "dt"')
    if found.starts:
        starts = found.starts[-1]
        if starts[0] != 0 or list(starts) != sorted(set(starts)) or starts[-1] >= max(len(table.values), 1):
            raise DataError(
                f'{path}: the line "# starts: …" tells no rows of its {len(table.values):,}; mend or remove it'
            )
        table = table._replace(starts=starts)
    return table


def _turned(rows: Iterator[Row], path: Path) -> Iterator[Row]:
    """Rows for columns; the number of a line is then that of its place in the lines."""
    lines = [(number, cells) for number, cells in rows if "".join(cells).strip()]
    if lines:
        width = len(lines[0][1])
        for number, cells in lines:
            if len(cells) != width:
                raise DataError(f"{path}, line {number}: {len(cells):,} cells where the lines above have {width:,}")
    yield from enumerate((list(column) for column in zip(*(cells for _, cells in lines), strict=True)), 1)


def _lines(file: TextIO, path: Path, long: int, found: _Found) -> Iterator[tuple[int, str]]:
    """Numbered lines that are neither blank nor comments; comments that tell something go to `found`."""
    for number, line in enumerate(iter(partial(file.readline, long + 1), ""), 1):
        if len(line) > long:
            raise DataError(
                f"{path}, line {number} has more than {long:,} characters: no table with one time step a line "
                "(transposed? then --transpose, in Python reading.transpose)"
            )
        start = line.lstrip()[:1]
        if number == 1 and re.fullmatch(r"\ufeff?sep=.\s*", line):  # Excel's note on the delimiter
            continue
        if start == "#" and len(line) < LINE and (note := NOTE.fullmatch(line.strip())):
            if note["dt"]:
                with suppress(ValueError):
                    found.dt.append((float(note["number"]), note["unit"]))
            else:
                with suppress(ValueError):
                    found.starts.append(tuple(int(row) for row in note["rows"].split(",")))
        if start and start not in "#%":
            yield number, line


def _rows(file: TextIO, delimiter: str, path: Path, long: int, found: _Found) -> Iterator[Row]:
    line = 0

    def texts() -> Iterator[str]:
        nonlocal line
        for number, text in _lines(file, path, long, found):
            line = number
            yield text

    if delimiter == " ":
        for text in texts():
            yield line, text.split()
    else:
        for cells in csv.reader(texts(), delimiter=delimiter, skipinitialspace=True, strict=True):
            yield line, cells
