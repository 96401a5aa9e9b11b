"""What must hold among the fields of a part, so written that every rule can be asked by itself.

A class lists its `rules`; one whose fields have values is asked even while other fields of the same part are wrong, so
that a reader is told of all problems at once.

    rules = (at_least(1, "hidden"), holds(lambda begin, end: begin < end, "begin must be below end, got {begin}"))
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Rule(NamedTuple):
    """What must hold among some fields. Made by `holds` and its relatives, listed in the `rules` of a class."""

    fields: tuple[str, ...]
    check: Callable[..., bool]
    sentence: str | Callable[..., str]

    def broken(self, values: Mapping[str, Any]) -> str | None:
        """The sentence if the rule does not hold; None if it does, or if one of its fields has no value."""
        if not values.keys() >= set(self.fields):
            return None
        mine = {name: values[name] for name in self.fields}
        if self.check(**mine):
            return None
        return self.sentence.format(**mine) if isinstance(self.sentence, str) else self.sentence(**mine)


def holds(check: Callable[..., Any], sentence: str | Callable[..., str]) -> Rule:
    """A rule on the fields that `check` names as its parameters; `sentence` says what is wrong, with ``{field}`` for
    their values: ``holds(lambda begin, end: begin < end, "begin must be below end, got {begin} and {end}")``."""
    return Rule(tuple(inspect.signature(check).parameters), check, sentence)


def at_least(lowest: float, field: str) -> Rule:
    """A number that is not below `lowest`; None passes."""
    wanted = "not be negative" if lowest == 0 else f"be at least {lowest}"
    return Rule((field,), _of_one(field, lambda x: x >= lowest), f"{field} must {wanted}, got {{{field}}}")


def positive(field: str) -> Rule:
    """A number above 0; None passes."""
    return Rule((field,), _of_one(field, lambda x: x > 0), f"{field} must be positive, got {{{field}}}")


def within(interval: str, field: str) -> Rule:
    """A number in an interval written as in mathematics, ``within("(0, 1]", "density")``; None passes."""
    low, high = (float(end) for end in interval[1:-1].split(","))
    above = (lambda x: x >= low) if interval[0] == "[" else (lambda x: x > low)
    below = (lambda x: x <= high) if interval[-1] == "]" else (lambda x: x < high)
    check = _of_one(field, lambda x: above(x) and below(x))
    return Rule((field,), check, f"{field} must lie in {interval}, got {{{field}}}")


def _of_one(field: str, check: Callable[[Any], bool]) -> Callable[..., bool]:
    return lambda **values: values[field] is None or check(values[field])
