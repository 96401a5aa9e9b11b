"""What lowers the grade of D_stsp: runs that stop or leave, rhythms, predictions, exponents."""

from __future__ import annotations

import math

from sparsernn.errors import Undefined
from sparsernn.report.grade_geometry import SPREAD, doubtful, drifts
from sparsernn.report.grade_numbers import (
    EXCELLENT,
    FAILED,
    GOOD,
    ORDER,
    PARTIAL,
    UNDECIDABLE,
    Number,
    Numbers,
    horizons,
    percent,
)  # fmt: skip
from sparsernn.report.text import short

SCATTER = 0.25
"""More than this share of the way as sd over starts: whether it works depends on where it starts."""
SPECTRUM_GOOD, SPECTRUM_EXCELLENT = 0.25, 0.1
"""D_H above its floor. A quarter: most of the power lies elsewhere (a wrong rhythm gives 0.4 and more)."""
BLIND_CYCLES = 20
"""With fewer cycles in the test stretch a small D_H is no proof of the same rhythms (`blindness`)."""
SPECTRUM_NONE = 0.5
"""Failed, where nothing is predicted either: rows in any order, or noise of the same shape, have that D_H above its
floor (0.6 to 0.9), and places enough for a small D_stsp."""
EXPONENT_EXCELLENT, EXPONENT_GOOD = 0.5, 1.0
"""Relative error of the largest exponent. At 1 a chaotic system has become a regular one (or twice as chaotic); finite
runs of one system scatter by up to half for weak chaos."""
LOST = 0.5
"""Half of the free runs stood still or left: the network does not go on by itself."""
KEEPS_UP = 1.5
"""Times the error of the better of mean and last value up to which a network has lost nothing by leaving the range of a
stretch of a recording that drifts."""
LOSSES = {
    "collapsed": "stood still",
    "frozen": "had a column that stood still",
    "escaped": "left the range of the data",
}
TRIVIAL = {"mean": "the mean", "persistence": "the last value"}


def lost(look: Numbers) -> list[tuple[int, str]]:
    """Free runs that stood still or left. On a recording that drifts, leaving the test stretch's range alone proves
    nothing of a network that predicts as well as one can."""
    found: list[tuple[int, str]] = []
    for key, word in LOSSES.items():
        share = look.share(key)
        if share <= 0 or (key == "frozen" and share <= look.share("collapsed")):
            continue
        limit = FAILED if share >= LOST else PARTIAL
        if key == "escaped" and limit == FAILED and drifts(look) and _keeps_up(look):
            limit = UNDECIDABLE
        runs = "All of its free runs" if share >= 1 else f"Of its free runs {percent(share)}"
        found.append((limit, f"{runs} {word}."))
    return found


def scatter(look: Numbers) -> list[tuple[int, str]]:
    """D_stsp that depends on where the run starts."""
    sd, floor, ceiling = (look.known(key) for key in ("d_stsp_sd", "d_stsp_floor", "d_stsp_ceiling"))
    if sd is None or floor is None or ceiling is None or ceiling <= floor:
        return []
    if sd > SCATTER * (ceiling - floor):
        return [(PARTIAL, f"It depends on the start: D_stsp has an sd of {short(sd)} over starts.")]
    if sd > max(floor, SPREAD * (look.known("d_stsp_floor_sd") or 0.0)):
        return [(GOOD, f"D_stsp has an sd of {short(sd)} over starts, more than the floor ({short(floor)}).")]
    return []


def spectrum(look: Numbers) -> list[tuple[int, str]]:
    """Rhythms by D_H above its floor."""
    value = look.get("d_h")
    if value is None:
        return []
    if isinstance(value, Undefined):
        return [(EXCELLENT if _of_the_data(value) else PARTIAL, f"D_H does not exist: {value}.")]
    floor = look.known("d_h_floor")
    above = value - (floor or 0.0)
    said = f"D_H {short(value)}" + ("" if floor is None else f" (floor {short(floor)})")
    limit = PARTIAL if above > SPECTRUM_GOOD else GOOD if above > SPECTRUM_EXCELLENT else EXCELLENT
    if look.share("collapsed") >= LOST:  # what moved before it stood still is no rhythm
        return [(limit, f"{said} is that of runs on their way to a standstill and says little.")]
    cycles = look.known("cycles")
    if limit == EXCELLENT and cycles is not None and cycles < BLIND_CYCLES:
        few = f"{said} says little: the test stretch holds about {short(cycles)} cycles"
        return [(EXCELLENT, f"{few}, and spectra are smoothed over {BLIND_CYCLES}.")]
    if above > SPECTRUM_GOOD:
        return [(PARTIAL, f"Its rhythms differ from those of the data: {said}.")]
    if above > SPECTRUM_EXCELLENT:
        return [(GOOD, f"Its rhythms differ a little from those of the data: {said}.")]
    return [(EXCELLENT, f"Its rhythms are those of the data: {said}.")]


def _of_the_data(d_h: Number) -> bool:
    """Whether it is the data that have no spectrum (too short, say), which says nothing of the network."""
    return isinstance(d_h, Undefined) and d_h.startswith("in the reference")


def _against_trivial(look: Numbers) -> dict[str, float]:
    """Horizon to error over that of the better of mean and persistence, where all are known."""
    pairs: dict[str, tuple[Number | None, list[float]]] = {}
    for key in ["prediction_error", *(f"error_at_{h}" for h in _steps(look))]:
        beside = [b for name in TRIVIAL if (b := look.known(f"baselines/{name}/{key}")) is not None]
        pairs[key] = look.get(key), beside
    found = {}
    for key, (own, beside) in pairs.items():
        too_short = isinstance(own, Undefined) and "shorter" in own
        if own is not None and not too_short and beside and min(beside) > 0:
            found[key] = math.inf if isinstance(own, Undefined) else own / min(beside)
    return found


def _steps(look: Numbers) -> list[int]:
    return list(dict.fromkeys([*horizons(look.given, ORDER), *horizons(look.given, "")]))


def _keeps_up(look: Numbers) -> bool:
    """Whether it predicts about as well as mean or last value: of a random walk nobody predicts more."""
    return min(_against_trivial(look).values(), default=math.inf) < KEEPS_UP


def prediction(look: Numbers) -> list[tuple[int, str]]:
    """Chaos makes late errors of a perfect model twice those of the mean, so the best horizon counts where several are
    known; one late horizon alone lowers little."""
    own = look.get("prediction_error")
    found: list[tuple[int, str]] = []
    if isinstance(own, Undefined) and "shorter" not in own:
        found.append((PARTIAL, f"The prediction error does not exist: {own}."))
    ratios = _against_trivial(look)
    if not ratios:
        return found
    best = min(ratios.values())
    if best >= 1 and len(ratios) > 1:
        found.append((PARTIAL, "At no horizon it predicts better than the mean or the last value do."))
    elif best >= 1:
        found.append((GOOD, "It does not predict better than the mean and the last value do."))
    elif "prediction_error" in ratios and ratios["prediction_error"] < 1:
        said = f"{short(ratios['prediction_error'])} times that of the better of mean and last value"
        found.append((EXCELLENT, f"Its prediction error is {said}."))
    else:
        steps = int(next(key for key, ratio in ratios.items() if ratio == best).removeprefix("error_at_"))
        times = short(best)
        said = ("barely below" if times == "1" else f"{times} times") + " that of the better of mean and last value"
        found.append((EXCELLENT, f"Its prediction error {steps} step{'s' * (steps > 1)} ahead is {said}."))
    return found


def lifeless(look: Numbers) -> list[tuple[int, str]]:
    """Neither the rhythms of the data nor any of their future: places alone are no reconstruction of a system."""
    value, ratios = look.get("d_h"), _against_trivial(look)
    if value is None or _of_the_data(value) or not ratios or min(ratios.values()) < 1:
        return []
    if not isinstance(value, Undefined) and value - (look.known("d_h_floor") or 0.0) <= SPECTRUM_NONE:
        return []
    if doubtful(look):
        said = (
            "It has neither the rhythms of the data nor any of their future; there may be none to be learned from them."
        )
        return [(UNDECIDABLE, said)]
    return [
        (FAILED, "It has neither the rhythms of the data nor any of their future: noise of the same shape would do.")
    ]


def exponent(look: Numbers) -> list[tuple[int, str]]:
    """The largest exponent beside the true one, where that is known."""
    true, own = look.known("largest_exponent_true"), look.get("largest_exponent")
    if true is None or own is None or true == 0:
        return []
    if isinstance(own, Undefined):
        return [(PARTIAL, f"Its largest exponent does not exist ({own}); the true one is {short(true)}.")]
    off = abs(own - true) / abs(true)
    said = f"largest exponent {short(own)}, the true one {short(true)}"
    if off >= EXPONENT_GOOD:
        return [(PARTIAL, f"Neighbors part at another rate: {said}.")]
    if off > EXPONENT_EXCELLENT:
        return [(GOOD, f"Neighbors part at a somewhat other rate: {said}.")]
    return [(EXCELLENT, f"Neighbors part at about the right rate: {said}.")]
