"""What a report leads with: the quantities that the measures of its runs name, their bounds, trivial predictors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from sparsernn.errors import Undefined
from sparsernn.quantity import Quantity
from sparsernn.report.runs import Number, Training

REFERENCE = "score/reference: "


def quantities(trainings: Iterable[Training]) -> tuple[Quantity, ...]:
    """Those with a better way that any training has, in the order of their measures; empty if nothing is measured."""
    return tuple(q for q in _leading(trainings) if q.better is not None)


def beside_the_leading(trainings: Iterable[Training]) -> dict[str, str]:
    """Key to name of further numbers for the summary: with no better way, and defined in any training."""
    trainings = list(trainings)
    defined = lambda key: any(not is_undefined(t.test.get(key)) for t in trainings)
    return {q.key: q.name for q in _leading(trainings) if q.better is None and defined(q.key)}


def _leading(trainings: Iterable[Training]) -> list[Quantity]:
    """Two of one name are told apart by their measures."""
    found = {q.key: q for t in trainings for q in t.quantities if q.leads and q.key in t.test}
    names = [q.name for q in found.values()]
    apart = lambda q: f"{q.name} ({q.key.partition('/')[0]})" if names.count(q.name) > 1 else q.name
    return [q._replace(title=apart(q)) for q in found.values()]


def bound(quantity: Quantity, training: Training, which: Literal["floor", "ceiling"]) -> Number | None:
    """The floor or ceiling that goes with one training's value."""
    place = quantity.floor if which == "floor" else quantity.ceiling
    return training.test.get(place) if isinstance(place, str) else place


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
