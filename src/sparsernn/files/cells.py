"""Cells of a text table: what parts them, and the numbers in them."""

from __future__ import annotations

import csv
import re
from contextlib import suppress
from pathlib import Path
from statistics import mode

from sparsernn.errors import DataError
from sparsernn.files.header import MISSING, is_number


def delimiter_of(lines: list[str], decimal: str) -> str:
    """The first of tab, semicolon, comma, space that cuts all lines into the same number (> 1) of cells.

    The semicolon comes before the comma, which may be a decimal comma then, and parts no cells if it is said to be one
    (unless the numbers are quoted). If none does, some lines are defective or there is one column: the delimiter with
    the most cells in most lines.
    """
    counts = {" ": [len(line.split()) for line in lines]}
    delimiters = "\t;, "
    if decimal == ",":
        delimiters = "\t;, " if all('"' in line for line in lines[1:]) and lines[1:] else "\t; "
    for delimiter in delimiters:
        if delimiter != " ":
            with suppress(csv.Error):  # a line without this delimiter can be too long for one cell
                reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
                counts[delimiter] = [len(cells) for cells in reader]
        if len(found := set(counts.get(delimiter, []))) == 1 and max(found) > 1:
            return delimiter
    return max(delimiters, key=lambda d: mode(counts.get(d) or [0]))


def ragged(path: Path, line: int, cells: int, width: int, delimiter: str) -> str:
    """What is said of a line with another number of cells than the ones above."""
    advice = "complete or remove the line"
    if delimiter == "," and cells == 2 * width:
        advice += ", or, if its commas are decimal ones, --decimal , (in Python reading.decimal)"
    return f"{path}, line {line}: {cells} cells where the lines above have {width} (delimiter {delimiter!r}); {advice}"


def pointed(cell: str) -> str:
    """A number with a decimal comma as Python reads it; what has a point too is none."""
    if re.fullmatch(r"\s*[-+]?\d*,\d*([eE][-+]?\d+)?\s*", cell):
        return cell.replace(",", ".")
    return f"{cell}!" if "." in cell and is_number(cell) else cell


def perhaps(cell: str, comma: bool) -> float:
    """The number in a cell, NaN where there is none."""
    cell = pointed(cell) if comma else cell
    return float(cell) if is_number(cell) else float("nan")


def number_in(cell: str, path: Path, line: int, name: str, comma: bool, cells: list[str]) -> float:
    """The number in a cell. DataError, with what to try, where there is none."""
    text = pointed(cell) if comma else cell
    if is_number(text):
        return float(text)
    if cell.strip().lower() in MISSING:
        return float("nan")
    advice = "choose the columns that are numbers with --columns (in Python columns)"
    if comma and is_number(cell):
        advice = "it has a decimal point, though --decimal says comma (in Python reading.decimal)"
    elif re.fullmatch(r"\s*[-+]?\d+,\d+([eE][-+]?\d+)?\s*", cell):
        advice = "decimal commas are read with --decimal , (in Python reading.decimal)"
    elif line <= 3 and not any(map(is_number, cells)):
        advice += "; if the line is a second header, remove it; units go in brackets, [mV]"
    else:
        advice += "; if it tells trials apart, --trial (reading.trial)"
    raise DataError(f'{path}, line {line}, column "{name}": "{cell[:40]}" is no number; {advice}')
