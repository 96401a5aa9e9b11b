"""Whether a run has come to rest where the data it should be like do not."""

from __future__ import annotations

import numpy as np

STILL = 1e-3
"""A run whose last quarter moves less than this (sd, all columns, in sd of the data) has collapsed, ..."""
RESTS = 2.0
"""... or its last half, three quarters, or all of it, where the data pause (move less than so many times this) for as
long somewhere: what pauses as they do has not stopped."""


def still(run: np.ndarray, pause: np.ndarray) -> np.ndarray:
    """Say which columns, (N,), of a run (T, N) do not move any more, in their last `pause` (N,) rows (0: they may)."""
    if not np.isfinite(run).all():
        return np.zeros(len(pause), bool)
    return np.array([rows > 0 and run[-rows:, i].std() < STILL for i, rows in enumerate(pause)])


def pause(data: np.ndarray) -> np.ndarray:
    """Return how many rows, (N,), a run must rest at its end to have stopped.

    They are so many that the quarters of the data (T, N) nowhere rest as long; 0 where the data come to rest halfway,
    and a run may with them.
    """
    length = len(data)
    found = np.full(data.shape[1], length)
    sums = np.cumsum(np.concatenate([np.zeros((2, 1, data.shape[1])), [data, data**2]], axis=1), axis=1)
    for quarters in (3, 2, 1):
        rows = -(-length * quarters // 4)
        mean, square = (sums[:, rows:] - sums[:, :-rows]) / rows
        rests = square - mean**2 < (RESTS * STILL) ** 2
        found[(found > rows) & ~rests.any(axis=0)] = rows
    found[data[length // 2 :].std(axis=0) < STILL] = 0
    return found
