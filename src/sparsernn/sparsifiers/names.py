"""What a sparsifier is called in reports: the preset it is an instance of, else what it is made of."""

from __future__ import annotations

import dataclasses
import inspect
from functools import cache
from typing import Any

from sparsernn.sparsifiers.base import AbstractSparsifier
from sparsernn.sparsifiers.composed import Composed
from sparsernn.spec import Part

FREE = ("where", "start", "scope")
"""Fields that a method leaves open."""
WRITTEN = {"set": "SET", "rigl": "RigL", "granet": "GraNet", "snip": "SNIP", "deepr": "DeepR"}
"""Names that are not written as in a spec."""


def method_name(sparsifier: AbstractSparsifier) -> str:
    """``geometric``, ``SET``, ``RigL``, ``rewired (drop magnitude, grow random)``.

    A preset's name is given to what differs from it in numbers only, and in where it acts: another kind of schedule,
    drop, growth or redistribution is another method.
    """
    registry = AbstractSparsifier.registry
    for name in registry.names():
        preset = registry.resolve(name)
        if not inspect.isclass(preset) and _alike(_made(preset), sparsifier):
            return WRITTEN.get(name, name.replace("_", " "))
    name = registry.name_of(type(sparsifier))
    if isinstance(sparsifier, Composed):
        drop, schedule = _name(sparsifier.drop), _name(sparsifier.schedule)
        grow = getattr(sparsifier, "grow", None)
        if grow is None:
            return drop if sparsifier.by_rounds else f"{drop}, {schedule}"
        return f"rewired (drop {drop}, grow {_name(grow)}, {schedule})"
    return WRITTEN.get(name, name.replace("_", " "))


@cache
def _made(preset: Any) -> Any:
    """What a preset returns by default; made once, for a report names every run."""
    try:
        return preset()
    except TypeError:  # a preset of a user's that has no defaults
        return None


def _alike(one: Any, two: Any) -> bool:
    """Whether two parts are of the same classes down to their last part, and equal in all that is no number."""
    if isinstance(one, Part) or isinstance(two, Part):
        names = [f.name for f in dataclasses.fields(one) if f.name not in FREE] if type(one) is type(two) else None
        return names is not None and all(_alike(getattr(one, n), getattr(two, n)) for n in names)
    return (_is_number(one) and _is_number(two)) or one == two


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _name(part: Part) -> str:
    return part.registry.name_of(type(part)).replace("_", " ")
