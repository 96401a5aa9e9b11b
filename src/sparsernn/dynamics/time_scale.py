"""How fast a series moves: its mean frequency, the lag after which it forgets itself."""

from __future__ import annotations

import numpy as np


def center_frequency(x: np.ndarray) -> float:
    """Return the power-weighted mean frequency of one series, in cycles a step; 0 if it is constant."""
    x = np.asarray(x, dtype=float) - np.mean(x)
    power = np.abs(np.fft.rfft(x)) ** 2
    return float((np.fft.rfftfreq(len(x)) * power).sum() / power.sum()) if power.sum() > 0 else 0.0


def first_lag(x: np.ndarray) -> int:
    """Return the first lag at which the autocorrelation is at most 1/e; at least 1, at most a quarter of the length."""
    x = np.asarray(x, dtype=float) - np.mean(x)
    spectrum = np.abs(np.fft.rfft(x, 2 * len(x))) ** 2
    correlation = np.fft.irfft(spectrum)[: max(2, len(x) // 4)]
    below = np.flatnonzero(correlation <= correlation[0] / np.e)
    return max(1, int(below[0])) if len(below) and below[0] > 0 else max(1, len(correlation) - 1)
