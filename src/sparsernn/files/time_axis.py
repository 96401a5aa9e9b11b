"""What a column of times says: the sampling interval, or why it says none."""

from __future__ import annotations

import itertools
import math
import re
from typing import NamedTuple

import numpy as np

from sparsernn.errors import SpecError, nearest

FEWEST = 4
"""Rows from which on uneven times can be told from few."""
STRAIGHT = 10
"""Rows from which on a column without a name can be taken for the time."""
JITTER = 1e-3
"""What steps may differ by, in steps, whatever the rounding: drifting clocks and sums of rounded steps."""
COARSEST = 0.6
"""The coarsest rounding, in steps, that is told from a missing row."""
BRIDGED = 5
"""Pauses of up to so many ordinary steps are filled by resampling; longer ones part stretches."""

SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "week": 604800.0}
ALIASES = {
    "ns": "ns nsec nanos nanosecond nanoseconds",
    "us": "us µs μs usec micros microsecond microseconds",
    "ms": "ms msec msecs millis millisecond milliseconds",
    "s": "s sec secs second seconds",
    "min": "min mins minute minutes",
    "h": "h hr hrs hour hours",
    "d": "d day days",
    "week": "week weeks wk",
    "month": "month months",
    "year": "year years yr yrs",
}
UNITS = {alias: unit for unit, aliases in ALIASES.items() for alias in aliases.split()}
TIMES = {"time", "times", "t", "timestamp", "timestamps", "date", "dates", "datetime", "datetimes", "epoch", "unixtime"}
TIMES |= {"unix", "clock", "elapsed", "utc", "zeit", "zeitpunkt", "datum", "temps", "tiempo", "fecha", "ts", "tstamp"}
"""Words that call a column the time. Units alone (ms, seconds, h) do so where the numbers rise or fall throughout."""
WEAK = {"t", "temps", "clock", "ts"}
COUNTERS = {"", "index", "idx", "row", "rows", "sample", "samples", "frame", "frames", "nr", "no", "#", "n", "i", "id"}
COUNTERS |= {
    "level_0",
    "rownames",
    "row_id",
    "step",
    "steps",
    "record",
    "obs",
    "sample_index",
    "sample_number",
    "count",
}
TRIALS = {"trial", "trials", "sweep", "sweeps", "episode", "episodes", "session", "sessions", "subject", "subjects"}
TRIALS |= {"segment", "segments", "repetition", "repetitions", "stretch", "participant", "animal", "versuch", "essai"}
NUMBERED = {"id", "nr", "no", "number", "num", "index", "idx", "#", "n"}


class Axis(NamedTuple):
    """The times of one stretch. `fault` is "" where they are even, else ``pause`` (even but for jumps ahead),
    ``restart`` (even but for jumps back too), ``repeats`` or ``jitter``; `breaks` are the rows after jumps, `why` says
    it in words. `dt` is the step (None: there is none), `slack` how wrong it may be, `back` how often it falls."""

    dt: float | None
    fault: str = ""
    breaks: tuple[int, ...] = ()
    why: str = ""
    slack: float = 0.0
    back: int = 0


def canonical(unit: str | None) -> str:
    """The short name of a unit of time, such as ``ms`` for milliseconds; "" for None. SpecError for what is none."""
    if unit is None:
        return ""
    if (known := UNITS.get(unit.strip()) or UNITS.get(unit.strip().lower())) is None:
        raise SpecError(f'time unit "{unit}"{nearest(unit, ALIASES)}')
    return known


def positive(dt: object) -> bool:
    """Whether an interval is one: a positive number whose inverse, the rate, is a number too."""
    try:
        return math.isfinite(float(dt)) and float(dt) > 0 and math.isfinite(1 / float(dt))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False


def in_seconds(dt: float, unit: str) -> float | None:
    """An interval in seconds, None where its unit has no fixed length or is unknown."""
    return dt * SECONDS[unit] if unit in SECONDS else None


def agree(dt: float, unit: str, other: float, other_unit: str, tolerance: float = 1e-6) -> bool:
    """Whether two intervals are the same; unknown units are taken for equal ones."""
    one, two = in_seconds(dt, unit), in_seconds(other, other_unit)
    if one is None or two is None:
        one, two = dt, other
        if unit and other_unit and unit != other_unit:
            return False
    return abs(one - two) <= tolerance * max(abs(one), abs(two))


def words(name: str) -> list[str]:
    """The words of a column's name, small: ``Time [ms]``, ``time_ms``, ``t/ms``, ``elapsedTime`` have two."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [w for w in re.split(r"[\s_\-/.()\[\]:,{}]+", name.lower()) if w]


def unit_in(name: str) -> str:
    """The unit of time at the end of a column's name, "" where there is none."""
    found = words(name)
    return UNITS.get(found[-1], "") if found and (len(found) > 1 or found[0] not in WEAK) else ""


def called_time(name: str) -> str:
    """``strong`` for a name that means time (time, Timestamp, date_ms), ``weak`` for one that may, else "".

    Weak are t, the units themselves (ms, hours) and time among other words (time since start, sample time).
    """
    found = words(name)
    if len(found) == 1 and found[0] in UNITS:
        return "weak"
    base = found[:-1] if len(found) > 1 and found[-1] in UNITS else found
    if len(base) == 1 and base[0] in TIMES:
        return "weak" if base[0] in WEAK else "strong"
    return "weak" if len(base) <= 4 and set(base) & (TIMES - WEAK) else ""


def called_counter(name: str) -> bool:
    """Whether a name is that of a row counter, as pandas writes them."""
    return name.strip().lower() in COUNTERS or name.strip().lower().startswith("unnamed:")


def called_trial(name: str) -> bool:
    """Whether a name is that of trials: trial, trial_id, TrialNumber, Sweep #."""
    found = [word for word in words(name) if word not in NUMBERED]
    return len(found) == 1 and found[0].rstrip("#") in TRIALS


def resolution(t: np.ndarray) -> float:
    """The rounding of times: the largest power of ten (1, 0.1, ... 1e-9) all are multiples of, or what float32 or
    float64 can tell apart. O(T)."""
    largest = float(np.abs(t).max(initial=0))
    fine = 8 * np.finfo(float).eps * largest
    if (
        largest < np.finfo(np.float32).max
        and np.array_equal(t, t.astype(np.float32))
        and not np.array_equal(t, np.rint(t))
    ):
        return max(fine, 2.0 * float(np.spacing(np.float32(largest))))
    for digits in range(10):
        scaled = t * 10.0**digits
        if largest * 10.0**digits > 2**52:
            break
        if np.abs(scaled - np.rint(scaled)).max() <= 1e-6 + fine * 10.0**digits:
            return max(fine, 10.0**-digits)
    return fine


@np.errstate(over="ignore", invalid="ignore")
def judge(t: np.ndarray) -> Axis:
    """Whether times (T,), finite and rising, are even up to their rounding, else what is wrong. O(T).

    Even: all times lie within the rounding of one straight line, or all steps within a thousandth of each other.
    """
    steps = np.diff(t)
    if not len(steps):
        return Axis(None)
    rounding = resolution(t)
    if (dt := _even(t, steps, rounding)) is not None:
        return Axis(_shortest(dt, len(steps), t), slack=1.02 * rounding / len(steps))
    rising = steps[steps > 0]
    if not len(rising):
        return Axis(None, "repeats", why="it does not rise")
    middle = float(np.median(rising))
    breaks = np.flatnonzero(np.abs(steps - middle) > max(0.5 * middle, min(1.02 * rounding, 0.9 * middle))) + 1
    repeats, back = int(np.count_nonzero(steps == 0)), int(np.count_nonzero(steps < 0))
    edges = [0, *breaks.tolist(), len(t)]
    if not repeats and len(breaks) <= len(t) // 4:
        parts = [t[a:b] for a, b in itertools.pairwise(edges) if b - a > 1]
        found = [_even(part, np.diff(part), rounding) for part in parts]
        even = [dt for dt in found if dt is not None]
        lengths = np.array([len(part) - 1 for part in parts])
        if even and len(even) == len(found):
            dt = float(np.average(even, weights=lengths))
            if (np.abs(np.array(even) - dt) <= 1.02 * rounding / lengths + 2 * JITTER * dt).all():
                first = int(breaks[np.argmax(np.abs(steps[breaks - 1]))])
                where = f"from {t[first - 1]:.10g} to {t[first]:.10g} before row {first:,}"
                times = "once" if len(breaks) == 1 else f"{len(breaks):,} times"
                dt = _shortest(dt, len(steps), t)
                slack = 1.02 * rounding / int(lengths.sum())
                if back:
                    why = f"it rises by {dt:.6g} a row and jumps {times}, {back:,} of them back; the widest is {where}"
                    return Axis(dt, "restart", tuple(breaks.tolist()), why, slack, back)
                why = f"it rises by {dt:.6g} a row and pauses {times}; the longest pause is {where}"
                return Axis(dt, "pause", tuple(breaks.tolist()), why, slack)
    if repeats or back:
        said = [f"repeats itself {repeats:,} times"] if repeats else []
        said += [f"goes back {back:,} times"] if back else []
        return Axis(None, "repeats", why=f"it {' and '.join(said)}", back=back)
    low, high = np.quantile(steps, (0.05, 0.95))
    return Axis(None, "jitter", why=f"its steps are not even: most lie between {low:.6g} and {high:.6g}")


def grid(t: np.ndarray) -> tuple[np.ndarray, float, list[tuple[int, int]], int]:
    """Even steps for uneven times: times without repeats, the step, [begin, end) of the stretches, rows repeated.

    The step is that of `judge` where the times are even but for pauses, else the mean of the steps that are none.
    A pause is longer than five times the upper quartile of the steps; it parts stretches, and so does a step back.
    """
    keep = np.concatenate([[True], np.diff(t) != 0])
    unique = t[keep]
    steps = np.diff(unique)
    rising = steps[steps > 0]
    if not len(rising):
        return keep, 0.0, [], 0
    axis = judge(unique)
    usual = float(np.quantile(rising, 0.75)) if axis.dt is None else axis.dt
    parted = (steps < 0) | (steps > BRIDGED * usual)
    inside = steps[~parted]
    dt = axis.dt if axis.dt is not None else float(inside.mean()) if len(inside) else usual
    edges = [0, *(np.flatnonzero(parted) + 1).tolist(), len(unique)]
    return keep, dt, list(itertools.pairwise(edges)), int(np.count_nonzero(~keep))


def _even(t: np.ndarray, steps: np.ndarray, rounding: float) -> float | None:
    """The step of even times, None where they are not. The rounding explains nothing where it is as wide as a step."""
    dt = float(t[-1] - t[0]) / len(steps)
    if not dt > 0:
        return None
    fine = 16 * np.finfo(float).eps * float(np.abs(t).max())
    if np.abs(steps - dt).max() <= JITTER * dt + fine:
        return dt
    if rounding > COARSEST * dt or (len(t) < STRAIGHT and rounding > 0.2 * dt):
        return None
    index = np.arange(len(t)) - 0.5 * (len(t) - 1)
    slope = float(index @ (t - t[0])) / float(index @ index)
    rest = t - t[0] - slope * index
    return slope if np.ptp(rest) <= 1.02 * rounding + fine else None


def _shortest(dt: float, steps: int, t: np.ndarray) -> float:
    """The shortest decimal that gives the same times: 0.05 instead of 0.05000000000000001."""
    allowed = 8 * np.finfo(float).eps * float(np.abs(t).max()) / steps
    candidates = (float(f"{dt:.{digits}g}") for digits in range(1, 16))
    return next((c for c in candidates if abs(c - dt) <= allowed), dt)
