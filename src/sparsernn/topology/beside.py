"""A number beside what nulls have of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from sparsernn.errors import Undefined

Number = float | int | Undefined


class Beside(NamedTuple):
    """A number of a graph beside that of its nulls: mean, sd (n - 1), and ``z = (value - null_mean) / null_sd``."""

    value: Number
    null_mean: Number
    null_sd: Number
    z: Number


def beside(value: Number, drawn: Any, still: str = "") -> Beside:
    """Put a number beside those of its nulls.

    Args:
        value: of the graph.
        drawn: of the nulls, (nulls,); NaN where one has no such number. Those are left out.
        still: why all nulls have the graph's own number, where they must; z is then undefined for this reason.
    """
    drawn = np.asarray(drawn, dtype=float)
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < 2:
        none = value if isinstance(value, Undefined) else Undefined("nulls have no such number")
        return Beside(value, none, none, none)
    mean, sd = float(drawn.mean()), float(drawn.std(ddof=1))
    if isinstance(value, Undefined):
        return Beside(value, mean, sd, value)
    if sd <= 1e-12 * max(abs(mean), 1e-300):
        same = abs(value - mean) <= 1e-9 * max(abs(mean), 1)
        reason = "the null keeps it" if same else "all nulls have the same number, another than the graph's"
        return Beside(value, mean, 0.0, Undefined(still or reason))
    return Beside(value, mean, sd, (float(value) - mean) / sd)


def alone(value: Number, reason: str) -> Beside:
    """Return a number that is held against no nulls, with the reason."""
    none = Undefined(reason)
    return Beside(value, none, none, none)
