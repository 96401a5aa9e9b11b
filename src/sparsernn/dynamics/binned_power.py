"""The power of a series over all time scales, in few bins."""

from __future__ import annotations

import numpy as np


def binned_power(series: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a coarse power spectrum for the eye: frequencies (k,) in cycles a row, and each column's power, (k, N).

    That is its share in one frequency of the bin, on average.

    The series (T, N) is standardized and weighted by a Hann window; at most `bins` bins that grow with the frequency.
    Cost: O(T log T).
    """
    largest = np.abs(series).max(axis=0)  # so that no square overflows
    series = series / np.where(largest > 0, largest, 1)
    sd = series.std(axis=0)
    series = (series - series.mean(axis=0)) / np.where(sd > 0, sd, 1)
    power = np.abs(np.fft.rfft(series * np.hanning(len(series))[:, None], axis=0))[1:] ** 2
    edges = np.unique(np.geomspace(1, len(power) + 1, bins).astype(int)) - 1
    edges = edges[edges < len(power)]
    counts = np.diff(np.append(edges, len(power)))
    mean = np.add.reduceat(power, edges, axis=0) / counts[:, None]
    total = power.sum(axis=0)
    return (edges + 1 + (counts - 1) / 2) / len(series), mean / np.where(total > 0, total, 1)
