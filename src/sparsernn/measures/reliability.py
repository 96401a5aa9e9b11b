"""Whether scores of single weights repeat from start to start, and whether they are only the weights' sizes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, islice
from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr

from sparsernn.errors import Undefined
from sparsernn.measures.base import Number


class Correlations(NamedTuple):
    """Rank correlation of a score with |w|, the score's reliability, and the correlation corrected for its noise."""

    rank: Number
    reliability: Number
    corrected: Number


def correlations(size: np.ndarray, increase: np.ndarray, signed: bool) -> Correlations:
    """Of |w| (n,) with the score of harm (n, starts): its mean over starts, or that mean's absolute value.

    `reliability` is the rank correlation between the scores of two halves of the starts, mean over at most 35 ways to
    halve them, stepped up to all of them (Spearman-Brown). Weights of unequal noise make an absolute score repeat even
    where no weight matters: read the signed one first.
    """

    def score(starts: Sequence[int]) -> np.ndarray:
        mean = increase[:, starts].mean(axis=1)
        return mean if signed else np.abs(mean)

    every = range(increase.shape[1])
    rank = _rank(size, score(every))
    half = increase.shape[1] // 2
    if half == 0:
        why = Undefined("one start only: nothing says how repeatable the score is")
        return Correlations(rank, why, why)
    halves = islice(((one, [s for s in every if s not in one][:half]) for one in combinations(every, half)), 35)
    found = [_rank(score(one), score(other)) for one, other in halves]
    undefined = next((r for r in found if isinstance(r, Undefined)), None)
    if undefined is not None:
        return Correlations(rank, undefined, undefined)
    between = float(np.mean(np.array(found, dtype=float)))
    if between <= 0:
        return Correlations(rank, between, Undefined("halves of the starts do not agree"))
    reliability = 2 * between / (1 + between)
    corrected = rank if isinstance(rank, Undefined) else rank / reliability**0.5
    return Correlations(rank, reliability, corrected)


def _rank(a: np.ndarray, b: np.ndarray) -> Number:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return Undefined("all values are equal")
    return float(spearmanr(a, b).statistic)
