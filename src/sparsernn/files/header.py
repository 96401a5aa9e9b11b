"""Whether the first line of a table names its columns."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.time_text import looks_like_time

MISSING = {"", "na", "n/a", "nan", "null", "none", "?", "-", "nat", "<na>", "#n/a"}
ENOUGH = 3
"""Rows below a line of numbers from which on it can be told from them."""
JUMP = 2.0
"""A first line further from the second than so many of the widest steps below does not go on there."""


class Header(NamedTuple):
    """Whether there is one, and a sentence for what was not plain."""

    present: bool
    note: str = ""


def header_of(rows: Sequence[Sequence[str]], source: str) -> Header:
    """Whether the first of some rows of cells names the columns.

    Nothing but text does. A mixture of text and whole numbers does (time, 0, 1, 2) if a text has a number below it. A
    mixture with other numbers is a row of data with a text column or a typing error, and must not vanish as a header.
    A line of numbers alone does where it is plain: counted, beside rows that are not (0,1,2 or, beside an index, ,0,1,2
    as pandas writes them; years), and not going on below. DataError where it is doubtful.
    """
    first = [cell.strip() for cell in rows[0]]
    text = [i for i, cell in enumerate(first) if cell.lower() not in MISSING and not is_number(cell)]
    numbers = [cell for cell in first if is_number(cell)]
    if text and not numbers:
        return Header(not _is_times(first))
    if text:
        below = rows[1] if len(rows) > 1 and len(rows[1]) == len(first) else rows[0]
        return Header(all(cell.isdigit() for cell in numbers) and any(is_number(below[i]) for i in text))
    if not numbers or len(rows) <= ENOUGH or any(len(row) != len(first) for row in rows):
        return Header(False)
    return _of_numbers(first, [list(row) for row in rows[1:]], source)


def is_number(cell: str) -> bool:
    """Whether Python reads it as a number, 1_0 left out."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell and cell.strip().lower() not in MISSING


def _is_times(first: list[str]) -> bool:
    """Whether a line without numbers is dates and missing values."""
    known = [cell for cell in first if cell.lower() not in MISSING]
    return all(looks_like_time(cell) for cell in known)


def _of_numbers(first: list[str], below: list[list[str]], source: str) -> Header:
    line = ",".join(first[:8]) + (",…" if len(first) > 8 else "")
    index = first[0] == "" and all(row[0].strip() != "" for row in below)
    if index and len(first) > 1 and _counted(first[1:]):
        return Header(True, f'the first line "{line}" names the columns, beside an index')
    if any(cell == "" or cell.lower() in MISSING for cell in first):
        return Header(False)
    whole = all(re.fullmatch(r"\d+", cell) for cell in first)
    if not whole:
        steps = np.diff([float(cell) for cell in first])
        even = len(steps) > 1 and steps[0] > 0 and np.allclose(steps, steps[0])
        if even and not _all_go_on(first, below):
            raise DataError(_doubt(line, source))
        return Header(False)
    if _one_goes_on(first, below):
        return Header(False)
    cells = [cell for row in below for cell in row if is_number(cell)]
    broken = not any(re.fullmatch(r"\s*[-+]?\d+\s*", cell) for cell in cells)
    counted = _counted(first) and (len(first) > 1 or first[0] == "0")
    if broken and counted and (len(first) > 3 or (len(first) == 3 and not _all_go_on(first, below))):
        return Header(True, f'the first line "{line}" is taken as the names of the columns')
    if broken and not counted and _all_go_on(first, below):
        return Header(False, f'the first line "{line}" is taken as data, as it goes on below; --header says otherwise')
    if broken or (counted and len(first) > 2 and first[0] in ("0", "1")):
        raise DataError(_doubt(line, source))
    return Header(False)


def _doubt(line: str, source: str) -> str:
    return (
        f'{source}: the first line "{line}" may name the columns or be data; say --header or --no-header '
        "(in Python reading.header)"
    )


def _counted(cells: list[str]) -> bool:
    """Whether whole numbers rise by one: 0,1,2 or 2001,2002."""
    if not all(re.fullmatch(r"\d{1,9}", cell) for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    return all(b - a == 1 for a, b in itertools.pairwise(numbers))


def _one_goes_on(first: list[str], below: list[list[str]]) -> bool:
    """Whether a column counts or is a time from the first line on."""
    steps = np.diff(_table(first, below), axis=0)
    with np.errstate(all="ignore"):
        even = np.abs(steps - steps[1]) <= 1e-3 * np.abs(steps[1])
        return bool((even.all(axis=0) & (steps[1] > 0)).any())


def _all_go_on(first: list[str], below: list[list[str]]) -> bool:
    """Whether all columns move little from row to row, and no more from the first line to the second."""
    table = _table(first, below)
    table = table[:, np.isfinite(table).all(axis=0)]
    with np.errstate(all="ignore"):
        steps = np.abs(np.diff(table, axis=0))
        smooth = steps[1:].mean(axis=0) <= 0.25 * np.ptp(table[1:], axis=0)
        return bool((smooth & (steps[0] <= JUMP * steps[1:].max(axis=0))).all())


def _table(first: list[str], below: list[list[str]]) -> np.ndarray:
    return np.array([[_value(cell) for cell in row] for row in [first, *below]])


def _value(cell: str) -> float:
    return float(cell) if is_number(cell) else float("nan")
