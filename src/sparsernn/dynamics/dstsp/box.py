"""The box around a reference series, and which runs have left it for good."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.compiled import compiled
from sparsernn.errors import DataError, SpecError
from sparsernn.missing import unmasked

LEAST_OUTSIDE = 20


def checked_reference(values: ArrayLike) -> NDArray[np.floating[Any]]:
    """Return the reference as a C-ordered array (T, N) of float32 or float64.

    DataError for a wrong shape, values that are not finite, or a constant column.
    """
    array = unmasked(values)
    if array.ndim != 2 or array.shape[0] < 2 or array.shape[1] < 1:
        raise DataError(f"a reference series has shape (time, dimensions) with at least 2 rows, got {array.shape}")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise DataError(
            f"the reference holds {int((~finite).sum())} values that are not finite, the first in row {row}, "
            f"column {column} (counted from 0): cut them out or fill them in first"
        )
    constant = [str(i) for i in np.flatnonzero(np.ptp(array, axis=0) == 0)]
    if constant:
        raise DataError(
            f"column {', '.join(constant)} of the reference (counted from 0) is constant and has no spread to measure "
            "against: leave it out"
        )
    return np.ascontiguousarray(array)


def box_of(values: NDArray[np.floating[Any]], kind: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and the upper corner of the box around values (T, N), each (N,).

    `kind` "range": min - 0.1 sd to max + 0.1 sd; "legacy": mean ± 2 sd; the sd is that with n - 1. The published legacy
    box is centered on 0, which is the mean of the standardized data that it was made for.
    """
    values = values.astype(np.float64, copy=False)
    sd = values.std(axis=0, ddof=1)
    if kind == "legacy":
        return values.mean(axis=0) - 2 * sd, values.mean(axis=0) + 2 * sd
    return values.min(axis=0) - 0.1 * sd, values.max(axis=0) + 0.1 * sd


def checked_chunk(chunk: ArrayLike, runs: int, dim: int) -> NDArray[np.floating[Any]]:
    """Return a chunk of runs as a C-ordered array (steps, runs, N) of float32 or float64.

    SpecError for another shape.
    """
    array = np.asarray(chunk)
    if array.ndim != 3 or array.shape[1:] != (runs, dim):
        raise SpecError(f"a chunk has shape (steps, {runs} runs, {dim} dimensions), got {array.shape}")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    return np.ascontiguousarray(array)


class Leaving:
    """Keeps track of which runs have left the box for good.

    A run has left if one of these holds:

    - its last point is not finite,
    - its last twentieth (at least 20 points, or all of it) lies outside the box,
    - its last 20 points (or all) lie more than a box width outside. No run comes back from there by chance, however
      late it went.

    A run may consist of stretches, each of which begins anew from data; `close` ends one. The compiled counting
    functions keep `last_inside` (runs,) up to date, the number of each run's last step inside.
    """

    def __init__(self, runs: int, low: NDArray[np.float64], high: NDArray[np.float64]):
        self.last_inside = np.full(runs, -1, np.int64)
        self._near = 2 * low - high, 2 * high - low
        self._not_finite = np.zeros(runs, bool)
        self._far = np.zeros(runs, np.int64)
        self._begun = 0
        self._gone_rows = np.zeros(runs, np.int64)
        self._gone = np.zeros(runs, np.int64)
        self._closed = 0

    def note(self, chunk: NDArray[np.floating[Any]]) -> None:
        """Take note of the next steps of all runs, (steps, runs, N). Call it for every chunk."""
        if not len(chunk):
            return
        self._not_finite = ~np.isfinite(chunk[-1]).all(axis=-1)
        if self._is_near(chunk[-1]).all():  # as good as always
            self._far[:] = 0
            return
        near = self._is_near(chunk[-LEAST_OUTSIDE:][::-1])
        self._far = np.where(near.any(axis=0), near.argmax(axis=0), self._far + len(near))

    def _is_near(self, points: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Say of points (..., runs, N) whether they lie at most a box width outside the box; False for NaN."""
        return np.asarray(((points >= self._near[0]) & (points <= self._near[1])).all(axis=-1))

    def gone(self, seen: int) -> NDArray[np.bool_]:
        """Say of each run, which has `seen` points so far, whether its current stretch has left, (runs,)."""
        rows = seen - self._begun
        outside = seen - 1 - np.maximum(self.last_inside, self._begun - 1)
        far = (self._far > 0) & (self._far >= min(rows, LEAST_OUTSIDE))
        return self._not_finite | far | (outside >= min(rows, max(LEAST_OUTSIDE, rows // 20)))

    def close(self, seen: int) -> NDArray[np.bool_]:
        """End a stretch after `seen` points, and say of each run whether it had left in this stretch, (runs,)."""
        gone = self.gone(seen)
        self._gone_rows += gone * (seen - self._begun)
        self._gone += gone
        self._closed += 1
        self._begun = seen
        self._not_finite, self._far = np.zeros_like(self._not_finite), np.zeros_like(self._far)
        return gone

    def share(self, seen: int) -> NDArray[np.float64]:
        """Return the share of each run's rows that belong to stretches that have left, (runs,)."""
        rows = self._gone_rows + (self.gone(seen) * (seen - self._begun) if seen > self._begun else 0)
        return rows / max(seen, 1)

    def stretches(self, seen: int) -> NDArray[np.float64]:
        """Return the share of each run's stretches that have left, (runs,)."""
        going = seen > self._begun or self._closed == 0
        return (self._gone + (self.gone(seen) if going else 0)) / (self._closed + going)


@compiled
def count_inside(
    chunk: np.ndarray, low: np.ndarray, high: np.ndarray, inside: np.ndarray, last_inside: np.ndarray, before: int
) -> None:
    """Count the points of a chunk (steps, runs, N) that lie in [low, high) in every dimension.

    The counts are added to inside (runs,). last_inside (runs,) gets the number of the last step inside; `before` steps
    precede the chunk.
    """
    steps, runs, dim = chunk.shape
    for run in range(runs):
        for step in range(steps):
            within = True
            for d in range(dim):
                # not "x < low or x >= high": a NaN must fail
                within = within and chunk[step, run, d] >= low[d] and chunk[step, run, d] < high[d]
            inside[run] += within
            if within:
                last_inside[run] = before + step
