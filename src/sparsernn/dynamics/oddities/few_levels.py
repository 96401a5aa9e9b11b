"""`few_levels`: a column rounded to few values, or cut off at the edge of a converter's range."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.dynamics.oddities.base import Oddity, matrix, runs

CODE = "few_levels"
LEVELS = 32
"""So many values or fewer are few: the steps between them are larger than the noise a network is trained with (0.05 sd
of a signal that fills its range evenly is about a sixtieth of the range)."""
ROWS_A_LEVEL = 10
"""Rows there must be for each level: 30 values in 30 rows are no rounding."""
SATURATED, PILED, IN_A_ROW = 0.005, 5.0, 3.0
"""Cut off: the outermost value holds this share of the rows, so many times more than the next value (a sine's crest,
rounded, holds 2.4 times more), in runs of this mean length."""


def few_levels(values: ArrayLike, starts: tuple[int, ...] = (0,)) -> list[Oddity]:
    """The columns of a series (T, N) with few levels or a saturated edge, at most one oddity a column. Two levels are
    `spikes`. O(N T log T)."""
    found = []
    for i, column in enumerate(matrix(values).T):
        levels, counts = np.unique(column, return_counts=True)
        if len(levels) < 3:
            continue
        if len(levels) <= LEVELS and len(column) >= ROWS_A_LEVEL * len(levels):
            text = f"only {len(levels)} different values: rounded coarsely, a network learns the steps"
            width = _width(column, starts)
            mend = f"--smooth {width} rounds the steps off; or a finer recording"
            found.append(Oddity(CODE, i, text, mend, options=(("--smooth", str(width)),)))
        elif edges := saturated(column, starts, levels, counts):
            share = sum(counts[e] for e in edges) / len(column)
            places = " and ".join(f"{levels[e]:.6g}" for e in edges)
            text = f"cut off at {places} ({100 * share:.2g} % of the rows): what lies beyond was not recorded"
            mend = "record with a wider range, or take other columns by --columns; --smooth 2 rounds the corners only"
            found.append(Oddity(CODE, i, text, mend))
    return found


def saturated(
    column: NDArray[np.float64],
    starts: tuple[int, ...],
    levels: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> list[int]:
    """Which ends of `levels` (0: lowest, -1: highest) the column (T,) is cut off at."""
    edges = []
    for end, beside in ((0, 1), (-1, -2)):
        count = int(counts[end])
        if count < max(SATURATED * len(column), IN_A_ROW) or count < PILED * counts[beside]:
            continue
        first, lengths = runs(column, starts)
        if lengths[column[first] == levels[end]].mean() >= IN_A_ROW:
            edges.append(end)
    return edges


def _width(column: NDArray[np.float64], starts: tuple[int, ...]) -> int:
    """A smoothing as wide as a typical step is long."""
    _, lengths = runs(column, starts)
    return int(np.clip(np.median(lengths), 1, 100))
