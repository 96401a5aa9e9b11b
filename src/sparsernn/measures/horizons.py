"""Prediction errors by horizon: from which rows, how far, and what is said where a run overflows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from sparsernn.dynamics.prediction import prediction_error
from sparsernn.errors import Undefined

HORIZONS = (1, 2, 5, 10, 20, 50, 100, 200)
"""Steps ahead: one to beyond the horizon of prediction of all that is sampled as one samples chaos."""
ROWS, FEWEST = 250, 10
"""At most so many rows to predict from, and so many at least for a horizon to be looked at."""
Ahead = Callable[[np.ndarray, int], np.ndarray]
"""``ahead(rows, steps)``: (steps, rows, N), what is predicted from each of the rows."""


def predictable(length: int, starts: Sequence[int], horizon: int, most: int = ROWS) -> np.ndarray:
    """At most `most` rows, evenly spread, whose next `horizon` rows lie in the same stretch; `starts` begin them."""
    edges = [*starts, length]
    inside = [np.arange(a, b - horizon) for a, b in pairwise(edges)]
    rows = np.concatenate(inside) if inside else np.arange(0)
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(int))] if len(rows) else rows


def unknown(lags: Sequence[int] | None) -> slice:
    """The columns to judge predictions by: all; of a delay embedding (`lags`) the newest alone. What the others will
    hold stands in the row that is predicted from, or between its values: white noise would look predictable."""
    return slice(None) if not lags else slice(newest := int(np.argmax(lags)), newest + 1)


def by_horizon(
    values: np.ndarray, starts: Sequence[int], ahead: Ahead, columns: slice = slice(None)
) -> dict[str, float | Undefined]:
    """``error_at_H`` for every horizon H that the stretches of `values` (T, N) hold: mean squared error over `columns`,
    all horizons from the same rows. Cost: `ROWS` runs of the longest horizon."""
    found = [h for h in HORIZONS if len(predictable(len(values), starts, h, FEWEST)) >= FEWEST]
    if not found:
        return {}
    rows = predictable(len(values), starts, found[-1])
    predicted = np.asarray(ahead(rows, found[-1]), dtype=float).swapaxes(0, 1)
    true = values[rows[:, None] + np.arange(1, found[-1] + 1)]
    errors = prediction_error(predicted[..., columns], true[..., columns])
    return {f"error_at_{h}": at_horizon(errors[h - 1], h) for h in found}


def at_horizon(error: float, horizon: int) -> float | Undefined:
    """An error, or that there is none."""
    return float(error) if np.isfinite(error) else Undefined(f"a run overflows within {horizon} steps")
