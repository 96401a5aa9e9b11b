"""Echo state network: a fixed random recurrent network of 500 units whose read-out alone is trained."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsernn.measures.base import go_on
from sparsernn.measures.predictors.base import FittedStretches, Predictor, best_free, ridge
from sparsernn.measures.predictors.library import reservoirpy

UNITS = 500
RADIUS, SCALING, BIAS, SEED = 0.9, 0.5, 0.2, 0
LEAKS, RIDGES = (1.0, 0.3), (1e-8, 1e-6, 1e-4)
WASHOUT = 100
"""Steps after which a reservoir has forgotten where it began."""
PIECES, CHUNK = 32, 5_000
"""Parts of a stretch that are run at once, and rows whose products are summed at once."""


class EchoState(Predictor):
    """s ← (1 − a) s + a tanh(W s + W_in x + b); x[t+1] = W_out (1, x, s).

    W, W_in and b are drawn by reservoirpy's node Reservoir (500 units, spectral radius 0.9, a tenth of the
    connections, fixed seed), for many runs at once. Leak a (1, 0.3) and ridge strength (1e-8, 1e-6, 1e-4 a row) by
    D_stsp of free runs on the validation stretch. Parameters are those trained: N (N + 501).
    """

    def __init__(self, node: Any, readout: np.ndarray):
        dense = lambda array: np.asarray(array.toarray() if hasattr(array, "toarray") else array, dtype=float)
        # single precision: half the time, and a reservoir forgets its rounding as it forgets all else
        self.recurrent, self.inputs = (np.ascontiguousarray(dense(a).T, np.float32) for a in (node.W, node.Win))
        self.bias, self.leak = dense(node.bias).reshape(-1).astype(np.float32), np.float32(node.lr)
        self.readout, self.parameters = readout, readout.size

    @classmethod
    def fit(cls, train: FittedStretches, validation: FittedStretches) -> Predictor:
        return best_free([c for leak in LEAKS for c in cls.candidates(train, leak)], validation)

    @classmethod
    def candidates(cls, train: FittedStretches, leak: float) -> list[EchoState]:
        """One for every ridge strength; the training stretch is run through once."""
        library = reservoirpy()
        bias = library.mat_gen.uniform(low=-BIAS, high=BIAS)
        node = library.nodes.Reservoir(UNITS, lr=leak, sr=RADIUS, input_scaling=SCALING, bias=bias, seed=SEED)
        node.initialize(train.values[:1])
        blank = cls(node, np.zeros(0))
        dim = train.values.shape[1]
        size = 1 + dim + UNITS
        gram, moment, count = np.zeros((size, size)), np.zeros((size, dim)), 0
        for part in train:
            heard = blank.listen(part)
            for begin in range(min(WASHOUT, len(part) // 4), len(part) - 1, CHUNK):
                go_on()
                rows = np.arange(begin, min(begin + CHUNK, len(part) - 1))
                features = _features(part[rows], heard[rows])
                gram += features.T @ features
                moment += features.T @ part[rows + 1]
                count += len(rows)
        return [cls(node, ridge(gram, moment, count, strength)) for strength in RIDGES]

    def listen(self, part: np.ndarray) -> np.ndarray:
        """(T, units): the state after each row of one contiguous stretch. It is cut into pieces that run side by side,
        each but the first after a washout over the rows before it."""
        length = len(part)
        pieces = max(1, min(PIECES, length // (4 * WASHOUT)))
        edges = np.linspace(0, length, pieces + 1).astype(int)
        longest = int(np.diff(edges).max())
        states = np.zeros((pieces, UNITS), np.float32)
        found = np.empty((pieces, longest, UNITS), np.float32)
        for i in range(-WASHOUT, longest):
            if i % 50 == 0:
                go_on()
            rows = edges[:-1] + i
            states = self.forward(states, part[np.clip(rows, 0, length - 1)])
            states[rows < 0] = 0  # the first piece begins with the stretch
            if i >= 0:
                found[:, i] = states
        return np.concatenate([found[j, : edges[j + 1] - edges[j]] for j in range(pieces)])

    def forward(self, states: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Next states (runs, units)."""
        driven = states @ self.recurrent + inputs.astype(np.float32) @ self.inputs + self.bias
        return (1 - self.leak) * states + self.leak * np.tanh(driven)

    def init_state(self, series: FittedStretches, rows: np.ndarray) -> Any:
        """Driven by the `WASHOUT` rows before each row (many rows: by the whole stretch before them). What lies before
        a stretch is taken to be its first row: a reservoir that begins at 0 there would err by what it has not heard,
        and a single such row in hundreds would make the error of all."""
        begins = np.asarray(series.starts)[np.searchsorted(series.starts, rows, side="right") - 1]
        cold = rows - begins < WASHOUT if len(rows) > 2 * PIECES else np.ones(len(rows), bool)
        states = np.zeros((len(rows), UNITS), np.float32)
        for lag in range(WASHOUT, 0, -1):
            states[cold] = self.forward(states[cold], series.lagged(rows[cold], [lag])[:, 0])
        if not cold.all():
            heard = np.concatenate([self.listen(part) for part in series])
            states[~cold] = heard[rows[~cold] - 1]
        return states, series.values[rows]

    def step(self, state: Any) -> tuple[np.ndarray, Any]:
        states, last = state
        states = self.forward(states, last)
        made = _features(last, states) @ self.readout
        return made, (states, made)


def _features(inputs: np.ndarray, states: np.ndarray) -> np.ndarray:
    return np.concatenate([np.ones((len(inputs), 1)), inputs, states], axis=1)
