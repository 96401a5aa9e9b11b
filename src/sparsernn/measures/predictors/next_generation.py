"""Next-generation reservoir: a quadratic map of the last rows (NVAR, doi:10.1038/s41467-021-25801-2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsernn.measures.base import go_on
from sparsernn.measures.predictors.base import FittedStretches, Lacking, Predictor, best_free, ridge
from sparsernn.measures.predictors.library import reservoirpy

ORDER = 2
DELAYS, STRIDES, RIDGES = (2, 1), (1, 2, 5), (1e-8, 1e-5, 1e-2)
MOST = 500
"""Features; of wide recordings fewer delays are taken, and above about 30 columns there is none."""
CHUNK = 5_000


class NextGeneration(Predictor):
    """x[t+1] = x[t] + W features of x[t], x[t-s]: a constant, they, and their products two by two.

    The features are those of reservoirpy's node NVAR (delay 2, order 2), computed for many runs at once. Stride s
    (1, 2, 5) and ridge strength (1e-8, 1e-5, 1e-2 a row) by D_stsp of free runs on the validation stretch.
    """

    def __init__(self, weights: np.ndarray, node: Any, dim: int):
        self.weights, self.parameters = weights, weights.size
        self.lags = [i * node.strides for i in range(node.delay)]
        self.first, self.second = np.triu_indices(node.delay * dim)

    @classmethod
    def fit(cls, train: FittedStretches, validation: FittedStretches) -> Predictor:
        dim, longest = train.values.shape[1], max(len(part) for part in train)
        NVAR = reservoirpy().nodes.NVAR
        delay = next((d for d in DELAYS if 1 + d * dim + d * dim * (d * dim + 1) // 2 <= MOST), None)
        if delay is None:
            raise Lacking(f"the products of {dim} columns are more than {MOST} terms")
        strides = [s for s in STRIDES if s == 1 or (delay > 1 and 4 * s * delay < longest)]
        found = [c for s in strides for c in cls.candidates(train, NVAR(delay=delay, order=ORDER, strides=s))]
        return best_free(found, validation)

    @classmethod
    def candidates(cls, train: FittedStretches, node: Any) -> list[NextGeneration]:
        """One for every ridge strength."""
        dim = train.values.shape[1]
        blank = cls(np.zeros(0), node, dim)
        size = 1 + len(blank.lags) * dim + len(blank.first)
        gram, moment, count = np.zeros((size, size)), np.zeros((size, dim)), 0
        for part in train:
            for begin in range(min(max(blank.lags), len(part) - 1), len(part) - 1, CHUNK):
                go_on()
                rows = np.arange(begin, min(begin + CHUNK, len(part) - 1))
                features = blank.features(FittedStretches(part).lagged(rows, blank.lags))
                gram += features.T @ features
                moment += features.T @ (part[rows + 1] - part[rows])
                count += len(rows)
        return [cls(ridge(gram, moment, count, strength), node, dim) for strength in RIDGES]

    def features(self, lagged: np.ndarray) -> np.ndarray:
        """(rows, 1 + linear + products) of (rows, delay, N)."""
        flat = lagged.reshape(len(lagged), -1)
        return np.concatenate([np.ones((len(flat), 1)), flat, flat[:, self.first] * flat[:, self.second]], axis=1)

    def init_state(self, series: FittedStretches, rows: np.ndarray) -> Any:
        return series.lagged(rows, range(max(self.lags) + 1))

    def step(self, state: Any) -> tuple[np.ndarray, Any]:
        made = state[:, 0] + self.features(state[:, self.lags]) @ self.weights
        return made, np.concatenate([made[:, None], state[:, :-1]], axis=1)
