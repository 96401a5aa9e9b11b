"""`outliers`: a few rows, or a fill value for what is missing, make the range and the sd of a column."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.dynamics.oddities.base import Oddity, matrix, rows

CODE = "outliers"
FEW = 0.01
"""Share of rows that counts as a few: what is rarer than one row in a hundred cannot be learned from a recording."""
FAR = 10.0
"""Range of all rows over that of all but a few, from which on it is said: the others then share 3 of 30 bins."""
RUINED = 30.0
"""The same where it is refused: at most 30 bins are laid over a range, so that all other rows share one of them."""
FILL_GAP = 3.0
"""How many ranges of the others a value that looks like a fill value lies away from them, to count as one."""
NEAR_GAP, SPACINGS = 0.5, 5.0
"""The same for a value that occurs several times (or 0), if the gap is also so many times the widest between the
others: -99.9 among temperatures, -999 in a river's discharge, a heart rate of 0. It may still be the signal."""
MOST_FILL = 0.5
"""Share of rows up to which a value can stand for what is missing; from there on it is the signal."""
ONE_BIN, BINS = 0.9, 30
"""Share of the rows in the fullest of 30 bins over the range, from which on D_stsp sees little else than that bin."""
LARGEST, SMALLEST = 1e150, 1e-150
"""Beyond these the square of a double over- or underflows, and with it every variance."""
HUGE = 1e15
"""Above this nothing is measured in practice: netCDF's 9.97e36, 1e20, 1e30, the largest single and double."""
EXTREMES = {32766.0, 32767.0, 65535.0, 2147483647.0, 4294967295.0, 32768.0, 2147483648.0}
"""The last numbers of the integer formats, either sign."""
MEND = "leave these cells empty (or NaN), then --gaps cut or --gaps interpolate; or take other columns by --columns"


def outliers(values: ArrayLike) -> list[Oddity]:
    """The columns of a series (T, N), finite, whose range or sd is made by a few rows, at most one oddity a column.

    In this order: values whose squares over- or underflow (refused); fill values, that is an outermost value that looks
    like one (-9999, 999.9, 1e20, 9.97e36, 32767, …) or occurs several times, and lies `FILL_GAP` (any other value:
    `FAR`) ranges away from all others (refused where it looks like one or lies `RUINED` ranges away); a few rows that
    make the range `FAR` times as wide (refused from `RUINED`); one that looks like a fill value, or 0, that occurs
    several times and lies `NEAR_GAP` ranges and `SPACINGS` of the widest gap away; most rows in one of 30 bins.

    A column that holds nothing else than one value and a few others is no case of this (`spikes`), unless the others
    look like fill values. O(N T log T).
    """
    found = []
    for i, column in enumerate(matrix(values).T):
        if len(column) >= 2 and (oddity := _of(column)) is not None:
            found.append(oddity._replace(column=i))
    return found


def yardsticks(values: ArrayLike) -> list[Oddity]:
    """The outliers of a reference series (T, N) that must not set the yardstick of a measure: those refused."""
    return [oddity for oddity in outliers(values) if oddity.refused]


def _of(column: NDArray[np.float64]) -> Oddity | None:
    ordered = np.sort(column)
    low, high = float(ordered[0]), float(ordered[-1])
    if low == high:
        return None
    largest = max(-low, high)
    # fill values first: their own message tells more than that they overflow
    return _fill(ordered) or _scale(ordered, largest) or _few(ordered) or _near(ordered) or _one_bin(ordered)


def _scale(ordered: NDArray[np.float64], largest: float) -> Oddity | None:
    spread = float(ordered[-1] / 2 - ordered[0] / 2)
    if largest > LARGEST:
        text = f"values up to {largest:.4g}: their squares overflow, and with them every variance"
    elif spread < SMALLEST:
        text = f"values that differ by {2 * spread:.4g} at most: their squares underflow, and with them every variance"
    else:
        return None
    return Oddity(
        CODE, None, text, f"rescale the column, or choose others by --columns; if it is a fill value: {MEND}", True
    )


def _fill(ordered: NDArray[np.float64]) -> Oddity | None:
    levels, counts = np.unique(ordered, return_counts=True)
    ends = np.unique(np.r_[: min(3, len(levels)), max(len(levels) - 3, 0) : len(levels)])
    like = np.zeros(len(levels), bool)
    like[ends] = [looks_like_fill(float(v)) for v in levels[ends]]
    repeated = np.zeros(len(levels), bool)
    repeated[ends] = counts[ends] > 1
    for candidates, gap, known in ((like, FILL_GAP, True), (repeated & ~like, FAR, False)):
        chosen = _far(levels, counts, candidates, gap, known)
        if chosen is None:
            continue
        taken, ratio = chosen
        shown = " and ".join(f"{v:.6g}" for v in levels[taken])
        count, rest = int(counts[taken].sum()), levels[~taken]
        inside = f"all others lie between {rest[0]:.4g} and {rest[-1]:.4g}"
        what = (
            "a fill value for what is missing" if known else "a value far from all others, perhaps for what is missing"
        )
        return Oddity(
            CODE,
            None,
            f"{rows(count)} hold{'s' if count == 1 else ''} {shown}: {what}; {inside}",
            MEND,
            known or ratio > RUINED,
        )
    return None


def _near(ordered: NDArray[np.float64]) -> Oddity | None:
    levels, counts = np.unique(ordered, return_counts=True)
    for end, others in ((0, levels[1:]), (-1, levels[:-1])):
        value, count = float(levels[end]), int(counts[end])
        if len(others) < 2 or not 1 < count <= MOST_FILL * len(ordered) or not (value == 0 or looks_like_fill(value)):
            continue
        away = float(np.min(np.abs(others - value)))
        if away >= max(NEAR_GAP * (others[-1] - others[0]), SPACINGS * np.diff(others).max()):
            return Oddity(
                CODE,
                None,
                f"{rows(count)} hold {value:.6g}: perhaps written for what is missing; all others lie between "
                f"{others[0]:.4g} and {others[-1]:.4g}",
                f"if it is no measurement, {MEND}",
            )
    return None


def _far(
    levels: NDArray[np.float64], counts: NDArray[np.int64], candidates: NDArray[np.bool_], gap: float, known: bool
) -> tuple[NDArray[np.bool_], float] | None:
    """Which candidates lie `gap` ranges of the others away from them, and how many ranges the nearest one does."""
    taken = candidates.copy()
    total = counts.sum()
    for i in np.flatnonzero(candidates):  # what cannot be a fill value is one of the others
        if counts[i] > MOST_FILL * total:
            taken[i] = False
    while taken.any():
        rest = levels[~taken]
        if len(rest) == 0 or counts[taken].sum() > MOST_FILL * total:
            return None
        width = rest[-1] / 2 - rest[0] / 2  # halves: the largest doubles must not overflow
        if width == 0 and not known:
            return None  # one value and a few others: spikes
        away = np.where(levels < rest[0], rest[0] / 2 - levels / 2, levels / 2 - rest[-1] / 2)
        with np.errstate(over="ignore", divide="ignore"):
            ratio = away / width if width > 0 else np.where(away > 0, np.inf, 0)
        if width == 0 and not np.abs(levels[taken]).max() > 90:
            return None  # 0 and 9, -1 and 99 as levels of an event train
        near = taken & (ratio <= gap)
        if not near.any():
            return taken, float(ratio[taken].min())
        taken &= ~near
    return None


def looks_like_fill(value: float) -> bool:
    """Whether a value is one that programs write for what is missing: nines only, the ends of integer formats, huge."""
    size = abs(value)
    if size >= HUGE or size in EXTREMES:
        return True
    digits = f"{size:.10g}".replace(".", "").lstrip("0")
    return (size >= 9.9 and set(digits) == {"9"}) or (size >= 1e6 and math.log10(size).is_integer())


def _few(ordered: NDArray[np.float64]) -> Oddity | None:
    few = max(1, int(FEW * len(ordered)))
    if len(ordered) < 20:
        return None
    kept = len(ordered) - few
    widths = ordered[kept - 1 :] - ordered[: few + 1]
    place = int(np.argmin(widths))
    width, full = float(widths[place]), float(ordered[-1] - ordered[0])
    if width == 0 or full < FAR * width:
        return None
    low, high = ordered[place], ordered[place + kept - 1]
    # as few as it takes: those that are in fact far from the others
    count = int(np.sum((ordered < low - width) | (ordered > high + width)))
    text = (
        f"{count:,} of {len(ordered):,} rows make the range {full / width:.3g} times as wide: "
        f"{ordered[0]:.4g} to {ordered[-1]:.4g}, without them {low:.4g} to {high:.4g}"
    )
    return Oddity(CODE, None, text, MEND, full >= RUINED * width)


def _one_bin(ordered: NDArray[np.float64]) -> Oddity | None:
    # an event train, where one value alone is most rows, is told by its own code
    edges = np.linspace(ordered[0], ordered[-1], BINS + 1)
    counts = np.diff(np.searchsorted(ordered, edges[1:-1]), prepend=0, append=len(ordered))
    fullest = int(np.argmax(counts))
    inside = ordered[(ordered >= edges[fullest]) & (ordered <= edges[fullest + 1])]
    if counts[fullest] < ONE_BIN * len(ordered) or len(np.unique(inside)) <= max(2, 0.01 * len(inside)):
        return None
    text = (
        f"{100 * counts[fullest] / len(ordered):.3g} % of the rows lie in a thirtieth of the range, between "
        f"{edges[fullest]:.4g} and {edges[fullest + 1]:.4g}: D_stsp sees little else"
    )
    return Oddity(CODE, None, text, "cut the rare large values, or take the logarithm; --smooth spreads short peaks")
