"""Which columns of a table are meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sparsernn.errors import SpecError, nearest


class Table(NamedTuple):
    """What a reader found: `values` (T, N) or (T,) as stored, a name per column, `dt` (None: the file does not say)."""

    values: np.ndarray
    names: tuple[str, ...]
    dt: float | None = None


def choose(names: Sequence[str], columns: Sequence[str | int] | None, source: str) -> list[int]:
    """The indices of the columns asked for, by name or by index from 0 (None: all), in the order asked for.

    A name wins over the same text read as an index. SpecError that lists every column not found, named twice or
    ambiguous.
    """
    if columns is None:
        return list(range(len(names)))
    problems = [] if len(columns) else [f"{source}: no column was chosen; leave columns out to take all"]
    picked: list[int] = []
    for column in columns:
        text = str(column)
        if not isinstance(column, int) and names.count(text) == 1:
            index = names.index(text)
        elif not isinstance(column, int) and text in names:
            problems.append(f'{source}: {names.count(text)} columns are called "{text}"; choose by index (from 0)')
            continue
        elif text.isascii() and text.isdigit() and len(text) < 10 and int(text) < len(names):
            index = int(text)
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


def pick(values: np.ndarray, columns: Sequence[str | int] | None, source: str, names: Sequence[str] = ()) -> Table:
    """The chosen columns of an array of shape (T,) or (T, N); without `names` they are called x0, x1, ..."""
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        return Table(values, ())
    names = tuple(names) if len(names) == values.shape[1] else tuple(f"x{i}" for i in range(values.shape[1]))
    chosen = choose(names, columns, source)
    if columns is None:
        return Table(values, names)
    return Table(values[:, chosen], tuple(names[i] for i in chosen))
