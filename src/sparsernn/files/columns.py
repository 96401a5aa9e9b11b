"""Which columns of a table are meant."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sparsernn.errors import SpecError, nearest
from sparsernn.files.units import bare, unit_of


class RawTable(NamedTuple):
    """What a reader found: `values` (T, N), (T,) or (trials, T, N) as stored, a name per column.

    `dt` is the sampling interval where the file says it (None: it does not), `time_unit` its unit, `dt_source` who says
    so, in words ("" means the file). `units` has a text a column, or is empty. `starts` are the first rows of
    stretches, `notes` sentences on what was recognized. `time` holds the times of the rows (T,) where they are kept
    apart from the values (a column of dates, or, with `indexed`, the index of a DataFrame), in `time_unit`; `time_name`
    is what they are called, and `counts` says that they only number the rows. Where not all columns of the file are in
    `values`, `listed` names all, and `places` says which are there. `unnamed` says that the names were made here.
    """

    values: np.ndarray
    names: tuple[str, ...]
    dt: float | None = None
    units: tuple[str, ...] = ()
    time_unit: str = ""
    dt_source: str = ""
    starts: tuple[int, ...] = (0,)
    notes: tuple[str, ...] = ()
    time: np.ndarray | None = None
    time_name: str = ""
    unnamed: bool = False
    indexed: bool = False
    counts: bool = False
    listed: tuple[str, ...] = ()
    places: tuple[int, ...] = ()


def columns_from_text(text: str | None) -> tuple[str, ...] | None:
    """The columns of a command line's ``--columns``: names or numbers from 0, by comma; None stays None.

    A name with a comma in it is quoted, as in CSV: ``'"heart, rate",resp'``. Numbers stay text here: `choose` takes a
    name before a number, so that the same list means the same in every command. SpecError for an empty list or entry.
    """
    if text is None:
        return None
    try:
        (cells,) = csv.reader([text], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError) as error:
        raise SpecError(f"--columns {text}: {error}; names or numbers by comma, such as 0,2 or x,y") from None
    columns = tuple(cell.strip() for cell in cells)
    if not columns or not all(columns):
        raise SpecError(f'--columns "{text}" has an empty entry; names or numbers by comma, such as 0,2 or x,y')
    return columns


def choose(names: Sequence[str], columns: Sequence[str | int] | None, source: str) -> list[int]:
    """The indices of the columns asked for, by name or by number from 0 (None: all), in the order asked for.

    Text that is a column's name, with its unit or (``V`` for ``V [mV]``) without, means that column, whichever place it
    has; only where no column is called so is it taken for a number. Numbers count all columns of the file, a time
    column among them. A list of texts in which some are names and others numbers is ambiguous where the file's names
    are numbers themselves. SpecError that lists every column not found, named twice or ambiguous.
    """
    if columns is None:
        return list(range(len(names)))
    problems = [] if len(columns) else [f"{source}: no column was chosen; leave columns out to take all"]
    picked: list[int] = []
    numbered = any(isinstance(c, str) and c in names and _number(c) is not None for c in columns)
    for column in columns:
        text = str(column)
        number = _number(text)
        if isinstance(column, str) and names.count(text) == 1:
            index = names.index(text)
        elif isinstance(column, str) and text in names:
            problems.append(f'{source}: {names.count(text)} columns are called "{text}"; choose by index (from 0)')
            continue
        elif isinstance(column, str) and [bare(name) for name in names].count(text) == 1:
            index = [bare(name) for name in names].index(text)
        elif isinstance(column, str) and number is not None and numbered:
            problems.append(
                f'{source}: no column is called "{text}", though others in the list are names that look like numbers; '
                f"name all columns{nearest(text, names[:50])}"
            )
            continue
        elif number is not None and number < len(names):
            index = number
        elif text.lstrip("-").isdigit():
            problems.append(f"{source}: no column {text}; there are {len(names)}, counted from 0")
            continue
        else:
            problems.append(f'{source}: no column "{text}"{nearest(text, names[:50])}')
            continue
        if index in picked:
            problems.append(f'{source}: column "{text}" was chosen twice')
        picked.append(index)
    if problems:
        raise SpecError(problems)
    return picked


def plain_columns(columns: Sequence[str | int] | None) -> list[str | int] | None:
    """The list as plain values, for another process; NumPy's integers become Python's."""
    return None if columns is None else [c if isinstance(c, str) else int(c) for c in columns]


def matched(
    names: Sequence[str], other: Sequence[str], source: str, other_source: str, *, made: bool = False
) -> list[int]:
    """For every column of one file the index of the same column in another: ``other_values[:, matched(...)]``.

    By name where both files have the same names, in whatever order (units may be told by one of them only). By place
    where one of the files has no names of its own (`made`, or names x0, x1, ...), if the counts agree. SpecError where
    the names differ, or counts do.
    """
    if len(names) != len(other):
        raise SpecError(
            f"{source} has {len(names)} columns ({_listed(names)}), {other_source} has {len(other)} "
            f"({_listed(other)}); choose the same ones with --columns (in Python columns=)"
        )
    if list(names) == list(other) or made or _made_here(names) or _made_here(other):
        return list(range(len(names)))
    if sorted(names) == sorted(other) and len(set(names)) == len(names):
        return [list(other).index(name) for name in names]
    plain = [bare(name) for name in other]
    if sorted(bare(name) for name in names) == sorted(plain) and len(set(plain)) == len(plain):
        places = [plain.index(bare(name)) for name in names]
        pairs = [(unit_of(name), unit_of(other[i])) for name, i in zip(names, places, strict=True)]
        if all(not one or not two or one == two for one, two in pairs):
            return places
    raise SpecError(
        f"{source} has the columns {_listed(names)}, {other_source} has {_listed(other)}: columns are matched by name; "
        "rename them, or choose those that both have with --columns (in Python columns=)"
    )


def pick(values: np.ndarray, columns: Sequence[str | int] | None, source: str, names: Sequence[str] = ()) -> RawTable:
    """The chosen columns of an array of shape (T,) or (T, N); without `names` they are called x0, x1, ..."""
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        return RawTable(values, ())
    names = tuple(names) if len(names) == values.shape[1] else tuple(f"x{i}" for i in range(values.shape[1]))
    chosen = choose(names, columns, source)
    if columns is None:
        return RawTable(values, names)
    return RawTable(values[:, chosen], tuple(names[i] for i in chosen))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _made_here(names: Sequence[str]) -> bool:
    return list(names) == [f"x{i}" for i in range(len(names))]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (", …" if len(names) > 10 else "")
