"""Two predictors that know nothing: the mean, and that all stays as it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsernn.measures.predictors.base import FittedStretches, Predictor


class Mean(Predictor):
    """The mean of the training stretch, which is 0 in its own units."""

    def __init__(self, mean: np.ndarray):
        self.mean, self.parameters = mean, len(mean)

    @classmethod
    def fit(cls, train: FittedStretches, validation: FittedStretches) -> Mean:
        return cls(train.values.mean(axis=0))

    def init_state(self, series: FittedStretches, rows: np.ndarray) -> Any:
        return np.tile(self.mean, (len(rows), 1))

    def step(self, state: Any) -> tuple[np.ndarray, Any]:
        return state, state


class Persistence(Predictor):
    """The last value, for ever."""

    parameters = 0

    @classmethod
    def fit(cls, train: FittedStretches, validation: FittedStretches) -> Persistence:
        return cls()

    def init_state(self, series: FittedStretches, rows: np.ndarray) -> Any:
        return series.values[rows]

    def step(self, state: Any) -> tuple[np.ndarray, Any]:
        return state, state
