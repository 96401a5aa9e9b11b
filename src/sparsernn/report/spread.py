"""Several seeds as one entry, and whether the difference between two criteria is real."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, stdtrit  # of scipy.stats only these, which load in a tenth of the time

from sparsernn.errors import Number, Undefined

RESAMPLES = 10_000
LEVEL = 0.05
EXACT = 16
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
    """Mean of paired differences a - b over `n` seeds, 95 % bootstrap interval, probability `p` of so large a mean if
    signs were chance, and what may be said of it."""

    mean: Number
    low: Number
    high: Number
    n: int
    p: Number
    verdict: str

    def judged(self, p: float) -> Difference:
        """The same with another probability (adjusted for a number of comparisons) in the verdict."""
        return self._replace(p=p, verdict="undecided" if p > LEVEL else self.verdict)


def paired_difference(a: Mapping[int, Number], b: Mapping[int, Number], draws: int = RESAMPLES) -> Difference:
    r"""Bootstrap over seeds of ``mean(a[s] - b[s])``, s the seeds at which both are defined. Fixed random seed.

    The interval is the percentile interval at levels made wider for small n, ``Phi(-sqrt(n/(n-1)) t_{.975, n-1})``
    (Hesterberg 2015, doi:10.1080/00031305.2015.1089789): plain percentiles are too narrow for few seeds. `p` is that of
    the sign-flip test, exact up to 16 seeds; below six seeds it cannot fall under 5 %. Called lower or higher: 0
    outside the interval and p at most 5 %. Where the two are undefined at different numbers of seeds nothing is called:
    what remains would favor the one that breaks.
    """
    shared = [s for s in a if s in b and not isinstance(a[s], Undefined) and not isinstance(b[s], Undefined)]
    gaps = np.array([float(a[s]) - float(b[s]) for s in shared])
    n = len(gaps)
    if n < 2:
        why = Undefined("fewer than two seeds in common")
        mean = float(gaps[0]) if n else why
        return Difference(mean, why, why, n, why, "undecided with one seed" if n else "undecided")
    rng = np.random.default_rng(0)
    means = gaps[rng.integers(0, n, (draws, n))].mean(axis=1)
    level = float(ndtr(-np.sqrt(n / (n - 1)) * stdtrit(n - 1, 1 - LEVEL / 2)))
    low, high = (float(q) for q in np.quantile(means, [level, 1 - level]))
    p = sign_flip(gaps)
    missing = [sum(isinstance(v, Undefined) for v in values.values()) for values in (a, b)]
    if missing[0] != missing[1]:
        verdict = f"undecided: undefined at {missing[0]} and {missing[1]} seeds"
    elif n < FEWEST_SEEDS:
        verdict = f"undecided with {n} seeds"
    elif low <= 0 <= high or p > LEVEL:
        verdict = "undecided"
    else:
        verdict = "lower" if high < 0 else "higher"
    return Difference(float(gaps.mean()), low, high, n, p, verdict)


def sign_flip(gaps: np.ndarray, draws: int = RESAMPLES) -> float:
    """Share of all choices of signs of `gaps` (n,) whose mean is at least as far from 0; of `draws` above n = 16."""
    n = len(gaps)
    if n <= EXACT:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return float((np.abs(signs @ gaps) >= abs(gaps.sum()) - 1e-12 * np.abs(gaps).sum()).mean())
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (draws, n))
    return float((1 + (np.abs(signs @ gaps) >= abs(gaps.sum())).sum()) / (draws + 1))


def holm(probabilities: Iterable[float]) -> list[float]:
    """Adjusted for their number (Holm 1979): the i-th smallest of m times m - i + 1, never falling, at most 1."""
    values = np.array(list(probabilities), dtype=float)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * (len(values) - np.arange(len(values))))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(steps, 1.0)
    return [float(v) for v in adjusted]
