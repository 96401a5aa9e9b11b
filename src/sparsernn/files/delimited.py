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
from statistics import mode
from typing import TextIO

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.columns import Table, choose
from sparsernn.files.limits import unreadable

LINE = 1_000_000
MISSING = {"", "na", "n/a", "nan", "null", "none", "?"}
Row = tuple[int, list[str]]


def read_delimited(path: Path, columns: Sequence[str | int] | None) -> Table:
    """A table with or without a header line; the delimiter (tab, semicolon, comma, spaces) is found out.

    Lines that begin with # or % are comments. Only the chosen columns need to be numbers. Empty cells, NA and the like
    become NaN. DataError with line and column for ragged rows and cells that are no numbers.
    Cost: about 1 s for a million cells.
    """
    try:
        with path.open("rb") as raw:
            if b"\0" in raw.read(1 << 16):
                raise DataError(f"{path} is binary or UTF-16, not plain text; save it as CSV in UTF-8")
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            delimiter = _delimiter([line for _, line in itertools.islice(_lines(file, path), 30)])
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            return _table(_rows(file, delimiter, path), columns, delimiter, path)
    except csv.Error as error:
        raise DataError(f"{path} is no table: {error}; are its quotes balanced?") from None
    except OSError as error:
        raise unreadable(path, error) from None


def _table(rows: Iterator[Row], columns: Sequence[str | int] | None, delimiter: str, path: Path) -> Table:
    first = list(itertools.islice(rows, 2))
    if not first:
        raise DataError(f"{path} holds no table: every line is empty or a comment")
    width = len(first[0][1])
    names = [f"x{i}" for i in range(width)]
    if _is_header([cells for _, cells in first]):
        names = [cell.strip() or name for cell, name in zip(first[0][1], names, strict=True)]
        first = first[1:]
        if first and all(re.fullmatch(r"\s*([(\[].*[)\]])?\s*", cell) for cell in first[0][1]):
            first = first[1:]  # a row of units: (s), [mV]
    picked = choose(names, columns, str(path))
    numbers = array("d")
    for line, cells in itertools.chain(first, rows):
        if len(cells) != width:
            if "".join(cells).strip():
                raise DataError(
                    f"{path}, line {line}: {len(cells)} cells where the lines above have {width} "
                    f"(delimiter {delimiter!r}); complete or remove the line"
                )
            continue
        try:
            if "_" in "".join(cells):  # Python takes 1_0 for ten
                raise ValueError
            numbers.extend([float(cells[i]) for i in picked])
        except ValueError:
            numbers.extend([_number(cells[i], f'{path}, line {line}, column "{names[i]}"') for i in picked])
    values = np.array(numbers, dtype=np.float64).reshape(len(numbers) // len(picked), len(picked))
    return Table(values, tuple(names[i] for i in picked))


def _lines(file: TextIO, path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines that are neither blank nor comments."""
    for number, line in enumerate(iter(partial(file.readline, LINE + 1), ""), 1):
        if len(line) > LINE:
            raise DataError(
                f"{path}, line {number} has more than {LINE:,} characters: no table with one time step a line "
                "(transposed?)"
            )
        start = line.lstrip()[:1]
        if number == 1 and re.fullmatch(r"\ufeff?sep=.\s*", line):  # Excel's note on the delimiter
            continue
        if start and start not in "#%":
            yield number, line


def _rows(file: TextIO, delimiter: str, path: Path) -> Iterator[Row]:
    line = 0

    def texts() -> Iterator[str]:
        nonlocal line
        for number, text in _lines(file, path):
            line = number
            yield text

    if delimiter == " ":
        for text in texts():
            yield line, text.split()
    else:
        for cells in csv.reader(texts(), delimiter=delimiter, skipinitialspace=True, strict=True):
            yield line, cells


def _delimiter(lines: list[str]) -> str:
    """The first of tab, semicolon, comma, space that cuts all lines into the same number (> 1) of cells.

    The semicolon comes before the comma, which may be a decimal comma then. If none does, some lines are defective
    or there is one column: the delimiter with the most cells in most lines.
    """
    counts = {" ": [len(line.split()) for line in lines]}
    for delimiter in "\t;, ":
        if delimiter != " ":
            with suppress(csv.Error):  # a line without this delimiter can be too long for one cell
                reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
                counts[delimiter] = [len(cells) for cells in reader]
        if len(found := set(counts.get(delimiter, []))) == 1 and max(found) > 1:
            return delimiter
    return max("\t;, ", key=lambda d: mode(counts.get(d) or [0]))


def _is_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns.

    Nothing but text does. A mixture of text and whole numbers does (time, 0, 1, 2) if a text has a number below it.
    A mixture with other numbers is a row of data with a text column or a typing error, and must not vanish as a header.
    """
    text = [i for i, cell in enumerate(rows[0]) if cell.strip().lower() not in MISSING and not _is_number(cell)]
    numbers = [cell for cell in rows[0] if _is_number(cell)]
    if not text or not numbers:
        return bool(text)
    below = rows[1] if len(rows) > 1 and len(rows[1]) == len(rows[0]) else rows[0]
    return all(cell.strip().isdigit() for cell in numbers) and any(_is_number(below[i]) for i in text)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _number(cell: str, place: str) -> float:
    if _is_number(cell):
        return float(cell)
    if cell.strip().lower() in MISSING:
        return float("nan")
    advice = "choose the columns that are numbers with columns="
    if re.fullmatch(r"\s*[-+]?\d+,\d+([eE][-+]?\d+)?\s*", cell):
        advice = "decimal commas are not read; write decimal points"
    raise DataError(f'{place}: "{cell[:40]}" is no number; {advice}')
