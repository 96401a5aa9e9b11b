"""`spikes`: events instead of a signal: 0 and 1, or mostly one and the same value."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sparsernn.dynamics.oddities.base import Oddity, matrix

CODE = "spikes"
MOSTLY = 0.8
"""Share of rows with one and the same value, from which on a network that stands still there has a small error."""
FEWEST = 20
"""Rows that are needed to say so."""


def spikes(values: ArrayLike) -> list[Oddity]:
    """The columns of a series (T, N) that hold two values only, or mostly one value. O(N T log T)."""
    found = []
    for i, column in enumerate(matrix(values).T):
        if len(column) < FEWEST:
            continue
        levels, counts = np.unique(column, return_counts=True)
        share = counts.max() / len(column)
        if len(levels) < 2 or (len(levels) > 2 and share < MOSTLY):
            continue
        usual = float(levels[counts.argmax()])
        if len(levels) == 2:
            other = float(levels[counts.argmin()]) if share > 0.5 else float(levels[1 - counts.argmax()])
            text = f"two values only, {usual:.6g} and {other:.6g}: events, not a signal that moves"
        else:
            text = f"{100 * share:.3g} % of the rows hold {usual:.6g}: events; to stand still is mostly right"
        events = max(1, int(np.sum((column[1:] != usual) & (column[:-1] == usual))))
        width = max(2, round(len(column) / events / 2)) if events > 1 else 10
        width = min(width, 200)
        mend = f"--smooth {width} makes a rate of the events; or take a continuous signal"
        found.append(Oddity(CODE, i, text, mend, options=(("--smooth", str(width)),)))
    return found
