"""How far ahead a model predicts: errors of short runs started from the data."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.errors import SpecError
from sparsernn.missing import unmasked


def prediction_error(predicted: ArrayLike, true: ArrayLike) -> NDArray[np.float64]:
    """Return the mean squared error after 1, 2, … steps, (horizon,), of predictions (starts, horizon, N).

    The mean is over starts and N.

    A prediction that is not finite has an infinite error, and so has the mean at its horizon. arXiv 2406.04934 reports
    the entry of 20 steps.
    """
    first, second = _checked(predicted, true)
    with np.errstate(over="ignore", invalid="ignore"):
        squares = (first - second) ** 2
    return np.where(np.isfinite(squares), squares, np.inf).mean(axis=(0, 2))


def _checked(predicted: ArrayLike, true: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first, second = unmasked(predicted).astype(np.float64), unmasked(true).astype(np.float64)
    if first.ndim != 3 or first.shape != second.shape or 0 in first.shape:
        raise SpecError(f"predictions and truth have one shape (starts, horizon, N), got {first.shape}, {second.shape}")
    return first, second
