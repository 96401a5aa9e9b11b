"""`periodic`: a limit cycle, a period-n orbit of a map, or a motion on a torus: nothing in it is chaotic."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.dynamics.oddities.base import Oddity, longest, matrix, rows
from sparsernn.dynamics.power_spectrum import white_noise

CODE = "periodic"
RETURNS = 0.02
"""Half the mean squared distance between a series and itself a quarter to a half of its length later, in variances, at
the best such lag: below it the motion returns. Chaos has forgotten by then (1); Rössler's, whose phase is almost that
of a clock, comes back to about 0.1."""
NOISE = 1.5
"""Measurement noise of variance s adds s to that distance; its estimate may be off by half."""
MOST_NOISE = 0.15
"""Above this a return cannot be told from chance."""
LINES, WIDTH, LOWEST = 12, 3, 8
"""A torus: so many lines of the spectrum, each with so many bins on either side, none below this bin (what is slower is
a drift), …"""
IN_LINES = 0.98
"""… hold this share of the power that is not noise. (Rössler: 0.9.)"""
DOUBLED, CLOSED = 2.0, 1e-3
"""An orbit is closed only after two turns if after odd numbers of turns it is that many times, and by that much,
farther from itself."""
SHORTEST, LONGEST = 64, 2**16
MOST_COLUMNS = 8


class Rhythm(NamedTuple):
    """`period` in rows (None on a torus), and how far from itself the series is after a whole number of them."""

    period: float | None
    distance: float


def periodic(values: ArrayLike, starts: tuple[int, ...] = (0,)) -> list[Oddity]:
    """Whether the longest stretch of a series (T, N) repeats itself. O(N T log T)."""
    found = rhythm(values, starts)
    if found is None:
        return []
    if found.period is None:
        what = "a few pure frequencies that do not fit into one another (quasi-periodic, as a tide)"
    else:
        near = round(found.period)
        shown = f"{near:,}" if abs(found.period - near) < 0.01 * max(found.period / 100, 1) else f"{found.period:.4g}"
        what = f"repeats itself every {rows(1) if shown == '1' else f'{shown} rows'} for as long as it lasts"
    text = (
        f"{what}: no chaos, so Lyapunov exponents are 0 or below and mean little, and any network that finds the "
        "rhythm reaches the floor of D_stsp; judge by period and prediction error"
    )
    return [Oddity(CODE, None, text, "--hidden 20 --density 1 is enough for a cycle; no option makes chaos of it")]


def rhythm(values: ArrayLike, starts: tuple[int, ...] = (0,)) -> Rhythm | None:
    """How the longest stretch of a series (T, N) repeats itself, None if it does not. At most its last 65,536 rows,
    and 8 columns spread over all, are looked at."""
    array = longest(matrix(values), starts)[-LONGEST:]
    array = array[:, np.unique(np.linspace(0, array.shape[1] - 1, MOST_COLUMNS).round().astype(int))]
    sd = array.std(axis=0)
    if len(array) < SHORTEST or not (sd > 0).all():
        return None
    array = (array - array.mean(axis=0)) / sd
    noise = min(float(np.mean(white_noise(array) ** 2)), 1.0)
    allowed = RETURNS + min(NOISE * noise, MOST_NOISE)
    distance = recurrence(array)
    quarter, half = len(array) // 4, len(array) // 2
    best = quarter + int(np.argmin(distance[quarter:half]))
    if distance[best] <= allowed:
        period = _period(distance, best, allowed)
        if period is not None:
            return Rhythm(period, float(distance[best]))
    if noise < MOST_NOISE and all(_in_lines(column) >= IN_LINES * (1 - NOISE * noise) for column in array.T):
        return Rhythm(None, float(distance[best]))
    return None


def recurrence(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half the mean squared distance of a series (T, N) to itself `lag` rows later, for lag 0 … T // 2, over the
    variance: 0 where it repeats itself, 1 where it has forgotten. By FFT."""
    length = len(array)
    most = length // 2 + 1
    centered = array - array.mean(axis=0)
    spectrum = np.fft.rfft(centered, 2 * length, axis=0)
    products = np.fft.irfft((np.abs(spectrum) ** 2).sum(axis=1))[:most]
    square = np.append(0.0, np.cumsum((centered**2).sum(axis=1)))
    left = length - np.arange(most)
    parts = square[left] + square[length] - square[:most]
    return np.maximum(parts - 2 * products, 0) / (2 * left * (square[length] / length))


def _period(distance: NDArray[np.float64], best: int, allowed: float) -> float | None:
    """The shortest lag whose whole multiples all return, refined by the longest of them."""
    far = np.flatnonzero(distance > 0.5 * min(1.0, distance.max()))
    if not len(far):
        return None
    limit = allowed + distance[best]
    small = np.flatnonzero(distance[: best + 1] <= limit)
    small = small[small > far[0]]
    if not len(small):
        return None
    first = int(small[0])
    while first + 1 < len(distance) and distance[first + 1] < distance[first]:  # down to the bottom of the dip
        first += 1
    if first > best // 2:
        return None
    period = _refined(distance, first, best)
    near = _multiples(distance, period, best)[1]
    if len(near) < 2 or np.mean(near <= 3 * limit) < 0.9:
        return None
    while _doubled(distance, period, best):
        period = _refined(distance, round(2 * period), best)
    return float(period)


def _multiples(
    distance: NDArray[np.float64], period: float, best: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Which whole multiples of a period lie near a row, and the distance there."""
    turns = np.arange(1, int(best / period) + 1)
    turns = turns[np.abs(turns * period - (turns * period).round()) <= 0.25]
    return turns, distance[(turns * period).round().astype(int)]


def _doubled(distance: NDArray[np.float64], period: float, best: int) -> bool:
    """Whether a series returns less well after odd numbers of a period than after even ones: an orbit that has doubled
    its period nearly closes halfway, within what is allowed for noise."""
    turns, near = _multiples(distance, period, best)
    odd, even = near[turns % 2 == 1], near[turns % 2 == 0]
    if len(odd) < 2 or len(even) < 2:
        return False
    return bool(np.median(odd) > DOUBLED * np.median(even) + CLOSED and odd.min() > np.median(even))


def _refined(distance: NDArray[np.float64], first: int, best: int) -> float:
    """The period near `first`, from ever longer lags: a whole number of rows counts ever more turns."""
    period, turns = float(first), 1
    while 2 * turns * period <= best + 1:
        turns *= 2
        reach = min(max(1.0, period / 4), 0.49 * period)  # never to the next turn, which returns as well
        low = max(1, int(np.ceil(turns * period - reach)))
        high = min(len(distance), int(turns * period + reach) + 1)
        lag = low + int(np.argmin(distance[low:high]))
        if lag < len(distance) - 1:  # the bottom lies between rows: that of the parabola through three
            a, b, c = distance[lag - 1 : lag + 2]
            bend = a - 2 * b + c
            period = (lag + (0.5 * (a - c) / bend if bend > 0 and b < min(a, c) else 0.0)) / turns
        else:
            period = lag / turns
    return period


def _in_lines(column: NDArray[np.float64]) -> float:
    """Share of the power of (T,) in its strongest lines."""
    power = np.abs(np.fft.rfft((column - column.mean()) * np.hanning(len(column)))) ** 2
    total, held = power.sum(), 0.0
    power[:LOWEST] = 0.0
    for _ in range(min(LINES, len(column) // 300)):
        peak = int(np.argmax(power))
        around = slice(max(peak - WIDTH, 0), peak + WIDTH + 1)
        held += power[around].sum()
        power[around] = 0.0
    return float(held / total) if total > 0 else 0.0
