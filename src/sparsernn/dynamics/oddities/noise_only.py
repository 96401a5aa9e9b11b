"""`noise_only`: nothing but noise, white or colored: no past tells more of the future than the spectrum does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.dynamics.embedding import autocorrelation
from sparsernn.dynamics.oddities.base import Oddity, longest, matrix

CODE = "noise_only"
SURROGATES = 19
"""The fewest with which a one-sided test reaches 5 %; the verdict takes their mean and sd, which is stricter."""
APART = 4.0
"""How many sd of the surrogates a statistic of the data must be away from their mean to be more than noise. (Three
statistics a column and up to eight columns: at 4 about one white column in a thousand passes as a signal.)"""
BETTER = 0.03
"""By which share a prediction must be better than that of the surrogates, however sure it is."""
LINEAR = 0.3
"""Share of the variance that a linear prediction explains, `AHEAD` correlation times ahead, from which on a column has a
rhythm, and is no noise, however linear it is. (Colored noise: below 0.05. A sine with as much noise: 0.5.)"""
AHEAD = 5
ROWS, SHORTEST = 4096, 150
DELAYS, NEIGHBORS = 4, 8
MOST_COLUMNS = 8


class Against(NamedTuple):
    """How far a column is from its surrogates, in their sd: by `neighbors` (prediction from nearest neighbors),
    `quadratic` (from a polynomial), `asymmetry` (forward against backward in time); `linear`: the share of the variance
    a linear prediction explains `AHEAD` correlation times ahead."""

    neighbors: float
    quadratic: float
    asymmetry: float
    linear: float

    @property
    def noise(self) -> bool:
        return max(self.neighbors, self.quadratic, self.asymmetry) < APART and self.linear < LINEAR


def noise_only(values: ArrayLike, starts: tuple[int, ...] = (0,)) -> list[Oddity]:
    """The columns of a series (T, N) that cannot be told from noise of the same spectrum and the same values.

    At most 8 columns, spread over all, and at most 4,096 rows of the longest stretch of each, thinned to about four rows
    a correlation time, are looked at. Where all of them are noise, the oddity is that of the whole series. About 0.3 s a
    column.
    """
    array = matrix(values)
    tried = np.unique(np.linspace(0, array.shape[1] - 1, MOST_COLUMNS).round().astype(int))
    noisy = [int(i) for i in tried if (found := against(array[:, i], starts)) is not None and found.noise]
    said = (
        "cannot be told from noise: neither its past (linear, nearest neighbors, quadratic) nor the direction of time "
        f"tells more than in {SURROGATES} phase-randomized copies"
    )
    mend = "take other columns by --columns; if a signal lies below the noise, --smooth 3 and a recording of more rows"
    if noisy and len(noisy) == len(tried):
        return [Oddity(CODE, 0 if array.shape[1] == 1 else None, said, mend)]
    return [Oddity(CODE, i, said, mend) for i in noisy]


def against(column: ArrayLike, starts: tuple[int, ...] = (0,), seed: int = 0) -> Against | None:
    """One column (T,) against its phase-randomized surrogates; None where it is too short or too slow to tell."""
    x = longest(np.asarray(column, np.float64), starts)
    if len(x) < SHORTEST or np.ptp(x) == 0:
        return None
    below = np.flatnonzero(autocorrelation(x, len(x) // 10) < 1 / np.e)
    if not len(below):
        return None
    every = max(1, int(below[0]) // 4)
    x = _closed(x[len(x) % every :: every][-ROWS:])
    if len(x) < SHORTEST or np.ptp(x) == 0:
        return None
    x = (x - x.mean()) / x.std()
    lag = max(1, round(below[0] / every))
    generator = np.random.default_rng(seed)
    copies = surrogates(x, SURROGATES, generator)
    rows = [_statistics(series, lag) for series in (x, *copies)]
    data, spread = np.array(rows[0]), np.array(rows[1:])
    mean, sd = spread.mean(axis=0), spread.std(axis=0, ddof=1) + 1e-12
    z = (mean - data) / sd
    z[:2] = np.where(data[:2] < (1 - BETTER) * mean[:2], z[:2], 0.0)
    asymmetry = abs(data[2] - mean[2]) / sd[2] if abs(data[2]) > 0.1 else 0.0
    return Against(float(z[0]), float(z[1]), float(asymmetry), _linear(x, AHEAD * lag))


def surrogates(x: NDArray[np.float64], count: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """(count, T) series with the values of x (T,) and, as nearly as that allows, its spectrum, phases at random.

    Source: T. Schreiber, A. Schmitz, Phys. Rev. Lett. 77 (1996) 635, doi:10.1103/PhysRevLett.77.635 (iterated, 20 times).
    """
    size, ordered = np.abs(np.fft.rfft(x)), np.sort(x)
    out = np.array([generator.permutation(x) for _ in range(count)])
    for _ in range(20):
        spectrum = np.fft.rfft(out, axis=1)
        turned = np.fft.irfft(size * np.exp(1j * np.angle(spectrum)), len(x), axis=1)
        ranks = np.argsort(np.argsort(turned, axis=1), axis=1)
        out = ordered[ranks]
    return out


def _closed(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """x without a few rows at either end, so that it ends about where it begins: a jump there would color surrogates."""
    room = len(x) // 20
    first, last = x[: room + 1], x[len(x) - room - 1 :]
    gap = np.abs(first[:-1, None] - last[None, 1:]) + np.abs(np.diff(first)[:, None] - np.diff(last)[None, :])
    a, b = np.unravel_index(int(np.argmin(gap)), gap.shape)
    return x[a : len(x) - room + b]


def _statistics(x: NDArray[np.float64], lag: int) -> tuple[float, float, float]:
    """Errors of the nearest-neighbor and the quadratic prediction `lag` rows ahead, and the asymmetry in time."""
    from scipy.spatial import cKDTree  # only here: a tenth of a second at every start

    step = max(1, lag // 2)
    reach = step * (DELAYS - 1)
    places = np.arange(reach, len(x) - lag)
    state = np.stack([x[places - step * k] for k in range(DELAYS)], axis=1)
    future = x[places + lag]
    half = len(places) // 2
    gap = reach + lag  # rows that both halves would share
    known, asked = slice(0, half), slice(half + gap, len(places))
    _, near = cKDTree(state[known]).query(state[asked][:1000], k=NEIGHBORS)
    predicted = future[known][near].mean(axis=1)
    by_neighbors = float(np.mean((predicted - future[asked][:1000]) ** 2))

    pairs = [state[:, a] * state[:, b] for a in range(DELAYS) for b in range(a, DELAYS)]
    features = np.column_stack([np.ones(len(state)), state, *pairs])
    fitted = _ridge(features[known], future[known])
    by_polynomial = float(np.mean((features[asked] @ fitted - future[asked]) ** 2))

    change = x[step:] - x[:-step]
    asymmetry = float(np.mean(change**3) / np.mean(change**2) ** 1.5)
    return by_neighbors, by_polynomial, asymmetry


def _linear(x: NDArray[np.float64], ahead: int) -> float:
    """Share of the variance that a linear prediction from ten delays explains `ahead` rows later, on rows not fitted."""
    delays = 10
    places = np.arange(delays - 1, len(x) - ahead)
    if len(places) < 6 * delays:
        return 0.0
    state = np.stack([x[places - k] for k in range(delays)], axis=1)
    future, half = x[places + ahead], len(places) // 2
    fitted = _ridge(state[:half], future[:half])
    error = np.mean((state[half:] @ fitted - future[half:]) ** 2)
    return float(1 - error / np.mean(future[half:] ** 2))


def _ridge(features: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    square = features.T @ features
    square[np.diag_indices_from(square)] += 1e-6 * np.trace(square) / len(square)
    return np.linalg.solve(square, features.T @ target)
