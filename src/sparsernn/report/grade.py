"""One grade for one network, from its numbers: excellent, good, partial, failed, or undecidable.

D_stsp gives the grade by where it lies between floor and ceiling; everything else can only lower it. Under binning a
share s of the data's places that a run never visits adds about s times the ceiling, so "5 % of the way" reads as "a
twentieth of the places is missed".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sparsernn.errors import Undefined
from sparsernn.report.text import short

Number = float | Undefined

GRADES = ("failed", "undecidable", "partial", "good", "excellent")
"""From worst to best. What cannot be told stands above what is known to have failed."""
FAILED, UNDECIDABLE, PARTIAL, GOOD, EXCELLENT = range(5)

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
SCATTER = 0.25
"""More than this share of the way as sd over starts: whether it works depends on where it starts."""
SPECTRUM_GOOD, SPECTRUM_EXCELLENT = 0.25, 0.1
"""D_H above its floor. A quarter: most of the power lies elsewhere (a wrong rhythm gives 0.4 and more)."""
SPECTRUM_NONE = 0.5
"""Failed, where nothing is predicted either: rows in any order, or noise of the same shape, have that D_H above its
floor (0.6 to 0.9), and places enough for a small D_stsp."""
EXPONENT_EXCELLENT, EXPONENT_GOOD = 0.5, 1.0
"""Relative error of the largest exponent. At 1 a chaotic system has become a regular one (or twice as chaotic); finite
runs of one system scatter by up to half for weak chaos."""
LOST = 0.5
"""Half of the free runs stood still or left: the network does not go on by itself."""
LOSSES = {
    "collapsed": "stood still",
    "frozen": "had a column that stood still",
    "escaped": "left the range of the data",
}
ORDER = "reconstruction/"
TRIVIAL = {"mean": "the mean", "persistence": "the last value"}


class Grade(NamedTuple):
    """`grade` is one of `GRADES`, `reasons` short sentences, the deciding ones first."""

    grade: str
    reasons: tuple[str, ...]

    @property
    def rank(self) -> int:
        return GRADES.index(self.grade)


def grade(numbers: Mapping[str, Number]) -> Grade:
    """The grade of a network from the numbers of the measures `reconstruction` and `baselines` on the test stretch.

    `numbers`: flat keys as in ``Training.test`` ("reconstruction/d_stsp", "baselines/mean/error_at_1"); those of
    `reconstruction` may stand without their prefix. Not measured (missing) and `Undefined` differ: what was not
    measured cannot tell, a D_stsp that does not exist belongs to a run that never comes near the data. Monotone: a
    smaller D_stsp, sd over starts, D_H, error, distance of exponents, or share of lost runs never lowers the grade.
    """
    look = _Numbers(numbers)
    geometry, reasons = _geometry(look)
    lost = _lost(look)
    limits = sorted(
        [*_scatter(look), *_spectrum(look), *_prediction(look), *_exponent(look), *_lifeless(look)],
        key=lambda limit: limit[0],
    )
    rank = min([geometry, *(limit for limit, _ in (*lost, *limits))])
    deciding = [why for limit, why in limits if limit < geometry]
    beside = [why for limit, why in limits if limit >= geometry]
    return Grade(GRADES[rank], (*(why for _, why in lost), *deciding, *reasons, *beside))


def of_seeds(grades: Iterable[Grade]) -> Grade:
    """One for several seeds: the median seed's (of two middle ones the worse), with a sentence where seeds differ.

    A single bad seed does not condemn a recipe and a single good one does not make it; the worst is said.
    """
    ordered = sorted(grades, key=lambda g: g.rank)
    if not ordered:
        return Grade("undecidable", ("Nothing is measured yet.",))
    middle = ordered[(len(ordered) - 1) // 2]
    if ordered[0].rank == ordered[-1].rank:
        return middle
    counts = [(name, sum(g.grade == name for g in ordered)) for name in reversed(GRADES)]
    said = ", ".join(f"{count} {name}" for name, count in counts if count)
    return Grade(middle.grade, (f"The median of {len(ordered)} seeds: {said}.", *middle.reasons))


class _Numbers:
    """Numbers by short key; None where there are none. What is not finite does not exist."""

    def __init__(self, numbers: Mapping[str, Number]):
        self.given = numbers

    def get(self, key: str) -> Number | None:
        value = self.given.get(ORDER + key, self.given.get(key))
        if value is None or isinstance(value, Undefined):
            return value
        return float(value) if math.isfinite(value) else Undefined("it is not finite")

    def known(self, key: str) -> float | None:
        value = self.get(key)
        return None if value is None or isinstance(value, Undefined) else value

    def share(self, key: str) -> float:
        return self.known(key) or 0.0


def _geometry(look: _Numbers) -> tuple[int, list[str]]:
    """The grade that D_stsp alone gives, and why."""
    value, floor, ceiling = look.get("d_stsp"), look.known("d_stsp_floor"), look.known("d_stsp_ceiling")
    if value is None:
        return UNDECIDABLE, ["D_stsp is not measured."]
    if isinstance(value, Undefined):
        return FAILED, [f"D_stsp does not exist: {value}."]
    said = f"D_stsp {short(value)}"
    if ceiling is None or ceiling <= 0:
        return UNDECIDABLE, [f"{said} has no ceiling to be held against: the data are too odd for D_stsp."]
    if floor is None or floor >= ceiling:
        if floor is None and value >= HALF * ceiling:
            return FAILED, [f"{said} is near the ceiling ({short(ceiling)})."]
        why = "the floor is not known" if floor is None else f"the floor ({short(floor)}) is as high as the ceiling"
        return UNDECIDABLE, [f"{said} cannot be judged: {why}."]
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
        far = f"{_percent(share)} of the way from there to the ceiling"  # hundreds of times next to nothing is little
        times = f"{_times(value / floor)} times the floor" if 0 < value <= LARGEST_TIMES * floor else far
        why = f"{said} is near the floor: {times} ({bounds})."
        if copy is not None and value <= copy and value > max(TIMES * floor, floor + MISSED * way):
            why = f"{said} is no more than what a copy of the training data would score ({short(copy)}; {bounds})."
    elif share < HALF:
        found, why = PARTIAL, f"{said} is {_percent(share)} of the way from floor to ceiling ({bounds})."
    else:
        found, why = FAILED, f"{said} is {_percent(share)} of the way to the ceiling ({bounds})."
    if _drifts(look) and found < GOOD:
        drifts = (
            f"The recording drifts: a copy of the training stretch would score {short(copy or 0.0)} on the test "
            f"stretch, near the ceiling ({short(ceiling)}), so D_stsp cannot tell a good model from a bad one."
        )
        return UNDECIDABLE, [drifts, why]
    if floor + (sd or 0.0) >= HIGH_FLOOR * ceiling and found > FAILED:
        told = f"{short(floor)}{f' ± {short(sd)}' if sd else ''} under a ceiling of {short(ceiling)}"
        high = (
            f"The floor is high ({told}; a short recording, or too many columns): D_stsp cannot tell a perfect model "
            "from a bad one."
        )
        return UNDECIDABLE, [high, f"{said} lies {'below' if value < floor else 'at' if share == 0 else 'above'} it."]
    reasons = [why]
    if drift > MISSED:
        reasons.append(
            f"The recording changes slowly: a copy of the training stretch would score {short(copy or 0.0)}."
        )
    return found, reasons


def _drifts(look: _Numbers) -> bool:
    """Whether a copy of the training stretch would miss half of the places of the test stretch."""
    copy, floor, ceiling = (look.known(key) for key in ("d_stsp_of_training_data", "d_stsp_floor", "d_stsp_ceiling"))
    if copy is None or floor is None or ceiling is None or floor >= ceiling:
        return False
    return copy - max(floor, 0.0) >= HALF * (ceiling - max(floor, 0.0))


def _lost(look: _Numbers) -> list[tuple[int, str]]:
    """Free runs that stood still or left. On a recording that drifts, leaving the test stretch's range alone proves
    nothing of a network that predicts."""
    found: list[tuple[int, str]] = []
    for key, word in LOSSES.items():
        share = look.share(key)
        if share <= 0 or (key == "frozen" and share <= look.share("collapsed")):
            continue
        limit = FAILED if share >= LOST else PARTIAL
        if key == "escaped" and limit == FAILED and _drifts(look) and _predicts(look):
            limit = UNDECIDABLE
        runs = "All of its free runs" if share >= 1 else f"Of its free runs {_percent(share)}"
        found.append((limit, f"{runs} {word}."))
    return found


def _scatter(look: _Numbers) -> list[tuple[int, str]]:
    sd, floor, ceiling = (look.known(key) for key in ("d_stsp_sd", "d_stsp_floor", "d_stsp_ceiling"))
    if sd is None or floor is None or ceiling is None or ceiling <= floor:
        return []
    if sd > SCATTER * (ceiling - floor):
        return [(PARTIAL, f"It depends on the start: D_stsp has an sd of {short(sd)} over starts.")]
    if sd > max(floor, SPREAD * (look.known("d_stsp_floor_sd") or 0.0)):
        return [(GOOD, f"D_stsp has an sd of {short(sd)} over starts, more than the floor ({short(floor)}).")]
    return []


def _spectrum(look: _Numbers) -> list[tuple[int, str]]:
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
    if above > SPECTRUM_GOOD:
        return [(PARTIAL, f"Its rhythms differ from those of the data: {said}.")]
    if above > SPECTRUM_EXCELLENT:
        return [(GOOD, f"Its rhythms differ a little from those of the data: {said}.")]
    return [(EXCELLENT, f"Its rhythms are those of the data: {said}.")]


def _of_the_data(d_h: Number) -> bool:
    """Whether it is the data that have no spectrum (too short, say), which says nothing of the network."""
    return isinstance(d_h, Undefined) and d_h.startswith("in the reference")


def horizons(numbers: Mapping[str, Number], prefix: str) -> dict[int, Number]:
    """Steps ahead to error, ascending, of the keys ``<prefix>error_at_<steps>``."""
    start = f"{prefix}error_at_"
    found = {key.removeprefix(start): value for key, value in numbers.items() if key.startswith(start)}
    return {steps: found[str(steps)] for steps in sorted(int(s) for s in found if s.isdigit())}


def _against_trivial(look: _Numbers) -> dict[str, float]:
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


def _steps(look: _Numbers) -> list[int]:
    return list(dict.fromkeys([*horizons(look.given, ORDER), *horizons(look.given, "")]))


def _predicts(look: _Numbers) -> bool:
    return min(_against_trivial(look).values(), default=math.inf) < 1


def _prediction(look: _Numbers) -> list[tuple[int, str]]:
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


def _lifeless(look: _Numbers) -> list[tuple[int, str]]:
    """Neither the rhythms of the data nor any of their future: places alone are no reconstruction of a system."""
    value, ratios = look.get("d_h"), _against_trivial(look)
    if value is None or _of_the_data(value) or not ratios or min(ratios.values()) < 1:
        return []
    if not isinstance(value, Undefined) and value - (look.known("d_h_floor") or 0.0) <= SPECTRUM_NONE:
        return []
    return [
        (FAILED, "It has neither the rhythms of the data nor any of their future: noise of the same shape would do.")
    ]


def _exponent(look: _Numbers) -> list[tuple[int, str]]:
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


def _percent(share: float) -> str:
    """A share as whole percents, never rounded to nothing or to everything."""
    if 0 < share < 0.01:
        return "less than 1 %"
    if 0.99 < share < 1:
        return "99 %"
    return f"{share:.0%}".replace("%", " %")


def _times(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"
