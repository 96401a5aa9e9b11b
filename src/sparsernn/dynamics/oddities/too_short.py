"""`too_short`: too few rows to learn from, or to judge by."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.dynamics.dstsp.definition import definition_for
from sparsernn.dynamics.oddities.base import Oddity, longest, matrix, rows, stretches
from sparsernn.dynamics.power_spectrum import median_period
from sparsernn.errors import Undefined

CODE = "too_short"
HIDDEN = (50, 100)
"""Hidden units of the default network: ten a column, between these."""
EMBEDDED = 3
"""Columns that one column becomes by delays, about."""
PERIODS = 3.0
"""Turns the test rows must hold to be judged by; and so the training rows nine."""
NEAR = 0.6
"""Floor of D_stsp over its ceiling from which on a perfect model and a useless one can hardly be told apart. (2,000
rows of Lorenz-63: 0.1.)"""
MOST_COLUMNS, MOST_ROWS = 16, 4_000


def parameters(columns: int) -> int:
    """Weights of the default network (piecewise linear, M hidden units): M² + 2 M, M ten a column but 50 to 100."""
    hidden = max(int(np.clip(10 * columns, *HIDDEN)), columns)
    return hidden * hidden + 2 * hidden


def too_short(
    values: ArrayLike,
    starts: tuple[int, ...] = (0,),
    split: tuple[float, float, float] = (0.6, 0.2, 0.2),
    sequence: int = 100,
    *,
    rhythm: bool = True,
) -> list[Oddity]:
    """Whether a series (T, N) has too few rows: the first of these that holds, or nothing.

    - Its shortest part, or all its stretches, hold less than one training sequence and a row at either end.
    - There are fewer numbers to train on than the default network has weights.
    - With `rhythm`: the test rows hold fewer than `PERIODS` turns of its median period.
    - With `rhythm`: the floor of D_stsp between the halves of the test rows is near the ceiling.

    The last two mean nothing where the series moves away (`nonstationary`). O(N T log T).
    """
    array = matrix(values)
    length, columns = array.shape
    train = round(split[0] * length)
    numbers = train * max(columns, EMBEDDED)
    shortest = min(round(share * length) for share in split)
    lengths = [part.stop - part.start for part in stretches(length, starts)] if length else [0]
    if shortest < sequence + 2 or max(lengths) < sequence + 2:
        few = min(shortest, max(lengths))
        text = (
            f"{rows(length)}: {'the longest stretch' if max(lengths) < shortest else 'the test stretch'} has {few:,}, "
            f"one training sequence takes {sequence} + 2"
        )
        possible = max(1, min(few - 2, few // 3))
        mend = f"a longer recording; --sequence {possible} reads this one"
        return [Oddity(CODE, None, text, mend, options=(("--sequence", str(possible)),))]
    if numbers < parameters(max(columns, EMBEDDED)):
        text = (
            f"{rows(length)}: {numbers:,} numbers to learn from, and {parameters(max(columns, EMBEDDED)):,} weights in "
            "the default network"
        )
        mend = "a longer recording; until then a smaller network, --hidden 20"
        return [Oddity(CODE, None, text, mend, options=(("--hidden", "20"),))]
    if not rhythm or not (np.ptp(array, axis=0) > 0).all():
        return []
    period = median_period(longest(array, starts))
    test = array[length - round(split[2] * length) :]
    if len(test) < PERIODS * period:
        text = (
            f"the test rows ({len(test):,}) hold {len(test) / period:.2g} turns of the slow rhythm of {period:,.0f} "
            "rows: too few to judge a model by"
        )
        return [Oddity(CODE, None, text, "a longer recording; or --detrend if that rhythm is a drift")]
    share = min(share_of(test[len(test) // 2 :], test[: len(test) // 2]), share_of(array[:train], test))
    if share >= NEAR:
        text = (
            f"the halves of the test rows ({len(test):,}) score {100 * share:.0f} % of the ceiling of D_stsp on one "
            "another, and the training rows on them: a perfect model could not do better"
        )
        return [Oddity(CODE, None, text, "a longer recording, or fewer columns by --columns")]
    return []


def share_of(values: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """D_stsp of rows (T', N) on a reference (T, N) over its ceiling, in at most 16 columns spread over all; 0 where it
    is undefined."""
    used = np.unique(np.linspace(0, reference.shape[1] - 1, MOST_COLUMNS).round().astype(int))
    values, reference = (part[:: -(-len(part) // MOST_ROWS) or 1][:, used] for part in (values, reference))
    if min(len(values), len(reference)) < 10 or (np.ptp(reference, axis=0) == 0).any():
        return 0.0
    prepared = stsp.prepare(reference, definition_for(min(len(values), len(reference)), len(used)))
    found, highest = stsp.divergence(prepared, values), stsp.ceiling(prepared, len(values))
    return 0.0 if isinstance(found, Undefined) or isinstance(highest, Undefined) else float(found / highest)
