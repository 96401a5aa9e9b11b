"""`duplicates`: rows or blocks that occur twice, columns that are copies of one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.dynamics.oddities.base import Oddity, matrix, rows, stretches

CODE = "duplicates"
BLOCK = 32
"""Rows that must agree bit for bit to be a copy: so many rows of a measured signal never do."""
MOVING = 0.5
"""Share of the rows of a block that must differ from the row before: pauses and coarse steps are alike anyway."""
HELD = 0.2
"""Share of rows equal to the row before, in a signal that is not rounded, from which on rows were repeated."""
SAME = 1e-10
"""1 - |correlation| below which two columns are one and the same up to scale and offset: 1e-5 sd of difference."""
MOST_COLUMNS = 512


def duplicates(values: ArrayLike, starts: tuple[int, ...] = (0,), *, blocks: bool = True) -> list[Oddity]:
    """Repeated rows, repeated blocks of `BLOCK` rows or more, and columns that are affine copies, of a series (T, N).

    A signal that repeats itself exactly (a period in whole rows) has repeated blocks all over: ask `periodic` first,
    and leave them out (`blocks`). O(T (N + BLOCK) + T N²).
    """
    array = matrix(values)
    found = (_held(array, starts) or _blocks(array, starts)) if blocks else []
    return found + _copies(array)


def _held(array: NDArray[np.float64], starts: tuple[int, ...]) -> list[Oddity]:
    if len(array) < BLOCK:
        return []
    same = (array[1:] == array[:-1]).all(axis=1)
    same[[s - 1 for s in starts if 0 < s < len(array)]] = False
    share = same.mean()
    if share < HELD:
        return []
    column = array[:, int(np.argmax([len(np.unique(c)) for c in array[:, :8].T]))]
    if len(np.unique(column)) < 0.9 * (1 - share) * len(array):
        return []  # rounded: equal neighbors are no copies
    times = max(2, round(1 / (1 - share)))
    text = f"{100 * share:.3g} % of the rows repeat the row before: sampled faster than it was measured"
    return [Oddity(CODE, None, text, f"--every {times} keeps one row of {times}", options=(("--every", str(times)),))]


def _blocks(array: NDArray[np.float64], starts: tuple[int, ...]) -> list[Oddity]:
    """Windows of `BLOCK` rows with equal hashes at two places that do not overlap."""
    if len(array) < 3 * BLOCK:
        return []
    generator = np.random.default_rng(0)
    bits: NDArray[np.uint64] = np.ascontiguousarray(array + 0.0).view(np.uint64)  # + 0.0: -0 is 0
    width = np.asarray(generator.integers(1, 2**63, array.shape[1], dtype=np.uint64) | np.uint64(1))
    one = np.zeros(len(array), np.uint64)
    for k in range(array.shape[1]):
        mixed = (bits[:, k] ^ (bits[:, k] >> np.uint64(29))) * width[k]
        one += mixed ^ (mixed >> np.uint64(32))
    one ^= one >> np.uint64(31)
    multiplier = np.asarray(generator.integers(1, 2**63, BLOCK, dtype=np.uint64) | np.uint64(1))
    whole = len(array) - BLOCK + 1
    window = np.zeros(whole, np.uint64)
    moving = np.zeros(whole)
    changes = np.append(0, np.cumsum((array[1:] != array[:-1]).any(axis=1)))
    for j in range(BLOCK):
        window += one[j : j + whole] * multiplier[j]
    moving = (changes[BLOCK - 1 :] - changes[:whole]) / (BLOCK - 1)
    inside = np.zeros(len(array), bool)
    for part in stretches(len(array), starts):
        inside[part.start : max(part.stop - BLOCK + 1, part.start)] = True
    usable = np.flatnonzero(inside[:whole] & (moving >= MOVING))
    if len(usable) < 2:
        return []
    order = usable[np.argsort(window[usable], kind="stable")]
    again = np.flatnonzero(window[order[1:]] == window[order[:-1]])
    later, earlier = order[again + 1], order[again]
    apart = later - earlier >= BLOCK
    apart &= (array[later] == array[earlier]).all(axis=1)
    later, earlier = later[apart], earlier[apart]
    if not len(later):
        return []
    covered = np.zeros(len(array) + 1, np.int64)
    np.add.at(covered, later, 1)
    np.add.at(covered, later + BLOCK, -1)
    count = int((np.cumsum(covered)[:-1] > 0).sum())
    place = int(np.argmin(later))
    text = (
        f"{rows(count)} occur a second time bit for bit, the first from row {later[place]:,} on, equal to row "
        f"{earlier[place]:,} on: test and training rows may be the same"
    )
    return [Oddity(CODE, None, text, "remove the copies from the file, or leave them empty and --gaps cut")]


def _copies(array: NDArray[np.float64]) -> list[Oddity]:
    used = array[:: max(1, len(array) // 20_000), :MOST_COLUMNS]
    centered = used - used.mean(axis=0)
    sd = np.sqrt((centered**2).sum(axis=0))
    alive = np.flatnonzero((sd > 0) & np.isfinite(sd))
    unit = centered[:, alive] / sd[alive]
    alike = np.abs(unit.T @ unit) > 1 - SAME
    found = []
    for b in range(1, len(alive)):
        of = np.flatnonzero(alike[b, :b])
        for a in of[:1]:
            one, other = array[:, alive[a]], array[:, alive[b]]
            what = "a copy of {other}" if (one == other).all() else "{other} in another scale: a straight line of it"
            mend = "leave it out: --columns with the others only"
            found.append(Oddity(CODE, int(alive[b]), what, mend, other=int(alive[a])))
    return found
