"""What a detector returns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Oddity(NamedTuple):
    """One thing that is odd: a `code`, the `column` it was found in (None: in all of them, or in the rows), a sentence,
    and what to `mend` it with. `refused`: no measure can mean anything before it is mended. Where the text speaks of
    a second column, `other`, its name is to be put in for ``{other}``: `said`. `options`: what of the remedy is an
    option of `sparsernn reconstruct` and its value, if that mends it by itself."""

    code: str
    column: int | None
    text: str
    mend: str
    refused: bool = False
    other: int | None = None
    options: tuple[tuple[str, str], ...] = ()

    def said(self, names: Sequence[str]) -> str:
        """The text with the name of the other column in it."""
        return self.text if self.other is None else self.text.replace("{other}", names[self.other])

    def of(self, kept: Sequence[int]) -> Oddity:
        """The same for the array from which the columns `kept` were taken."""
        column = None if self.column is None else int(kept[self.column])
        return self._replace(column=column, other=None if self.other is None else int(kept[self.other]))


def stretches(length: int, starts: Sequence[int] = (0,)) -> Iterator[slice]:
    """The rows of each stretch of `length` rows that begins at `starts`, in order."""
    edges = [*sorted({0, *(int(s) for s in starts)}), length]
    return (slice(a, b) for a, b in pairwise(edges) if b > a)


def longest(values: NDArray[Any], starts: Sequence[int] = (0,)) -> NDArray[Any]:
    """The longest stretch of `values` (T, ...)."""
    return values[max(stretches(len(values), starts), key=lambda rows: rows.stop - rows.start)]


def matrix(values: ArrayLike) -> NDArray[np.float64]:
    """(T, N) float64; a vector is one column."""
    array = np.asarray(values, dtype=np.float64)
    return array[:, None] if array.ndim == 1 else array


def runs(column: NDArray[np.float64], starts: Sequence[int] = (0,)) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(first rows, lengths) of the runs of one and the same value in `column` (T,); a new stretch begins a new run."""
    begins = np.ones(len(column), bool)
    begins[1:] = column[1:] != column[:-1]
    begins[[s for s in starts if 0 <= s < len(column)]] = True
    first = np.flatnonzero(begins)
    return first, np.diff(np.append(first, len(column)))


def rows(count: int) -> str:
    """ "1 row", "2,000 rows"."""
    return f"{count:,} row{'' if count == 1 else 's'}"
