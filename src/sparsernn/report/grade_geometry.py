"""The grade that D_stsp alone gives, by where it lies between floor and ceiling."""

from __future__ import annotations

from typing import NamedTuple

from sparsernn.errors import Undefined
from sparsernn.report.grade_numbers import EXCELLENT, FAILED, GOOD, PARTIAL, UNDECIDABLE, Numbers, percent, times
from sparsernn.report.text import short

SPREAD, CLOSE = 2.0, 0.25
"""Within the floor's spread: up to 2 sd above it, where single true runs lie too; at least a quarter of it (five true
runs tell their sd badly, two halves none)."""
TIMES, MISSED = 2.0, 0.05
"""Good: at most twice the floor (a floor from two halves is off by about that), or a twentieth of the places missed."""
LARGEST_TIMES = 10.0
"""Beyond so many times the floor the share of the way tells more."""
MOST_GOOD = 0.25
"""Never good: a quarter of the way or more, however high the floor or a copy of the training data."""
HALF = 0.5
"""Failed: half of the places missed. The same of a copy of the training data: the recording drifts."""
HIGH_FLOOR = 0.25
"""Undecidable: a perfect model would already look as if it missed a quarter of the places, or one of six such models
would (the floor and its sd together)."""


class Geometry(NamedTuple):
    """The rank that D_stsp alone gives, why, and what is still worth saying (`aside`) where something else has shown
    that the network fails: never that D_stsp cannot tell."""

    rank: int
    reasons: list[str]
    aside: list[str]


def geometry(look: Numbers) -> Geometry:
    """The grade that D_stsp alone gives."""
    value, floor, ceiling = look.get("d_stsp"), look.known("d_stsp_floor"), look.known("d_stsp_ceiling")
    if value is None:
        return Geometry(UNDECIDABLE, ["D_stsp is not measured."], [])
    if isinstance(value, Undefined):
        return _sure(FAILED, f"D_stsp does not exist: {value}.")
    said = f"D_stsp {short(value)}"
    if ceiling is None or ceiling <= 0:
        return Geometry(
            UNDECIDABLE, [f"{said} has no ceiling to be held against: the data are too odd for D_stsp."], []
        )
    if floor is None or floor >= ceiling:
        if floor is None and value >= HALF * ceiling:
            return _sure(FAILED, f"{said} is near the ceiling ({short(ceiling)}).")
        why = "the floor is not known" if floor is None else f"the floor ({short(floor)}) is as high as the ceiling"
        return Geometry(UNDECIDABLE, [f"{said} cannot be judged: {why}."], [])
    floor = max(floor, 0.0)
    way = ceiling - floor
    share = min(max(0.0, (value - floor) / way), 1.0)
    copy = look.known("d_stsp_of_training_data")
    drift = 0.0 if copy is None else max(0.0, (copy - floor) / way)
    sd = look.known("d_stsp_floor_sd")
    spread = max(SPREAD * (sd or 0.0), CLOSE * floor)
    good = max(TIMES * floor, floor + MISSED * way, copy or 0.0)
    good = min(good, floor + MOST_GOOD * way)
    bounds = f"floor {short(floor)}{f' ± {short(sd)}' if sd else ''}, ceiling {short(ceiling)}"
    if value <= min(floor + spread, good):
        found, why = EXCELLENT, f"{said} lies within the spread of the floor ({bounds})."
    elif value <= good:
        found = GOOD
        far = f"{percent(share)} of the way from there to the ceiling"  # hundreds of times next to nothing is little
        over = f"{times(value / floor)} times the floor" if 0 < value <= LARGEST_TIMES * floor else far
        why = f"{said} is near the floor: {over} ({bounds})."
        if copy is not None and value <= copy and value > max(TIMES * floor, floor + MISSED * way):
            why = f"{said} is no more than what a copy of the training data would score ({short(copy)}; {bounds})."
    elif share < HALF:
        found, why = PARTIAL, f"{said} is {percent(share)} of the way from floor to ceiling ({bounds})."
    else:
        found, why = FAILED, f"{said} is {percent(share)} of the way to the ceiling ({bounds})."
    if drifts(look) and found < GOOD:
        drift_said = (
            f"The recording drifts: a copy of the training stretch would score {short(copy or 0.0)} on the test "
            f"stretch, near the ceiling ({short(ceiling)})"
        )
        blind = f"{drift_said}, so D_stsp cannot tell a good model from a bad one."
        return Geometry(UNDECIDABLE, [blind, why], [f"{drift_said}."])
    if high_floor(look) and found > FAILED:
        told = f"{short(floor)}{f' ± {short(sd)}' if sd else ''} under a ceiling of {short(ceiling)}"
        high = (
            f"The floor is high ({told}; a short recording, or too many columns): D_stsp cannot tell a perfect model "
            "from a bad one."
        )
        where = f"{said} lies {'below' if value < floor else 'at' if share == 0 else 'above'} it."
        return Geometry(UNDECIDABLE, [high, where], [])
    reasons = [why]
    if drift > MISSED:
        reasons.append(
            f"The recording changes slowly: a copy of the training stretch would score {short(copy or 0.0)}."
        )
    return _sure(found, *reasons)


def _sure(rank: int, *reasons: str) -> Geometry:
    return Geometry(rank, list(reasons), list(reasons))


def high_floor(look: Numbers) -> bool:
    """Whether a perfect model, or one in six of them, would seem to miss a quarter of the places."""
    floor, ceiling = look.known("d_stsp_floor"), look.known("d_stsp_ceiling")
    if floor is None or ceiling is None or ceiling <= 0:
        return False
    return max(floor, 0.0) + (look.known("d_stsp_floor_sd") or 0.0) >= HIGH_FLOOR * ceiling


def doubtful(look: Numbers) -> bool:
    """Whether the data leave D_stsp little to tell: they drift, or its floor is high."""
    return drifts(look) or high_floor(look)


def drifts(look: Numbers) -> bool:
    """Whether a copy of the training stretch would miss half of the places of the test stretch."""
    copy, floor, ceiling = (look.known(key) for key in ("d_stsp_of_training_data", "d_stsp_floor", "d_stsp_ceiling"))
    if copy is None or floor is None or ceiling is None or floor >= ceiling:
        return False
    return copy - max(floor, 0.0) >= HALF * (ceiling - max(floor, 0.0))
