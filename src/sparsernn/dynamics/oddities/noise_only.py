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
"""How many sd of the surrogates a statistic of the data must be away from their mean to be more than noise. (Four
statistics a column and up to eight columns: at 4 about one white column in a thousand passes as a signal.)"""
BETTER = 0.03
"""By which share a prediction must be better than that of the surrogates, however sure it is."""
LINEAR = 0.3
"""Share of the variance that a linear prediction explains, `AHEAD` correlation times ahead, from which on a column has
a rhythm, and is no noise, however linear it is. (Colored noise: below 0.05. A sine with as much noise: 0.5.)"""
AHEAD = 5
RETURN = 0.4
"""The autocorrelation more than `AHEAD` correlation times later from which on a column has a rhythm. (Colored noise has
forgotten by then; heart beats and Rössler's bursts: 0.5 and more.)"""
ECHO = 0.3
"""The same of the size of its deflections, if it is no such in the copies: beats of unlike spacing and shape, whose
lines have blurred in the spectrum. (Exponentiated colored noise: 0.24; a normal heart's 650,000 rows: 0.34.)"""
ROWS, FINE, SHORTEST = 4096, 8, 150
"""Most rows, rows a correlation time they are thinned to, and fewest rows that can be told from noise."""
TIMES = 100
"""Correlation times a stretch must hold: with fewer, chaos and noise look alike."""
DELAYS, NEIGHBORS = 4, 8
MOST_COLUMNS = 8
"""Columns that are tried; where there are twice as many, nothing is said of single ones."""
COMPONENTS, TOGETHER, COPIES = 30, 4096, 7
"""Principal components, rows and surrogates where all columns are asked together: a polynomial's error on thousands of
rows scatters little, so few copies do."""


class Against(NamedTuple):
    """How far a column is from its surrogates, in their sd: by `neighbors` (prediction from nearest neighbors),
    `quadratic` (from a polynomial), `asymmetry` (forward against backward in time), `echo` (the size of its deflections
    returns); `linear`: the share of the variance
    a linear prediction explains `AHEAD` correlation times ahead; `returns`: the largest autocorrelation after that."""

    neighbors: float
    quadratic: float
    asymmetry: float
    echo: float
    linear: float
    returns: float

    @property
    def noise(self) -> bool:
        """Whether nothing tells the column from its surrogates, and it has no rhythm."""
        told = max(self.neighbors, self.quadratic, self.asymmetry, self.echo) >= APART
        return not told and self.linear < LINEAR and self.returns < RETURN


def noise_only(values: ArrayLike, starts: tuple[int, ...] = (0,), *, most_columns: int = MOST_COLUMNS) -> list[Oddity]:
    """The columns of a series (T, N) that cannot be told from noise of the same spectrum and the same values.

    At most `most_columns` columns, spread over all, and 4,096 rows of the longest stretch, thinned to about eight rows
    a correlation time, are looked at. A column that its own past tells nothing of may be told by the others (waves in
    many dimensions): it is then asked once more together with them (`together`). Where all columns are noise, the
    oddity is that of the whole series. About 0.3 s a column.
    """
    array = matrix(values)
    tried = np.unique(np.linspace(0, array.shape[1] - 1, most_columns).round().astype(int))
    noisy = [int(i) for i in tried if (found := against(array[:, i], starts)) is not None and found.noise]
    if noisy and array.shape[1] > 1:
        apart = together(array, noisy, starts)
        wholly = len(noisy) == len(tried) and (apart < APART).all()
        noisy = noisy if wholly else [i for i, z in zip(noisy, apart, strict=True) if z < 0.75 * APART]
    said = (
        "cannot be told from noise: neither its past (linear, nearest neighbors, quadratic) nor the direction of time "
        f"tells more than in {SURROGATES} phase-randomized copies"
    )
    mend = "take other columns by --columns; if a signal lies below the noise, --smooth 3 and a recording of more rows"
    if noisy and len(noisy) == len(tried):
        return [Oddity(CODE, 0 if array.shape[1] == 1 else None, said, mend)]
    return [Oddity(CODE, i, said, mend) for i in noisy if array.shape[1] <= 2 * MOST_COLUMNS]


def against(column: ArrayLike, starts: tuple[int, ...] = (0,), seed: int = 0) -> Against | None:
    """One column (T,) against its phase-randomized surrogates; None where it is too short or too slow to tell."""
    x = longest(np.asarray(column, np.float64), starts)
    memory = _memory(x)
    if memory is None:
        return None
    lags = np.arange(AHEAD * memory, len(x) // 3)
    returns = autocorrelation(x, len(x) // 3)[lags] * len(x) / (len(x) - lags)
    every = max(1, memory // FINE)
    x = _closed(x[len(x) % every :: every][-ROWS:])
    if len(x) < SHORTEST or np.ptp(x) == 0:
        return None
    x = (x - x.mean()) / x.std()
    lag = max(1, round(memory / every))
    copies = surrogates(x, SURROGATES, np.random.default_rng(seed))
    found = np.array([_statistics(series, lag) for series in (x, *copies)])
    data, mean, sd = found[0], found[1:].mean(axis=0), found[1:].std(axis=0, ddof=1) + 1e-12
    better = _apart(data[:2], found[1:, :2])
    asymmetry = abs(data[2] - mean[2]) / sd[2] if abs(data[2]) > 0.1 else 0.0
    return Against(
        float(better[0]),
        float(better[1]),
        float(asymmetry),
        float((data[3] - mean[3]) / sd[3]) if data[3] >= ECHO else 0.0,
        _linear(x, AHEAD * lag),
        float(returns.max()) if len(returns) else 0.0,
    )


def together(
    values: NDArray[np.float64], columns: list[int], starts: tuple[int, ...] = (0,), seed: int = 0
) -> NDArray[np.float64]:
    """How much better each of `columns` is predicted half a correlation time ahead from all of (T, N) than in
    surrogates, in their sd: by a quadratic polynomial of the first 30 principal components. The phases of all columns
    are turned by the same random angles, so that what is linear among them stays.

    Source: D. Prichard, J. Theiler, Phys. Rev. Lett. 73 (1994) 951, doi:10.1103/PhysRevLett.73.951.
    """
    array = longest(values, starts)
    memory = min((m for i in columns if (m := _memory(array[:, i])) is not None), default=1)
    every = max(1, memory // FINE)
    array = array[len(array) % every :: every][-TOGETHER:]
    sd = array.std(axis=0)
    array = (array - array.mean(axis=0)) / np.where(sd > 0, sd, 1)
    ahead = max(1, memory // every // 2)
    axes = np.linalg.eigh(array.T @ array)[1][:, ::-1][:, : min(COMPONENTS, int(np.sqrt(len(array) / 4)))]
    size, generator = np.fft.rfft(array, axis=0), np.random.default_rng(seed)

    def errors(series: NDArray[np.float64]) -> NDArray[np.float64]:
        state = series @ axes
        pairs = [state[:, k:] * state[:, k : k + 1] for k in range(state.shape[1])]
        features = np.column_stack([np.ones(len(state)), state, *pairs])[:-ahead]
        future, half = series[ahead:, columns], (len(series) - ahead) // 2
        fitted = _ridge(features[:half], future[:half])
        return np.asarray(np.mean((features[half:] @ fitted - future[half:]) ** 2, axis=0))

    found = [errors(array)]
    for _ in range(COPIES):
        angle = generator.uniform(0, 2 * np.pi, len(size))
        angle[0] = 0
        found.append(errors(np.fft.irfft(size * np.exp(1j * angle)[:, None], len(array), axis=0)))
    return _apart(found[0], np.array(found[1:]))


def _memory(x: NDArray[np.float64]) -> int | None:
    """The first lag with an autocorrelation below 1/e; None where the series is not `TIMES` times as long."""
    if len(x) < SHORTEST or np.ptp(x) == 0:
        return None
    below = np.flatnonzero(autocorrelation(x, len(x) // 10) < 1 / np.e)
    return int(below[0]) if len(below) and TIMES * below[0] <= len(x) else None


def _apart(data: NDArray[np.float64], copies: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many sd of the copies' errors (copies, k) the data's (k,) lie below them; 0 where `BETTER` is not reached."""
    mean, sd = copies.mean(axis=0), copies.std(axis=0, ddof=1) + 1e-12
    return np.asarray(np.where(data < (1 - BETTER) * mean, (mean - data) / sd, 0.0))


def surrogates(x: NDArray[np.float64], count: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """(count, T) series with the values of x (T,) and, as nearly as that allows, its spectrum, phases at random.

    Source: T. Schreiber, A. Schmitz, Phys. Rev. Lett. 77 (1996) 635, doi:10.1103/PhysRevLett.77.635 (20 iterations).
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
    """x without a few rows at either end, so that it ends where it begins: a jump there would color surrogates."""
    room = len(x) // 20
    first, last = x[: room + 1], x[len(x) - room - 1 :]
    gap = np.abs(first[:-1, None] - last[None, 1:]) + np.abs(np.diff(first)[:, None] - np.diff(last)[None, :])
    a, b = np.unravel_index(int(np.argmin(gap)), gap.shape)
    return x[a : len(x) - room + b]


def _statistics(x: NDArray[np.float64], lag: int) -> tuple[float, float, float, float]:
    """Errors of the nearest-neighbor and the quadratic prediction `lag` rows ahead, the asymmetry in time, and the
    largest autocorrelation of |x| more than `AHEAD` times `lag` later."""
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
    lags = np.arange(AHEAD * lag, len(x) // 3)
    returns = autocorrelation(np.abs(x), len(x) // 3)[lags] * len(x) / (len(x) - lags)
    return by_neighbors, by_polynomial, asymmetry, float(returns.max()) if len(returns) else 0.0


def _linear(x: NDArray[np.float64], ahead: int) -> float:
    """Share of the variance that a linear prediction from ten delays explains `ahead` rows later, on other rows."""
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
    return np.asarray(np.linalg.solve(square, features.T @ target), np.float64)
