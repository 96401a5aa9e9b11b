"""One grade for one network, from its numbers: excellent, good, partial, failed, or undecidable.

D_stsp gives the grade by where it lies between floor and ceiling; everything else can only lower it. Under binning a
share s of the data's places that a run never visits adds about s times the ceiling, so "5 % of the way" reads as "a
twentieth of the places is missed".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sparsernn.report import grade_limits as limits
from sparsernn.report.grade_geometry import geometry
from sparsernn.report.grade_numbers import FAILED, GRADES, UNDECIDABLE, Number, Numbers


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
    look = Numbers(numbers)
    places = geometry(look)
    lost = limits.lost(look)
    kinds = (limits.scatter, limits.spectrum, limits.prediction, limits.exponent, limits.lifeless)
    others = sorted((limit for kind in kinds for limit in kind(look)), key=lambda limit: limit[0])
    rank = min([places.rank, *(limit for limit, _ in (*lost, *others))])
    deciding = [why for limit, why in others if limit < places.rank]
    beside = [why for limit, why in others if limit >= places.rank]
    reasons = places.aside if rank == FAILED and places.rank == UNDECIDABLE else places.reasons
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
