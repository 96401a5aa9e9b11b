"""`flat`: a column that never changes, or stands still for a while: a sensor that dropped out."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sparsernn.dynamics.oddities.base import Oddity, matrix, rows, runs
from sparsernn.dynamics.oddities.few_levels import saturated

CODE = "flat"
LONG = 20
"""Rows of one value that are a pause, in a column whose value changes with every row …"""
TIMES = 20
"""… or so many times the usual run where a column is rounded or sampled faster than it was measured."""
USUAL = 0.8
"""Share of the rows in runs up to the usual length. (Up to a fifth of a recording may stand still.)"""


def flat(values: ArrayLike, starts: tuple[int, ...] = (0,)) -> list[Oddity]:
    """The columns of a series (T, N) that are constant, or hold one value in far more rows on end than usual.

    Runs at an edge where the column is cut off (`few_levels`) and the usual value of an event train (`spikes`) are not
    pauses. O(N T log T).
    """
    found = []
    for i, column in enumerate(matrix(values).T):
        if len(column) < 2:
            continue
        if np.ptp(column) == 0:
            text = f"constant: every row holds {column[0]:.6g}"
            found.append(Oddity(CODE, i, text, "take the other columns by --columns"))
            continue
        first, lengths = runs(column, starts)
        order = np.sort(lengths)
        usual = int(order[np.searchsorted(np.cumsum(order), USUAL * len(column))])
        limit = max(LONG, TIMES * int(np.median(lengths)), 3 * usual if usual < len(column) // 5 else len(column) + 1)
        pause = lengths >= limit
        if not pause.any():
            continue
        levels, counts = np.unique(column, return_counts=True)
        if len(levels) == 2:
            continue
        for end in saturated(column, starts, levels, counts):
            pause &= column[first] != levels[end]
        if not pause.any():
            continue
        longest = int(np.argmax(np.where(pause, lengths, 0)))
        text = (
            f"stands still for {rows(int(lengths[longest]))} from row {first[longest]:,} on (at "
            f"{column[first[longest]]:.6g}); {100 * lengths[pause].sum() / len(column):.2g} % of the rows in "
            f"{pause.sum():,} such stretch{'' if pause.sum() == 1 else 'es'}"
        )
        mend = "leave these cells empty (or NaN) and --gaps cut; or take the other columns by --columns"
        found.append(Oddity(CODE, i, text, mend))
    return found
