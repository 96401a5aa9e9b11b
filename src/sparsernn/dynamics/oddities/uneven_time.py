"""`uneven_time`: the rows are not equally far apart in time."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.dynamics.oddities.base import Oddity, rows

CODE = "uneven_time"
TOLERANCE = 0.01
"""Share of the median step by which steps may differ: the rounding of a printed time. Half of it moves a row by less
than a hundredth of a step."""
PAUSE = 1.5
"""Median steps from which on a step is a pause, and rows are missing in between."""
NAMED = re.compile(r"\s*(t|time|times?tamps?|date|datetime|sec(ond)?s?|m?s|zeit|epoch|clock)\b", re.IGNORECASE)
ONWARD = 0.9
"""Share of the steps in one direction that makes a column with such a name a time."""


def uneven_time(times: ArrayLike) -> list[Oddity]:
    """Whether times (T,), in any unit, are unevenly spaced: jitter, pauses, repeats, steps back. O(T log T)."""
    t = np.asarray(times, np.float64)
    t = t[np.isfinite(t)]
    if len(t) < 3:
        return []
    steps = np.diff(t)
    steps = -steps if np.median(steps) < 0 else steps
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    if usual == 0:
        return [Oddity(CODE, None, "the time never changes", "give the interval by --dt and leave the column out")]
    pauses, repeats, back = int((steps > PAUSE * usual).sum()), int((steps == 0).sum()), int((steps < 0).sum())
    jitter = int((np.abs(steps - usual) > TOLERANCE * usual).sum()) - pauses - repeats - back
    if not (pauses or repeats or back or jitter):
        return []
    kinds = [
        f"{rows(jitter)} off by more than {100 * TOLERANCE:g} % of a step" if jitter else "",
        f"{pauses:,} pause{'' if pauses == 1 else 's'} (the longest {steps.max() / usual:.3g} steps)" if pauses else "",
        f"{rows(repeats)} at the time of the row before" if repeats else "",
        f"{back:,} step{'' if back == 1 else 's'} back in time" if back else "",
    ]
    text = f"the time is not even (median step {usual:.6g}): {', '.join(kind for kind in kinds if kind)}"
    mend = "--resample brings the rows to even steps by lines between them"
    if back:
        mend = f"sort the rows by time, then {mend}"
    return [Oddity(CODE, None, text, mend, options=() if back else (("--resample", ""),))]


def time_column(values: NDArray[np.float64], names: Sequence[str]) -> int | None:
    """The column of (T, N) that is a time by its name and mostly goes on, or the first one if it always goes on."""
    for i, name in enumerate(names):
        steps = np.diff(values[:, i])
        onward = max(np.mean(steps >= 0), np.mean(steps <= 0)) if len(steps) else 0.0
        if np.ptp(values[:, i]) > 0 and ((NAMED.match(name) and onward >= ONWARD) or (i == 0 and onward == 1.0)):
            return i
    return None
