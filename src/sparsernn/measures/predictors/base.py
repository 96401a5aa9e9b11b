"""The contract of a baseline, and what several of them share: stretches, ridge regression, choice on validation."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import solve

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.errors import SparseRNNError
from sparsernn.measures.base import go_on
from sparsernn.measures.horizons import predictable

OVERFLOW = 1e6
"""In sd of the training stretch; a run that gets there has left for good and is not computed further."""
CHOSEN_BY = 2_000
"""Rows of the validation stretch that hyperparameters are chosen by."""
STARTS = 2
"""Free runs a candidate is judged by."""


class FittedStretches(NamedTuple):
    """`values` (T, N), standardized; `starts`: rows at which a stretch begins that does not follow the one before."""

    values: np.ndarray
    starts: tuple[int, ...] = (0,)

    def __iter__(self) -> Iterator[Any]:
        """One contiguous array after the other."""
        return iter(np.split(self.values, self.starts[1:]))

    def lagged(self, rows: np.ndarray, lags: Sequence[int]) -> np.ndarray:
        """(rows, lags, N): for every row what lies `lags` rows before it, at most back to where its stretch begins."""
        begins = np.asarray(self.starts)[np.searchsorted(self.starts, rows, side="right") - 1]
        return self.values[np.maximum(rows[:, None] - np.asarray(lags), begins[:, None])]


class Lacking(SparseRNNError):
    """A baseline that cannot be had here: the message says why, and what to do."""


class Predictor(abc.ABC):
    """A fitted model. `fit` sees the training stretch, and the validation stretch to choose hyperparameters by."""

    parameters: int
    """Trained numbers."""

    @classmethod
    @abc.abstractmethod
    def fit(cls, train: FittedStretches, validation: FittedStretches) -> Predictor:
        """Of standardized series. `Lacking` where it cannot be."""

    @abc.abstractmethod
    def init_state(self, series: FittedStretches, rows: np.ndarray) -> Any:
        """The state after having seen each of `rows` and what lies before it in its stretch."""

    @abc.abstractmethod
    def step(self, state: Any) -> tuple[np.ndarray, Any]:
        """The next row of every run, (runs, N), and the state then."""

    def run(self, series: FittedStretches, rows: np.ndarray, steps: int) -> np.ndarray:
        """(steps, runs, N): from each of `rows` freely on. A run that overflows is NaN from there on."""
        state = self.init_state(series, rows)
        made = np.full((steps, len(rows), series.values.shape[1]), np.nan)
        with np.errstate(all="ignore"):
            for i in range(steps):
                made[i], state = self.step(state)
                if i % 50 == 0:
                    go_on()
                if i % 50 == 0 and not np.abs(made[i]).max(initial=0) < OVERFLOW:
                    gone = ~(np.abs(made[i]).max(axis=1) < OVERFLOW)
                    if gone.all():
                        made[i] = np.nan
                        break
        made[~(np.abs(made) < OVERFLOW).all(axis=-1)] = np.nan
        return made


def ridge(gram: np.ndarray, moment: np.ndarray, rows: int, strength: float) -> np.ndarray:
    """(features, N): least squares with ``strength * rows`` times the squared weights, from sums of products."""
    penalty = strength * rows * np.eye(len(gram))
    penalty[0, 0] = 0.0  # the constant
    try:
        return np.asarray(solve(gram + penalty, moment, assume_a="pos"))
    except (np.linalg.LinAlgError, ValueError):
        return np.linalg.lstsq(gram + penalty, moment, rcond=None)[0]


def best_free(candidates: Sequence[Predictor], validation: FittedStretches) -> Predictor:
    """The one whose free runs have the smallest D_stsp on the validation stretch; of equal ones the first."""
    values = validation.values[:CHOSEN_BY]
    if np.any(np.ptp(values, axis=0) == 0):  # a column that only moves later
        values = validation.values
    starts = tuple(s for s in validation.starts if s < len(values))
    reference = stsp.prepare(values)
    series, rows = FittedStretches(values, starts), np.linspace(0, len(values) // 2, STARTS, endpoint=False).astype(int)

    def worth(candidate: Predictor) -> float:
        runs = candidate.run(series, rows, len(values) + len(values) // 4)[-len(values) :]
        return float(np.mean([float(stsp.divergence(reference, runs[:, i])) for i in range(len(rows))]))

    return _least(candidates, worth)


def best_ahead(candidates: Sequence[Predictor], validation: FittedStretches, horizon: int) -> Predictor:
    """The one with the smallest mean squared error `horizon` steps ahead (fewer in a short stretch)."""
    longest = max(len(part) for part in validation)
    horizon = max(1, min(horizon, longest // 4))
    rows = predictable(len(validation.values), validation.starts, horizon)
    if not len(rows):
        return candidates[0]

    def worth(candidate: Predictor) -> float:
        go_on()
        ahead = candidate.run(validation, rows, horizon)[-1]
        error = float(np.mean((ahead - validation.values[rows + horizon]) ** 2))
        return error if np.isfinite(error) else np.inf

    return _least(candidates, worth)


def _least(candidates: Sequence[Predictor], worth: Callable[[Predictor], float]) -> Predictor:
    return min(candidates, key=worth)
