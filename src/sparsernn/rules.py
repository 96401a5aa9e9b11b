"""What must hold among the fields of a part.

A class lists its `rules`. Each can be checked alone, as soon as the fields that it names have values. So a reader is
told of all problems of a part at once, also where other fields of it are wrong.

    rules = (at_least(1, "hidden"), holds(lambda begin, end: begin < end, "begin must be below end, got {begin}"))
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Rule(NamedTuple):
    """A condition on some fields of a part. It is made by one of the functions below.

    Args:
        fields: names of the fields that `check` takes.
        check: called with these fields by name; true if the rule holds.
        sentence: what is wrong if it does not: text with ``{field}`` for values, or a function of the fields.

    >>> at_least(1, "hidden").broken({"hidden": 0})
    'hidden must be at least 1, got 0'
    """

    fields: tuple[str, ...]
    check: Callable[..., bool]
    sentence: str | Callable[..., str]

    def broken(self, values: Mapping[str, Any]) -> str | None:
        """Return the sentence if the rule does not hold; None if it does, or if one of its fields has no value."""
        if not values.keys() >= set(self.fields):
            return None
        mine = {name: values[name] for name in self.fields}
        if self.check(**mine):
            return None
        return self.sentence.format(**mine) if isinstance(self.sentence, str) else self.sentence(**mine)


def holds(check: Callable[..., Any], sentence: str | Callable[..., str]) -> Rule:
    """Make a rule from a function of some fields; its parameters are their names.

    `sentence` says what is wrong, with ``{field}`` for values, or makes that sentence from the same fields:
    ``holds(lambda begin, end: begin < end, "begin must be below end, got {begin} and {end}")``.
    """
    return Rule(tuple(inspect.signature(check).parameters), check, sentence)


def at_least(lowest: float, field: str) -> Rule:
    """Make the rule that a field is not below `lowest`. None is allowed."""
    wanted = "not be negative" if lowest == 0 else f"be at least {lowest}"
    return Rule((field,), _of_one(field, lambda x: x >= lowest), f"{field} must {wanted}, got {{{field}}}")


def positive(field: str) -> Rule:
    """Make the rule that a field is above 0. None is allowed."""
    return Rule((field,), _of_one(field, lambda x: x > 0), f"{field} must be positive, got {{{field}}}")


def within(interval: str, field: str) -> Rule:
    """Make the rule that a field lies in an interval, written as in mathematics. None is allowed.

    >>> within("(0, 1]", "density").broken({"density": 0.0})
    'density must lie in (0, 1], got 0.0'
    """
    low, high = (float(end) for end in interval[1:-1].split(","))
    above = (lambda x: x >= low) if interval[0] == "[" else (lambda x: x > low)
    below = (lambda x: x <= high) if interval[-1] == "]" else (lambda x: x < high)
    check = _of_one(field, lambda x: above(x) and below(x))
    return Rule((field,), check, f"{field} must lie in {interval}, got {{{field}}}")


def _of_one(field: str, check: Callable[[Any], bool]) -> Callable[..., bool]:
    return lambda **values: values[field] is None or check(values[field])
