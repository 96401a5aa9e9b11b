"""How the weights of a matrix are spread."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparsernn.errors import Undefined

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Distribution(NamedTuple):
    """How some numbers are spread.

    Args:
        number: how many there are.
        mean, sd: the sd has the divisor n.
        quantiles: at `QUANTILES`.
        negative: the share below 0.
        kurtosis: excess; 0: as a normal distribution, below: flatter or with two humps, above: with heavier tails.
        bimodality: ``(skewness^2 + 1) / (kurtosis + 3)``: 1/3 normal, 5/9 uniform, 1 for two points.
    """

    number: int
    mean: float
    sd: float
    quantiles: tuple[float, ...]
    negative: float
    kurtosis: float | Undefined
    bimodality: float | Undefined


def distribution(values: np.ndarray) -> Distribution | Undefined:
    """Describe how numbers (n,) are spread. Cost: O(n log n).

    Undefined if there are none or some are not finite. Kurtosis and bimodality are undefined also if all are equal.
    """
    values = np.asarray(values, dtype=float).ravel()
    if not len(values):
        return Undefined("no weights")
    if not np.isfinite(values).all():
        return Undefined("some weights are not finite")
    mean, sd = float(values.mean()), float(values.std())
    kurtosis: float | Undefined = Undefined("all weights are equal")
    bimodality = kurtosis
    if sd > 1e-12 * max(abs(mean), 1e-300):
        scaled = (values - mean) / sd
        fourth = float((scaled**4).mean())
        kurtosis, bimodality = fourth - 3, (float((scaled**3).mean()) ** 2 + 1) / fourth
    quantiles = tuple(float(q) for q in np.quantile(values, QUANTILES))
    return Distribution(len(values), mean, sd, quantiles, float((values < 0).mean()), kurtosis, bimodality)


def sign_kept(before: np.ndarray, after: np.ndarray) -> float | Undefined:
    """The share of weights, of those that are not 0 in `before`, that have the same sign in `after` (same shape); 0 is
    no sign. Undefined where there are none."""
    before, after = np.asarray(before), np.asarray(after)
    there = before != 0
    if not there.any():
        return Undefined("no weights")
    return float((np.sign(before) == np.sign(after))[there].mean())
