"""D_H, the Hellinger distance between smoothed power spectra: whether two series have the same rhythms."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter1d

from sparsernn.dynamics.embedding import autocorrelation
from sparsernn.errors import SpecError, Undefined
from sparsernn.missing import unmasked

PADDINGS = ("mirror", "reflect")
_RADIUS = 4  # of the smoothing kernel, in its standard deviations
LARGEST = 1e150
"""Beyond this (and its inverse) squares over- or underflow."""
COARSE = 15.0
"""Rows of the median period below which noise and signal look alike. (Lorenz-63 without noise, 15 rows a turn: 0.1.)"""
COVERED = 0.75
"""Share of the rows of several stretches that the pieces of equal length must hold."""


class Spectra(NamedTuple):
    """Power spectra: `power` (F, N) sums to 1 in every column; `undefined` says why one has none (and is 0)."""

    frequency: NDArray[np.float64]
    power: NDArray[np.float64]
    undefined: dict[int, Undefined]


class SpectralDistance(NamedTuple):
    """D_H: its mean over columns and each one, 0 to 1; and the smoothing, in bins and (with dt) per unit of dt."""

    mean: float | Undefined
    per_dimension: list[float | Undefined]
    sigma: float
    sigma_hz: float | None


def power_spectra(
    values: ArrayLike,
    *,
    sigma: float = 20.0,
    padding: str = "mirror",
    dt: float = 1.0,
    starts: Sequence[int] = (0,),
    rows: int | None = None,
) -> Spectra:
    """Return the smoothed, normalized power spectrum of each column of `values` (T, N), F = T // 2 + 1 frequencies.

    Of several stretches, whose first rows are `starts`: the average over pieces of `rows` rows (None: `piece_rows`)
    that lie within them, each without its own mean, all in units of one sd; F = rows // 2 + 1 (Welch 1967 without
    overlap).

    z-score (n - 1) → |rfft|² → Gaussian smoothing over frequency bins, standard deviation `sigma` bins, radius 4 sigma,
    → negatives to 0 → divided by its sum. `padding` is SciPy's name: "mirror" (the edge sample is not repeated; what
    the published code does) or "reflect" (SciPy's default, which that code says it does). sigma = 0 smooths nothing.
    Frequencies are in cycles per unit of `dt`. O(N T log T).

    A column that is constant or not finite, or a spectrum of fewer bins than the smoothing kernel's radius, has no
    spectrum: its column is 0 and `undefined` says why. Source: arXiv 2406.04934 and its code.
    """
    array = np.asarray(values, dtype=np.float64)
    problems = []
    if array.ndim != 2 or array.shape[0] < 2 or array.shape[1] < 1:
        problems.append(f"a series has shape (time, dimensions) with at least 2 rows, got {array.shape}")
    if padding not in PADDINGS:
        problems.append(f"padding must be one of {', '.join(PADDINGS)}, got {padding!r}")
    if not 0 <= sigma < np.inf:
        problems.append(f"the smoothing must be 0 or more frequency bins, got {sigma}")
    if problems:
        raise SpecError(problems)

    if len(starts) > 1 or rows is not None:
        rows = piece_rows(len(array), starts) if rows is None else rows
        array, pieces = _pieces(array, starts, rows)
    else:
        rows, pieces = len(array), 1
    frequency = np.arange(rows // 2 + 1) / (rows * dt)
    power = np.zeros((len(frequency), array.shape[1]))
    undefined: dict[int, Undefined] = {}
    for column in range(array.shape[1]):
        x = array[:, column]
        if not np.isfinite(x).all():
            undefined[column] = Undefined(f"dimension {column} holds values that are not finite")
        elif not (np.abs(x).max() < LARGEST and (np.ptp(x) == 0 or np.ptp(x) > 1 / LARGEST)):
            undefined[column] = Undefined(f"the squares of dimension {column} over- or underflow: rescale it")
        elif not np.std(x) > 1e-12 * np.abs(x).max():
            undefined[column] = Undefined(f"dimension {column} is constant")
        elif len(frequency) <= _RADIUS * sigma:
            undefined[column] = Undefined(
                f"smoothing over {sigma:.4g} frequency bins flattens a spectrum of {len(frequency)} bins: it needs "
                f"at least {2 * int(_RADIUS * sigma)} time steps or a smaller sigma"
            )
        else:
            raw = _periodogram(x, pieces)
            if sigma > 0:
                raw = gaussian_filter1d(raw, sigma, mode=padding, truncate=_RADIUS)
            raw = np.maximum(raw, 0.0)
            power[:, column] = raw / raw.sum()
    return Spectra(frequency, power, undefined)


def _periodogram(x: NDArray[np.float64], pieces: int) -> NDArray[np.float64]:
    """Mean |rfft|² of equal pieces of one column, each without its mean."""
    if pieces == 1:
        return np.abs(np.fft.rfft((x - x.mean()) / x.std(ddof=1))) ** 2
    parts = x.reshape(pieces, -1)
    parts = (parts - parts.mean(axis=1, keepdims=True)) / x.std(ddof=1)
    return (np.abs(np.fft.rfft(parts, axis=1)) ** 2).mean(axis=0)


def piece_rows(length: int, starts: Sequence[int] = (0,)) -> int:
    """Return the length of equal pieces to cut the stretches of `length` rows that begin at `starts` into.

    It is the longest with `COVERED` of all rows in whole pieces: all rows of one stretch, a trial of equal ones."""
    lengths = np.diff([*starts, length])
    longest = int(lengths.max())
    candidates = np.unique(np.concatenate([n // np.arange(1, max(2, min(64, n // 2) + 1)) for n in lengths.tolist()]))
    for rows in candidates[(candidates >= 2) & (candidates <= longest)][::-1]:
        if (lengths // rows * rows).sum() >= COVERED * length:
            return int(rows)
    return 2


def _pieces(array: NDArray[np.float64], starts: Sequence[int], rows: int) -> tuple[NDArray[np.float64], int]:
    """All whole pieces of `rows` rows within the stretches, one after the other, and how many there are."""
    parts = np.split(array, np.asarray(starts)[1:])
    kept = [part[: len(part) // rows * rows] for part in parts]
    joined = np.concatenate(kept)
    return joined, len(joined) // rows


def covering(power: ArrayLike, share: float = 0.999) -> int:
    """Return how many of the lowest frequencies hold `share` of the power of every column of `power` (F, N).

    Columns sum to 1, or to 0 where there is no spectrum: one that does not reach `share` takes all F.
    """
    below = (np.cumsum(np.asarray(power, dtype=np.float64), axis=0) < share).sum(axis=0).max()
    return min(int(below) + 1, len(np.asarray(power)))


def median_period(values: ArrayLike) -> float:
    """Return the period, in rows, that halves the variance of a series (T, N): half of it lies in slower rhythms.

    Median over the columns of T / f, f the frequency (cycles in T rows) at which the summed power, the mean left out,
    reaches half. A column that is constant does not count. Raises `SpecError` if all are. O(N T log T).
    """
    array = np.asarray(values, dtype=np.float64)
    power = np.abs(np.fft.rfft(array - array.mean(axis=0), axis=0)) ** 2
    power[0] = 0.0
    power = power[:, np.ptp(array, axis=0) > 0]
    if not power.size:
        raise SpecError(f"a series of shape {array.shape} that never changes has no period")
    halves = [np.searchsorted(np.cumsum(column), 0.5 * column.sum()) for column in power.T]
    return float(np.median(len(array) / np.array(halves)))


def cycles_in(values: ArrayLike, starts: Sequence[int] = (0,), length: int | None = None) -> float | None:
    """Return how many cycles `length` rows (None: all) of a series (T, N) hold; None where nothing moves.

    A cycle is the `median_period` of the longest stretch."""
    array = np.asarray(values, dtype=np.float64)
    longest = max(np.split(array, np.asarray(starts)[1:]), key=len)
    if len(longest) < 2 or not np.ptp(longest, axis=0).any():
        return None
    return (len(array) if length is None else length) / median_period(longest)


def blindness(
    values: ArrayLike, sigma: float = 20.0, starts: Sequence[int] = (0,), length: int | None = None
) -> str | None:
    """Say why D_H under a smoothing of `sigma` bins tells little of a series (T, N) over `length` of its rows.

    None if it tells enough.
    A rhythm of c cycles stands in bin c. Smoothing wider than that smears it over all slower and the next faster ones:
    a Lorenz attractor of 500 rows at dt = 0.01 (7 cycles) and the same one three times as fast have D_H = 0.12, of
    10,000 rows 0.5 and more. The period is the `median_period` of the longest stretch.
    """
    length = len(np.asarray(values)) if length is None else length
    cycles = cycles_in(values, starts, length)
    if cycles is None or cycles >= sigma:
        return None
    period = length / cycles
    return (
        f"D_H is nearly blind here: {length:,} rows hold about {cycles:.2g} cycles of a rhythm of {period:.3g} rows, "
        f"and spectra are smoothed over {sigma:.3g} frequency bins, so that slower and somewhat faster rhythms look "
        f"alike; it takes {round(sigma * period):,} rows or more"
    )


def white_noise(values: ArrayLike, order: int = 3) -> NDArray[np.float64]:
    """Return the sd of white noise on each column of a series (T, N), in units of the column's sd.

    From differences of that order, which a well sampled signal leaves small: ``median |dk| / (0.6745 sqrt(C(2k, k)))``;
    the median, so that spikes in few of the rows do not count as noise (in less than half of them, order 3). A higher
    order leaves less of a signal of few rows a turn: of Lorenz-63 without noise, 18 rows a turn, 0.08 and (order 7)
    0.04. Constant columns give 0. O(T N).
    """
    array = np.asarray(values, dtype=np.float64)
    sd = array.std(axis=0)
    size = np.median(np.abs(np.diff(array, order, axis=0)), axis=0) / (0.6745 * np.sqrt(comb(2 * order, order)))
    return size / np.where(sd > 0, sd, 1)


def noise_level(values: ArrayLike) -> NDArray[np.float64] | None:
    """Return the `white_noise` of order 7 on each column of a series (T, N).

    None where half of the variance lies in rhythms of fewer than `COARSE` rows, which look like noise."""
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 16 or not np.ptp(array, axis=0).any() or median_period(array) < COARSE:
        return None
    return white_noise(array, 7)


def regular_period(values: ArrayLike) -> int | None:
    """Return the `median_period` of a series (T, N) if the series repeats; else None.

    It does if the autocorrelation within a tenth of that lag reaches 0.5, in the median over the columns, and the
    period is a fifth of the series at most."""
    array = np.asarray(values, dtype=np.float64)
    period = median_period(array)
    first, last = round(0.9 * period), round(1.1 * period) + 1
    if last > len(array) // 5:
        return None
    moving = [column for column in array.T if np.ptp(column) > 0]
    heights = [autocorrelation(column, last)[first:].max() for column in moving]
    return round(period) if np.median(heights) >= 0.5 else None


def hellinger_distance(p: ArrayLike, q: ArrayLike) -> NDArray[np.float64]:
    """Return ``sqrt(Σ (√p - √q)²) / √2`` down the first axis: 0 for equal, 1 for disjoint distributions."""
    return np.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2, axis=0)) / np.sqrt(2.0)


def spectral_distance(
    reference: ArrayLike,
    generated: ArrayLike,
    *,
    sigma: float | None = None,
    sigma_hz: float | None = None,
    padding: str = "mirror",
    dt: float | None = None,
    starts: Sequence[int] = (0,),
    generated_starts: Sequence[int] = (0,),
) -> SpectralDistance:
    """Return D_H, the Hellinger distance of the smoothed spectra of two series (T, N), for each column and the mean.

    The smoothing is `sigma` frequency bins (20 where nothing is given) or `sigma_hz` = sigma / (T · dt) cycles per unit
    of `dt`: the same number of bins is another bandwidth at another length, so values at different T only compare under
    one sigma_hz. All frequencies count, there is no cut-off. The mean is undefined as soon as one dimension is.

    Where either has several stretches (`starts`, `generated_starts`: their first rows), both spectra are averages over
    pieces of one length that lie within stretches, and the series may differ in length. The pieces are as long as the
    shorter of both `piece_rows`; smoothing over `sigma` bins of the whole (the shorter series) is then the same width
    in frequency, ``sigma * rows of a piece / T`` bins: as many values are averaged as in one spectrum of length T.

    Raises `SpecError` for unequal shapes (cut the longer series first), two smoothings at once, sigma_hz without dt.
    """
    first, second = unmasked(reference), unmasked(generated)
    problems = []
    several = len(starts) > 1 or len(generated_starts) > 1
    if first.shape != second.shape and not (
        several and first.ndim == second.ndim and first.shape[1:] == second.shape[1:]
    ):
        problems.append(
            f"D_H compares series of one shape, got {first.shape} and {second.shape}: cut the longer one to "
            f"{min(len(first), len(second))} rows first"
        )
    if sigma is not None and sigma_hz is not None:
        problems.append("sigma (in frequency bins) and sigma_hz exclude one another: give one of them")
    if sigma_hz is not None and not (dt is not None and dt > 0):
        problems.append("sigma_hz needs the sampling interval dt, above 0")
    if problems:
        raise SpecError(problems)
    total = min(len(first), len(second))
    if sigma_hz is not None and dt is not None:
        sigma = sigma_hz * total * dt
    elif sigma is None:
        sigma = 20.0

    if several:
        rows = min(piece_rows(len(first), starts), piece_rows(len(second), generated_starts))
        part = sigma * rows / total
        p = power_spectra(first, sigma=part, padding=padding, starts=starts, rows=rows)
        q = power_spectra(second, sigma=part, padding=padding, starts=generated_starts, rows=rows)
    else:
        p = power_spectra(first, sigma=sigma, padding=padding)
        q = power_spectra(second, sigma=sigma, padding=padding)
    distances = hellinger_distance(p.power, q.power)
    per_dimension: list[float | Undefined] = []
    for column, distance in enumerate(distances):
        if column in p.undefined:
            per_dimension.append(Undefined(f"in the reference, {p.undefined[column]}"))
        elif column in q.undefined:
            per_dimension.append(Undefined(f"in the generated series, {q.undefined[column]}"))
        else:
            per_dimension.append(float(distance))
    missing = [d for d in per_dimension if isinstance(d, Undefined)]
    mean = missing[0] if missing else float(distances.mean())
    return SpectralDistance(mean, per_dimension, sigma, None if dt is None else sigma / (total * dt))
