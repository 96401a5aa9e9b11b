"""Several seeds as one entry, and whether the difference between two criteria is real."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from sparsernn.errors import Undefined

Number = float | Undefined
RESAMPLES = 10_000
FEWEST_SEEDS = 6
"""Below this many pairs even all differences of one sign happen by chance in more than one of twenty cases."""


class Spread(NamedTuple):
    """`mean` and `sd` (n - 1) of the values that are defined, `n` of `of` seeds; `lowest` and `highest` of them."""

    mean: Number
    sd: Number
    lowest: Number
    highest: Number
    n: int
    of: int
    reasons: tuple[str, ...] = ()
    """Why the others are undefined, each reason once."""


def spread(values: Iterable[Number | None]) -> Spread:
    """Over seeds. What is undefined in some is left out and shows in n; undefined in all, the first reason stands."""
    values = list(values)
    defined = np.array([v for v in values if v is not None and not isinstance(v, Undefined)], dtype=float)
    if not len(defined):
        why = next((v for v in values if isinstance(v, Undefined)), Undefined("not measured"))
        return Spread(why, why, why, why, 0, len(values), (str(why),))
    sd: Number = float(defined.std(ddof=1)) if len(defined) > 1 else Undefined("one seed")
    reasons = tuple(
        dict.fromkeys("not measured" if v is None else str(v) for v in values if v is None or isinstance(v, Undefined))
    )
    return Spread(
        float(defined.mean()), sd, float(defined.min()), float(defined.max()), len(defined), len(values), reasons
    )


class Difference(NamedTuple):
    """Mean of paired differences a - b over `n` seeds, 95 % bootstrap interval, and what may be said of it."""

    mean: Number
    low: Number
    high: Number
    n: int
    verdict: str


def paired_difference(a: Mapping[int, Number], b: Mapping[int, Number], draws: int = RESAMPLES) -> Difference:
    r"""Percentile bootstrap over seeds of ``mean(a[s] - b[s])``, s the seeds that both have. Fixed random seed.

    Not adjusted for the number of comparisons. With few seeds the interval is too narrow (n differences of one sign
    happen by chance with probability 2^(1-n)), so nothing is called lower or higher below six seeds; undefined values
    drop their pair.
    """
    shared = [s for s in a if s in b and not isinstance(a[s], Undefined) and not isinstance(b[s], Undefined)]
    gaps = np.array([float(a[s]) - float(b[s]) for s in shared])
    n = len(gaps)
    if n < 2:
        why = Undefined("fewer than two seeds in common")
        return Difference(float(gaps[0]) if n else why, why, why, n, "undecided with one seed" if n else "undecided")
    means = gaps[np.random.default_rng(0).integers(0, n, (draws, n))].mean(axis=1)
    low, high = (float(q) for q in np.quantile(means, [0.025, 0.975]))
    if low <= 0 <= high:
        verdict = "undecided"
    elif n < FEWEST_SEEDS:
        verdict = f"undecided with {n} seeds"
    else:
        verdict = "lower" if high < 0 else "higher"
    return Difference(float(gaps.mean()), low, high, n, verdict)
