"""Vector autoregression: the next row as a linear map of the last ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsernn.measures.predictors.base import FittedStretches, Predictor, best_ahead, ridge

ORDERS = (1, 2, 3, 5, 8, 13, 20)
RIDGE = 1e-6
HORIZON = 20
MOST = 1_000
"""Terms; higher orders of wide recordings are left out."""


class Linear(Predictor):
    """x[t+1] = c + A_1 x[t] + … + A_p x[t-p+1], ridge regression; p of `ORDERS` by the error 20 steps ahead on the
    validation stretch. Rows before a stretch are taken to be its first one. Parameters: N (N p + 1)."""

    def __init__(self, maps: np.ndarray, order: int):
        self.maps, self.order, self.parameters = maps, order, maps.size

    @classmethod
    def fit(cls, train: FittedStretches, validation: FittedStretches) -> Predictor:
        dim, shortest = train.values.shape[1], max(len(part) for part in train)
        orders = [p for p in ORDERS if p == 1 or (p * dim < MOST and p < shortest // 2)]
        return best_ahead([cls.of_order(train, p) for p in orders], validation, HORIZON)

    @classmethod
    def of_order(cls, train: FittedStretches, order: int) -> Linear:
        """Pairs of rows never cross a boundary."""
        dim = train.values.shape[1]
        gram, moment, count = np.zeros((1 + order * dim,) * 2), np.zeros((1 + order * dim, dim)), 0
        for part in train:
            rows = np.arange(min(order, len(part)) - 1, len(part) - 1)
            if not len(rows):
                continue
            features = _features(FittedStretches(part).lagged(rows, range(order)))
            gram += features.T @ features
            moment += features.T @ part[rows + 1]
            count += len(rows)
        return cls(ridge(gram, moment, count, RIDGE), order)

    def init_state(self, series: FittedStretches, rows: np.ndarray) -> Any:
        return series.lagged(rows, range(self.order))

    def step(self, state: Any) -> tuple[np.ndarray, Any]:
        made = _features(state) @ self.maps
        return made, np.concatenate([made[:, None], state[:, :-1]], axis=1)


def _features(lagged: np.ndarray) -> np.ndarray:
    """(rows, 1 + lags * N) of (rows, lags, N)."""
    flat = lagged.reshape(len(lagged), -1)
    return np.concatenate([np.ones((len(flat), 1)), flat], axis=1)
