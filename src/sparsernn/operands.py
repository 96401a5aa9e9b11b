"""Parts that differ only in numbers share one compiled program: their numbers become arguments of it.

A part lists in `scales` the fields that are only numbers to compiled code, such as a learning rate. `split` takes these
numbers out. What is left, the skeleton, is equal for all parts that differ in nothing else, and compiled programs are
looked up by it. Inside the compiled function `join` puts the numbers, now traced, back in their places.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")


class _Operand:
    """Stands in a skeleton in place of a number."""

    def __repr__(self) -> str:
        return "<operand>"


OPERAND = _Operand()


@lru_cache(maxsize=256)
def split(value: T) -> tuple[T, tuple[Any, ...]]:
    """Split a part (or a frozen dataclass of parts) into its skeleton and its numbers, in the order of the fields.

    A field that is None stays in the skeleton: without the number other code is compiled. A skeleton is of use only to
    `join`: its numbers are missing and it has not been checked.

    >>> from sparsernn.forcings.generalized import Generalized
    >>> skeleton, numbers = split(Generalized(0.15))
    >>> skeleton == split(Generalized(0.3))[0], numbers
    (True, (0.15,))
    """
    numbers: list[Any] = []
    return _without(value, numbers), tuple(numbers)


def join(skeleton: T, numbers: tuple[Any, ...]) -> T:
    """Put the numbers back into a skeleton: the inverse of `split`. They may be traced; they are not checked."""
    return _with(skeleton, iter(numbers))


def _without(value: Any, numbers: list[Any]) -> Any:
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(_without(item, numbers) for item in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    scales = getattr(value, "scales", {})
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        own = getattr(value, field.name)
        if field.name in scales and own is not None:
            numbers.append(scales[field.name](own))
            fields[field.name] = OPERAND
        else:
            fields[field.name] = _without(own, numbers)
    return _made(type(value), fields)


def _with(value: Any, numbers: Iterator[Any]) -> Any:
    if value is OPERAND:
        return next(numbers)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(_with(item, numbers) for item in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    return _made(type(value), {f.name: _with(getattr(value, f.name), numbers) for f in dataclasses.fields(value)})


def _made(cls: type, fields: dict[str, Any]) -> Any:
    """Make an instance without checking its fields."""
    made: Any = object.__new__(cls)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made
