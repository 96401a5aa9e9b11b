"""Parts and their plain form: the object is its own configuration.

A *part* is a frozen dataclass of plain values, checked when it is made. In YAML, JSON and on the command line it is
written as its registry name with its fields, ``{set: {density: 0.05}}``, or as the name alone, ``set``. `build` reads
that form and reports all its problems at once; `plain` writes it, fully resolved; `identity` hashes it.
"""

from __future__ import annotations

import abc
import dataclasses
import hashlib
import inspect
import json
import types
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from sparsernn.errors import SpecError, close_to, nearest
from sparsernn.registry import Registry
from sparsernn.rules import Rule


def registry_of(family: type[Part]) -> Registry:
    """Return the registry by which a field annotated with `family` is read.

    For the root of a family that is its own registry. For an abstract class below a root (``AbstractRamp``, a kind of
    schedule) it is the registry of the root with only the members of that class; messages then call them by its name
    ("ramp").
    """
    return family.registry if "registry" in family.__dict__ else family.registry.below(family)


def scaling(*names: str, **how: Callable[[Any], Any]) -> Mapping[str, Callable[[Any], Any]]:
    """Make the value of `Part.scales`: which fields become operands, and how.

    Args:
        names: fields whose numbers become operands as they are.
        how: field to a function that turns its number into the operand, such as a density into two integers.

    >>> scaling("strength")["strength"](0.5)
    0.5
    """
    return types.MappingProxyType(dict.fromkeys(names, lambda value: value) | how)


class Checked:
    """Base of frozen dataclasses whose fields are converted and checked when an instance is made.

    Every value is converted to the type of its field (a list to a tuple, ``"1e-3"`` to a number, the plain form of a
    part to the part). Then all `rules` must hold. Otherwise a SpecError lists all problems at once.

    >>> from sparsernn.regularizers.l1 import L1
    >>> L1(strength="1e-3").strength
    0.001
    """

    rules: ClassVar[tuple[Rule, ...]] = ()
    """What must hold among the fields (`sparsernn.rules`)."""

    def __init_subclass__(cls, **how: Any) -> None:
        super().__init_subclass__(**how)
        fields = {name for base in cls.__mro__ for name in inspect.get_annotations(base)}
        for asked in {name for rule in cls.rules for name in rule.fields} - fields:
            raise TypeError(f"{cls.__name__}: a rule asks for {asked!r}, which is no field{nearest(asked, fields)}")

    def __post_init__(self) -> None:
        problems: list[str] = []
        values = _values(type(self), vars(self), "", problems)
        if problems:
            raise SpecError(problems)
        for name, value in values.items():
            object.__setattr__(self, name, value)


class Part(Checked, abc.ABC):
    """Base of every part: cells, tasks, sparsifiers, measures, and all others that a spec names.

    The root class of a family sets `registry`. Its members are frozen dataclasses of plain values. A field may be
    annotated with a root class or with an abstract class below it (see `registry_of`); it then holds any member.

    >>> from sparsernn.forcings.base import AbstractForcing
    >>> part = build(AbstractForcing, {"generalized": {"alpha": 0.2}})
    >>> part
    Generalized(alpha=0.2)
    >>> plain(part)
    {'generalized': {'alpha': 0.2}}
    """

    registry: ClassVar[Registry]
    """The names of the family's members."""
    scales: ClassVar[Mapping[str, Callable[[Any], Any]]] = scaling()
    """Fields that are only numbers in compiled code, written as ``scaling("strength")``. Another value of such a field
    needs no new compilation (`sparsernn.operands`)."""


PartT = TypeVar("PartT")
Plain = Any
"""A plain value as YAML and JSON have them: None, a truth value, a number, text, a list or a mapping of such."""
Hint = Any
"""A type hint as `typing.get_type_hints` gives it: a class, a union, ``tuple[X, ...]``, ..."""


# ---------------------------------------------------------------------------------------------------- plain -> parts


def build(kind: type[PartT], value: Plain, where: str = "") -> PartT:
    """Make a part (or a dataclass of parts) from its plain form.

    Args:
        kind: the class, or the root class of a family.
        value: the plain form: ``{"l1": {"strength": 1e-4}}``, or the name alone, ``"l1"``.
        where: put before the field names in messages.

    Raises:
        SpecError: one that lists every problem.
    """
    problems: list[str] = []
    result = _read(kind, value, where, problems)
    if problems:
        raise SpecError([p.removeprefix(": ") for p in problems])
    return result


def _at(where: str, name: str | int) -> str:
    return f"{where}.{name}" if where else str(name)


def _read(hint: Hint, value: Plain, where: str, problems: list[str]) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _read_union(get_args(hint), value, where, problems)
    if origin is tuple and _mentions_part(hint):
        if not isinstance(value, list | tuple):
            problems.append(f"{where}: expected a list, got {value!r}")
            return ()
        inner = get_args(hint)[0]
        return tuple(_read(inner, item, _at(where, i), problems) for i, item in enumerate(value))
    if inspect.isclass(hint) and _is_structured(hint):
        if isinstance(value, hint):
            return value
        if "from_plain" in hint.__dict__:
            short, value = value, hint.from_plain(value)  # type: ignore[attr-defined]
            if value is not short:
                return _read_short(hint, short, value, where, problems)
        if issubclass(hint, Part) and ("registry" in hint.__dict__ or inspect.isabstract(hint)):
            return _read_named(hint, value, where, problems)
        return _call(hint, value, where, problems)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) and bool not in _leaves(hint) and Any not in _leaves(hint):
        problems.append(f"{where}: expected {getattr(hint, '__name__', hint)}, got {value!r}")
        return None
    try:
        return _adapter(hint).validate_python(value)
    except ValidationError as error:
        for e in error.errors(include_url=False):
            place = ".".join([where, *(str(p) for p in e["loc"] if isinstance(p, int))])
            problems.append(f"{place}: {e['msg'][0].lower()}{e['msg'][1:]}, got {e['input']!r}")
        return None


def _read_short(hint: Hint, short: Plain, value: Plain, where: str, problems: list[str]) -> Any:
    """Read what a short form stands for. Problems name places in the short form, which is what the user has written."""
    attempt: list[str] = []
    result = _call(hint, value, where, attempt)
    for name, inner in value.items():
        long = _at(where, name) + (".0" if inner == [short] else "")
        attempt = [where + p.removeprefix(long) if p.startswith(long) else p for p in attempt]
    problems += attempt
    return result


@cache
def _adapter(hint: Hint) -> TypeAdapter:
    return TypeAdapter(hint, config=ConfigDict(allow_inf_nan=False))


def _is_structured(cls: type) -> bool:
    return issubclass(cls, Part) or dataclasses.is_dataclass(cls)


def _mentions_part(hint: Hint) -> bool:
    if inspect.isclass(hint):
        return _is_structured(hint)
    return any(_mentions_part(a) for a in get_args(hint))


def _read_union(arms: tuple[Hint, ...], value: Plain, where: str, problems: list[str]) -> Any:
    """Read a value by the first type of a union that accepts it; parts are tried before plain types.

    If none accepts it, the problems of the part are reported, or, in a union of plain types, those of all types.
    """
    if value is None and type(None) in arms:
        return None
    attempts: list[list[str]] = []
    number = isinstance(value, int | float)  # then the plain arms are meant
    arms = tuple(sorted((a for a in arms if a is not type(None)), key=lambda a: _mentions_part(a) == number))
    for arm in arms:
        attempts.append([])
        result = _read(arm, value, where, attempts[-1])
        if not attempts[-1]:
            return result
    plain_only = len(arms) > 1 and not any(map(_mentions_part, arms))
    problems += ["; or ".join(dict.fromkeys(p for a in attempts for p in a))] if plain_only else attempts[0]
    return None


def _read_named(family: type[Part], value: Plain, where: str, problems: list[str]) -> Any:
    registry = registry_of(family)
    if isinstance(value, str):
        value = {value: {}}
    if not isinstance(value, Mapping) or len(value) != 1:
        problems.append(
            f"{where}: expected one {registry.word} as its name or {{name: {{field: value}}}}, got {value!r}; "
            f"known: {', '.join(sorted(registry.names()))}"
        )
        return None
    (name, fields), *_ = value.items()
    try:
        member = registry.resolve(str(name))
    except SpecError as error:
        problems += [f"{where}: {p}" for p in error.problems]
        return None
    return _call(member, {} if fields is None else fields, _at(where, str(name)), problems)


def _call(member: Any, fields: Plain, where: str, problems: list[str]) -> Any:
    """Call a part's class or preset function with fields that are read by their type hints; collect problems."""
    if not isinstance(fields, Mapping):
        problems.append(f"{where}: expected fields as {{name: value}}, got {fields!r}")
        return None
    parameters = inspect.signature(member).parameters
    before = len(problems)
    problems += [
        f"{_at(where, str(name))}: unknown field{nearest(str(name), parameters)}"
        for name in fields
        if name not in parameters
    ]
    problems += [
        f"{_at(where, name)}: missing; give a value"
        for name, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty and name not in fields
    ]
    meant = {close for name in fields if name not in parameters for close in close_to(str(name), parameters)}
    values = _values(member, {name: fields[name] for name in parameters if name in fields}, where, problems, meant)
    if inspect.isabstract(member):
        missing = ", ".join(sorted(member.__abstractmethods__))
        problems.append(f"{where}: {member.__name__} is not finished: it has no {missing}")
    if len(problems) > before:
        return None
    try:
        return member(**values)
    except SpecError as error:
        problems += [f"{where}: {p}" if where else p for p in error.problems]
        return None


def _values(
    member: Callable[..., Any], given: Mapping[str, Plain], where: str, problems: list[str], meant: Iterable[str] = ()
) -> dict[str, Any]:
    """Read the given fields of a class or preset by their type hints; collect problems of values and of rules.

    A rule is checked if all its fields have a value, given or by default. A field in `meant` takes no default: a
    misspelled name was probably meant for it.
    """
    hints, values = _hints(member), {}
    for name, value in given.items():
        attempt: list[str] = []
        values[name] = _read(hints[name], value, _at(where, name), attempt)
        if attempt:
            del values[name]
        problems += attempt
    known = {name: default for name, default in defaults_of(member).items() if name not in {*given, *meant}} | values
    broken = [rule.broken(known) for rule in getattr(member, "rules", ())]
    problems += [f"{where}: {sentence}" if where else sentence for sentence in broken if sentence]
    return values


@cache
def _hints(member: Callable[..., Any]) -> dict[str, Hint]:
    return get_type_hints(member)


@cache
def defaults_of(member: Callable[..., Any]) -> dict[str, Any]:
    """Return name to default value, for the fields of a class or the parameters of a preset that have a default."""
    if not dataclasses.is_dataclass(member):
        parameters = inspect.signature(member).parameters.values()
        return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}
    found = {}
    for field in dataclasses.fields(member):
        if field.default is not dataclasses.MISSING:
            found[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = field.default_factory()
    return found


# ---------------------------------------------------------------------------------------------------- parts -> plain


def plain(value: object) -> Plain:
    """Return the plain form of a part, in JSON types, with every field written out.

    `build` makes an equal part of it. Mappings, lists and tuples of parts are converted item by item.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
        if isinstance(value, Part):
            return {type(value).registry.name_of(type(value)): fields}
        return fields
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, Path):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value


@cache
def _leaves(hint: Hint) -> frozenset[Hint]:
    """Return the types that a hint is made of: int and None for ``int | None``."""
    arguments = get_args(hint)
    return frozenset().union(*(_leaves(a) for a in arguments)) if arguments else frozenset([hint])


def identity(value: object) -> str:
    """Return the sha256 (hex) of a part's plain form.

    It is taken of canonical JSON: sorted keys, no spaces, the shortest exact form of floats.
    """
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
