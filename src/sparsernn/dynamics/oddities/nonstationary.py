"""`nonstationary`: what the first part of a recording teaches does not hold for the last: drift, trend, walk, step."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter1d

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.dynamics.dstsp.definition import definition_for
from sparsernn.dynamics.embedding import autocorrelation
from sparsernn.dynamics.oddities.base import Oddity, longest, matrix, stretches
from sparsernn.errors import Undefined

CODE = "nonstationary"
NEAR = 0.25
"""D_stsp of a copy of the training rows on the test rows, as a share of the way from floor 0 to the ceiling, from which
on the rows that are learned say little of those that are judged. (Lorenz-63, Lorenz-96, Rössler, neuron, ECG at 2,500
rows and more: below 0.1. A random walk, a trend of three sd: 0.5 and more.)"""
SLOW, TURNS, FEWEST = 0.5, 5, 200
"""Share of the variance that lies in rhythms of which the recording holds no more than so many turns, from which on it
wanders, if it has so many rows. (Random walks: 0.9, one in two hundred below 0.55; pink noise 0.25; Lorenz-63 in 1,500
rows of 0.02: 0.3.)"""
ROWS = 20_000
"""Rows looked at, evenly spread; D_stsp in one dimension has enough with that."""
BLOCKS = 20
"""Blocks whose means and sds are compared before and after a step: enough for a t test, few enough to be long."""
MEMORY = 10
"""Correlation times a block must hold for its mean and sd to be of its own."""
SURE = 7.0
"""Standard errors between the blocks before and after a step. (Largest of 18 places in 2,000 stationary series of 20
blocks each: 6.)"""
MEAN, SD = 0.5, 1.4
"""A step of the mean, in sd, or a ratio of sds, below which training and test rows are alike enough."""
EDGES = 1.5
"""Range of all rows over that of the rows a filter's width away from every end, above which the ends make the range: a
moving mean that mirrors a steep trend there lags behind it (by 0.8 slope * width)."""
MONOTONE = 0.9
"""Share of the steps in one direction, from which on a column looks like a count or an angle that goes on and on."""


class Step(NamedTuple):
    """A step at `row`: of the mean by `mean` sd, of the sd by the factor `sd`."""

    row: int
    mean: float
    sd: float


def nonstationary(
    values: ArrayLike, starts: tuple[int, ...] = (0,), split: tuple[float, float, float] = (0.6, 0.2, 0.2)
) -> list[Oddity]:
    """The columns of a series (T, N) that move away, or change their mean or sd, at most one oddity a column.

    A column moves away where a copy of its training rows is near the ceiling of its test rows in D_stsp (`away`); it
    wanders where most of its variance is slower than the recording can tell (`slow`); else a step of mean or sd is
    sought (`step`). A detrending that mends it is sought with it. O(N T log T).
    """
    array = matrix(values)
    found = []
    for i, column in enumerate(array.T):
        if len(column) < 50:
            continue
        share = away(column, split)
        if share >= NEAR:
            found.append(_moving(i, column, starts, split, share))
        elif (share := slow(column, starts)) >= SLOW:
            text = (
                f"wanders: {100 * share:.0f} % of its variance is slower than a fifth of the recording, as in "
                "a random walk; another recording would wander elsewhere"
            )
            width = detrending(column, starts, split)
            mend = f"--detrend {width} subtracts the slow part" if width else "a longer recording, or its differences"
            found.append(Oddity(CODE, i, text, mend, options=_options(width)))
        elif (change := step(column, starts)) is not None:
            what = (
                f"its mean steps by {change.mean:.2g} sd"
                if abs(change.mean) >= MEAN
                else f"its sd changes by a factor of {change.sd:.2g}"
            )
            width = detrending(column, starts, split) if abs(change.mean) >= MEAN else None
            mend = "take the rows before or after as a file of their own, or another --split"
            mend = f"--detrend {width}; or {mend}" if width else mend
            text = f"{what} about row {change.row:,}: not one dynamics but two"
            found.append(Oddity(CODE, i, text, mend, options=_options(width)))
    return found


def away(column: NDArray[np.float64], split: tuple[float, float, float] = (0.6, 0.2, 0.2)) -> float:
    """D_stsp of the training rows of a column (T,) against its test rows, over the ceiling; 0 where there is none."""
    train, test = parts(column, split)
    if len(train) < 10 or len(test) < 10 or np.ptp(test) == 0:
        return 0.0
    definition = definition_for(min(len(train), len(test)), 1)
    try:
        reference = stsp.prepare(test[:, None], definition)
    except (ArithmeticError, ValueError):
        return 0.0
    found, highest = stsp.divergence(reference, train[:, None]), stsp.ceiling(reference, len(train))
    if isinstance(found, Undefined) or isinstance(highest, Undefined) or not highest > 0:
        return 0.0
    return float(found / highest)


def slow(column: NDArray[np.float64], starts: tuple[int, ...] = (0,)) -> float:
    """Share of the variance of the longest stretch of a column (T,) in its `TURNS` lowest frequencies; 0 where that
    stretch is less than half of the rows."""
    part = longest(column, starts)
    if 2 * len(part) < len(column) or len(part) < FEWEST:
        return 0.0
    power = np.abs(np.fft.rfft(part - part.mean())) ** 2
    total = float(power.sum())
    return float(power[: TURNS + 1].sum()) / total if total > 0 else 0.0


def parts(
    array: NDArray[np.float64], split: tuple[float, float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The training and the test rows, each at most `ROWS`, evenly spread."""
    edges = np.round(np.cumsum(split) * len(array)).astype(int)
    train, test = array[: edges[0]], array[edges[1] :]
    return train[:: -(-len(train) // ROWS) or 1], test[:: -(-len(test) // ROWS) or 1]


def step(column: NDArray[np.float64], starts: tuple[int, ...] = (0,)) -> Step | None:
    """The row before and after which the blocks of a column (T,) differ most in mean or sd; None where they hardly do,
    or are too short to be told apart."""
    if len(column) < 8 * BLOCKS:
        return None
    if len(starts) > BLOCKS // 2:
        edges = [rows.start for rows in stretches(len(column), starts)]
        edges = [*edges[:: max(1, len(edges) // BLOCKS)], len(column)]
    else:
        edges = list(np.linspace(0, len(column), BLOCKS + 1).round().astype(int))
    blocks = [column[a:b] for a, b in pairwise(edges)]
    if len(blocks) < 8 or min(map(len, blocks)) < 8 or any(np.ptp(b) == 0 for b in blocks):
        return None
    # within blocks: a step of the mean would look like a memory as long as the recording
    within = np.mean([autocorrelation(b, min(map(len, blocks)) - 1) for b in blocks], axis=0)
    below = np.flatnonzero(within < 1 / np.e)
    if not len(below) or MEMORY * below[0] > min(map(len, blocks)):
        return None
    means, sds = np.array([b.mean() for b in blocks]), np.array([b.std() for b in blocks])
    place, t = _largest(means)
    before, after = means[:place].mean(), means[place:].mean()
    mean = float((after - before) / np.median(sds))
    if t >= SURE and abs(mean) >= MEAN:
        return Step(edges[place], mean, 1.0)
    place, t = _largest(np.log(sds))
    ratio = float(np.exp(np.log(sds)[place:].mean() - np.log(sds)[:place].mean()))
    if t >= SURE and max(ratio, 1 / ratio) >= SD:
        return Step(edges[place], 0.0, ratio)
    return None


def detrending(column: NDArray[np.float64], starts: tuple[int, ...], split: tuple[float, float, float]) -> int | None:
    """The widest --detrend, in rows, of a few that bring training and test rows together and do not bend the ends of
    the splits more than the signal moves; None if none does."""
    for share in (20, 40, 80, 160, 320):
        width = len(column) // share
        if width < 5:
            return None
        width = int(float(f"{width:.1g}"))
        rest, reach = detrended(column, width, starts, split)
        if reach > EDGES:
            continue
        if away(rest, split) < NEAR / 2 and slow(rest, starts) < SLOW / 2 and step(rest, starts) is None:
            return width
    return None


def detrended(
    column: NDArray[np.float64], width: float, starts: tuple[int, ...], split: tuple[float, float, float]
) -> tuple[NDArray[np.float64], float]:
    """Return a column (T,) as ``--detrend width`` leaves it, and how much farther it reaches near ends of splits.

    The second is the range of all rows over that of the rows at least `width` away from every end; 1 if there are none
    such. The filter is that of `reconstruct`: every split and stretch for itself, mirrored at its ends.
    """
    rest, inner = np.empty_like(column), np.zeros(len(column), bool)
    edges = np.round(np.cumsum(split)[:-1] * len(column)).astype(int)
    for rows in stretches(len(column), (*starts, *map(int, edges))):
        rest[rows] = column[rows] - gaussian_filter1d(column[rows], width, mode="reflect", axis=0)
        inner[rows.start + round(width) : max(rows.stop - round(width), 0)] = True
    within = np.ptp(rest[inner]) if inner.any() else 0.0
    return rest, float(np.ptp(rest) / within) if within > 0 else 1.0


def bent(values: ArrayLike, width: float, starts: tuple[int, ...], split: tuple[float, float, float]) -> list[Oddity]:
    """Return the columns of a series (T, N) whose ends ``--detrend width`` bends, at most one oddity a column.

    Where a column climbs steeply, the moving mean that is subtracted lags behind it at the ends of every split, and
    what is left there leads away from the rest. Cost: O(N T).
    """
    found = []
    for i, column in enumerate(matrix(values).T):
        reach = detrended(column, width, starts, split)[1]
        if reach > EDGES:
            text = (
                f"--detrend {width:g} bends its ends: within {width:g} rows of the end of a split what is left reaches "
                f"{reach:.2g} times as far as elsewhere, since a moving mean lags behind a steep trend there"
            )
            found.append(Oddity(CODE, i, text, "a smaller --detrend, or differences of the column"))
    return found


def _moving(
    i: int, column: NDArray[np.float64], starts: tuple[int, ...], split: tuple[float, float, float], share: float
) -> Oddity:
    change = np.concatenate([np.diff(column[rows]) for rows in stretches(len(column), starts)])
    rising = float(np.mean(change > 0))
    train, test = parts(column, split)
    said = (
        f"moves away: a copy of the training rows ({np.median(train):.4g} in the middle) scores {100 * share:.0f} % of "
        f"the ceiling of D_stsp on the test rows ({np.median(test):.4g}), as if it were another system"
    )
    width = detrending(column, starts, split)
    mend = f"--detrend {width} subtracts the slow part" if width else "--detrend does not mend it: take differences"
    if max(rising, 1 - rising) >= MONOTONE:
        said += "; it goes in one direction, as an angle that was unwrapped or a count"
        mend += "; of an angle, take sine and cosine as two columns"
    return Oddity(CODE, i, said, mend, options=_options(width))


def _options(width: int | None) -> tuple[tuple[str, str], ...]:
    return (("--detrend", str(width)),) if width else ()


def _largest(values: NDArray[np.float64]) -> tuple[int, float]:
    """Where to cut `values` (blocks,) in two so that t is largest, with at least three on either side; and that t."""
    best, largest = 3, 0.0
    for k in range(3, len(values) - 2):
        a, b = values[:k], values[k:]
        pooled = (np.sum((a - a.mean()) ** 2) + np.sum((b - b.mean()) ** 2)) / (len(values) - 2)
        t = abs(a.mean() - b.mean()) / np.sqrt(pooled * (1 / len(a) + 1 / len(b)) + 1e-300)
        if t > largest:
            best, largest = k, float(t)
    return best, largest
