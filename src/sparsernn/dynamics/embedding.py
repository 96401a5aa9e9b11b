"""Delay embedding: a state space from one recorded channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.errors import DataError, SpecError

_TREE, _QUERIES = 20_000, 2_000
_DISTANCE_TOLERANCE, _SIZE_TOLERANCE, _FALSE_SHARE = 15.0, 2.0, 0.01


class Embedding(NamedTuple):
    """A delay embedding: its lags in samples, the first one 0; which `method` chose them, and `why`, in numbers."""

    lags: tuple[int, ...]
    method: str
    why: str


def embed(series: ArrayLike, lags: Sequence[int]) -> NDArray[np.float64]:
    """Join each value of a series with later ones: rows (x[t + lag_1], …, x[t + lag_N]), (T,) to (T - max lag, N).

    Row t belongs to sample t; lags are samples, 0 or more, in any order. Columns look ahead, as in the published ECG
    data; with lags (0, τ, 2τ) the rows are those of the backward convention, in reverse order of columns, 2τ earlier.
    """
    x = _checked(series)
    steps = [int(lag) for lag in lags]
    if not steps or min(steps) < 0 or len(set(steps)) < len(steps):
        raise SpecError(f"lags must be different whole numbers of samples, 0 or more, got {list(lags)}")
    rows = len(x) - max(steps)
    if rows < 2:
        raise SpecError(f"the largest lag {max(steps)} leaves {rows} of {len(x)} samples: use smaller lags")
    return np.stack([x[lag : lag + rows] for lag in steps], axis=1)


def choose_lags(
    series: ArrayLike, *, max_lag: int | None = None, max_dim: int = 8, starts: Sequence[int] = (0,)
) -> Embedding:
    """Choose equal lags (0, τ, 2τ, …) for a delay embedding of a series (T,).

    τ is the first local minimum of the average mutual information between x[t] and x[t + τ] (Fraser and Swinney 1986,
    doi:10.1103/PhysRevA.33.1134) or the first lag at which the autocorrelation is below 1/e, whichever comes first:
    spiking signals such as an ECG have their minimum long after the spike. Both are sought up to `max_lag` (default a
    twentieth of the series, at most 2,000). The dimension is the first with less than 1 % false
    nearest neighbors (Kennel, Brown, Abarbanel 1992, doi:10.1103/PhysRevA.45.3403; tolerances 15 and 2), neighbors
    closer than τ in time excluded, on at most 20,000 points; where noise keeps it above 1 %, the first dimension that
    no later one betters by a percentage point.

    The papers leave open: the bins (here equally filled, √(T / 10) of them, 4 to 32); which dent in a rough curve is a
    minimum (lowest among three lags on either side and below half the information at lag 1, so that neither noise nor a
    strictly periodic signal passes); what to do with rounded values (a distance below their
    rounding error, or a thousandth of the sd, counts as that). About 1 s for T = 100,000.
    `starts` are the first samples of stretches that do not follow one another: pairs and delays are taken within them,
    up to a quarter of the longest.
    Raises `DataError` for a constant or unusable series, or one of fewer than 100 samples.
    """
    x = _checked(series)
    lag, method, why = choose_lag(x, max_lag=max_lag, starts=starts)
    if max_dim < 1:
        raise SpecError(f"max_dim must be at least 1, got {max_dim}")
    longest = int(_lengths(len(x), starts).max())
    largest = max(1, min(max_dim, (longest - (50 if longest == len(x) else longest // 2)) // lag))
    shares: list[float] = []
    for dim in range(1, largest + 1):
        shares.append(false_neighbors(x, lag, dim, starts=starts))
        if shares[-1] < _FALSE_SHARE:
            break
    dim = 1 + int(np.argmax(np.array(shares) <= min(shares) + _FALSE_SHARE))
    listed = ", ".join(f"{100 * share:.1f} %" for share in shares)
    return Embedding(
        tuple(lag * i for i in range(dim)),
        f"{method}; false nearest neighbors",
        f"{why}; false neighbors in 1, 2, … dimensions: {listed}",
    )


def choose_lag(series: ArrayLike, *, max_lag: int | None = None, starts: Sequence[int] = (0,)) -> tuple[int, str, str]:
    """Return (lag, method, why): after how many rows a series tells little of itself. `choose_lags` begins with it."""
    x = _checked(series)
    if len(x) < 100:
        raise DataError(f"choosing lags needs at least 100 samples, got {len(x)}: give the lags instead")
    quarter = int(_lengths(len(x), starts).max()) // 4
    max_lag = min(max(len(x) // 20, 4), 2_000, max(quarter, 1)) if max_lag is None else max_lag
    if not 1 <= max_lag <= quarter:
        raise SpecError(f"max_lag must be 1 to a quarter of the longest stretch of the series, got {max_lag}")

    information, correlation = mutual_information(x, max_lag, starts), autocorrelation(x, max_lag, starts)
    minimum = _first_minimum(information)
    below = np.flatnonzero(correlation < 1 / np.e)
    if minimum is not None and not (len(below) and below[0] < minimum):
        lag, method = minimum, "first local minimum of the average mutual information"
        why = f"{information[lag]:.3g} nats at lag {lag} (lag 0: {information[0]:.3g})"
    elif len(below):
        lag, method = int(below[0]), "first lag with an autocorrelation below 1/e"
        later = "none" if minimum is None else f"the first at lag {minimum}"
        why = f"autocorrelation {correlation[lag]:.3g} at lag {lag}; minima of the mutual information: {later}"
    else:
        lag, method = max_lag, "largest lag allowed"
        why = f"neither a minimum of the mutual information nor an autocorrelation below 1/e up to lag {max_lag}"
    return lag, method, why


def mutual_information(series: ArrayLike, max_lag: int, starts: Sequence[int] = (0,)) -> NDArray[np.float64]:
    """Return the average mutual information of x[t] and x[t + lag] in nats for lag 0 … max_lag, from equally filled
    bins; pairs within the stretches that begin at `starts`.
    """
    x = _checked(series)
    bins = int(np.clip(np.sqrt(len(x) / 10), 4, 32))
    edges = np.unique(np.quantile(x, np.arange(1, bins) / bins))
    symbol = np.searchsorted(edges, x, side="right")
    bins = len(edges) + 1
    out = np.empty(max_lag + 1)
    left = _left(len(x), starts)
    for lag in range(max_lag + 1):
        pairs = symbol[: len(x) - lag] * bins + symbol[lag:]
        if len(starts) > 1:
            pairs = pairs[left[: len(x) - lag] > lag]
        joint = np.bincount(pairs, minlength=bins * bins).reshape(bins, bins)
        p = joint / joint.sum()
        product = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
        seen = p > 0
        out[lag] = np.sum(p[seen] * np.log(p[seen] / product[seen]))
    return out


def autocorrelation(series: ArrayLike, max_lag: int, starts: Sequence[int] = (0,)) -> NDArray[np.float64]:
    """Return the biased autocorrelation (divided by T and the variance) for lag 0 … max_lag, by FFT.

    Of several stretches that begin at `starts` the sum over pairs within them, around the mean of all.
    """
    x = _checked(series)
    centered, covariance = x - x.mean(), np.zeros(max_lag + 1)
    for part in np.split(centered, np.asarray(starts)[1:]):
        spectrum = np.fft.rfft(part, 2 * max(len(part), max_lag + 1))
        covariance += np.fft.irfft(np.abs(spectrum) ** 2)[: max_lag + 1]
    return covariance / covariance[0]


def false_neighbors(series: ArrayLike, lag: int, dim: int, *, starts: Sequence[int] = (0,)) -> float:
    """Return the share of nearest neighbors in (0, lag, …, (dim - 1) lag) that part when the coordinate dim · lag is
    added; delays within the stretches that begin at `starts`.
    """
    x = _checked(series)
    sd = x.std()
    points = embed(x, [lag * i for i in range(dim + 1)])
    if len(starts) > 1:
        points = points[_left(len(x), starts)[: len(points)] > lag * dim]
    stride = -(-len(points) // _TREE)
    points = points[::stride]
    states, following = points[:, :dim], points[:, dim]
    near_in_time = lag // stride  # rows on either side that are the same moment of the trajectory
    queries = np.unique(np.linspace(0, len(points) - 1, _QUERIES).astype(np.int64))
    wanted = min(2 * near_in_time + 2, len(points))
    from scipy.spatial import cKDTree  # only here: a tenth of a second at every start

    distances, neighbors = cKDTree(states).query(states[queries], k=wanted)
    elsewhere = np.abs(neighbors - queries[:, None]) > near_in_time
    usable = elsewhere.any(axis=1)
    first = elsewhere.argmax(axis=1)
    rows = np.arange(len(queries))
    resolution = max(1e-3 * sd, 0.29 * float(np.median(np.diff(np.unique(x)))))  # 1 / √12: error of rounding
    distance = np.maximum(distances[rows, first], resolution)
    parting = np.abs(following[queries] - following[neighbors[rows, first]])
    false = (parting > _DISTANCE_TOLERANCE * distance) | (np.hypot(distance, parting) > _SIZE_TOLERANCE * sd)
    return float(false[usable].mean()) if usable.any() else 1.0


def _first_minimum(values: NDArray[np.float64]) -> int | None:
    """First index that is lowest among its three neighbors on either side and below half of the value at lag 1."""
    for i in range(2, len(values) - 3):
        lowest = values[i] < values[max(i - 3, 0) : i].min() and values[i] < values[i + 1 : i + 4].min()
        if lowest and values[i] < 0.5 * values[1]:
            return i
    return None


def _lengths(length: int, starts: Sequence[int]) -> NDArray[np.int64]:
    """Of the stretches that begin at `starts`."""
    return np.diff([*starts, length])


def _left(length: int, starts: Sequence[int]) -> NDArray[np.int64]:
    """How many samples of its stretch are left from each sample on, itself included."""
    lengths = _lengths(length, starts)
    return np.repeat(np.cumsum(lengths), lengths) - np.arange(length)


def _checked(series: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(series, np.float64)
    if x.ndim != 1 or len(x) < 3:
        raise DataError(f"a delay embedding takes one channel, shape (time,), with at least 3 samples, got {x.shape}")
    if not np.isfinite(x).all():
        raise DataError(f"the series is not finite at sample {int(np.argmin(np.isfinite(x)))}: cut or fill it first")
    if np.ptp(x) == 0:
        raise DataError("the series is constant: there is nothing to embed")
    return x
