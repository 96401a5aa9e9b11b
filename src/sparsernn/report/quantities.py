"""What a report leads with: the quantities of a kind of work, their floors and ceilings, and which way is better."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from sparsernn.errors import Undefined
from sparsernn.report.runs import Number, Training

REFERENCE = "score/reference: "


class Quantity(NamedTuple):
    """`key` in ``Training.test``; `floor` and `ceiling` are keys, a known number, or None where there is none."""

    key: str
    name: str
    unit: str
    better: Literal["lower", "higher"]
    floor: str | None = None
    ceiling: str | float | None = None

    def bound(self, training: Training, which: Literal["floor", "ceiling"]) -> Number | None:
        """The floor or ceiling that goes with one training's value."""
        place = self.floor if which == "floor" else self.ceiling
        return training.test.get(place) if isinstance(place, str) else place

    @property
    def axis(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name


RECONSTRUCTION = (
    Quantity(
        "reconstruction/d_stsp",
        "D_stsp",
        "nats",
        "lower",
        "reconstruction/d_stsp_floor",
        "reconstruction/d_stsp_ceiling",
    ),
    Quantity("reconstruction/d_h", "D_H", "0 to 1", "lower", "reconstruction/d_h_floor", 1.0),
    Quantity("reconstruction/prediction_error", "prediction error", "sd²", "lower"),
)
BESIDE = {
    "reconstruction/largest_exponent": "largest exponent",
    "reconstruction/largest_exponent_true": "true exponent",
}
"""Numbers with no better end, shown beside the leading ones where any training has them."""
HIGHER = ("accuracy",)


def quantities(trainings: Iterable[Training]) -> tuple[Quantity, ...]:
    """Those of a reconstruction where any training has them, else the task's scores; empty if nothing is measured."""
    trainings = list(trainings)
    known = dict.fromkeys(key for t in trainings for key in t.test)
    found = tuple(q for q in RECONSTRUCTION if q.key in known)
    if found:
        return found
    scores = [key for key in known if key.startswith("score/") and not key.startswith(REFERENCE)]
    if "score/mse" in scores:  # then the loss is the same number
        scores.remove("score/loss")
    named = [Quantity(k, k.removeprefix("score/"), "", "higher" if k.endswith(HIGHER) else "lower") for k in scores]
    return tuple(sorted(named, key=lambda q: (q.better != "higher", q.name == "loss")))


def beside_the_leading(trainings: Iterable[Training]) -> dict[str, str]:
    """Key to name of further numbers for the summary: those of which any training has one."""
    found = [training.test for training in trainings]
    defined = lambda key: any(key in test and not isinstance(test[key], Undefined) for test in found)
    return {key: name for key, name in BESIDE.items() if defined(key)}


def trivial(trainings: Iterable[Training]) -> dict[str, dict[str, Number]]:
    """Trivial predictors of the task: name to ``{key of a score: number}``."""
    found: dict[str, dict[str, Number]] = {}
    for training in trainings:
        for key, value in training.test.items():
            if key.startswith(REFERENCE):
                score, _, name = key.removeprefix(REFERENCE).partition(" of ")
                found.setdefault(name, {})[f"score/{score}"] = value
    return found


def is_undefined(value: Number | None) -> bool:
    """Whether there is no number to draw."""
    return value is None or isinstance(value, Undefined)
