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
    """By which a field annotated with `family` is read: the registry of its root; where `family` is an abstract class
    below a root (``AbstractRamp``, a schedule), those members that belong to it, under its name ("ramp")."""
    return family.registry if "registry" in family.__dict__ else family.registry.below(family)


def scaling(*names: str, **how: Callable[[Any], Any]) -> Mapping[str, Callable[[Any], Any]]:
    """For `Part.scales`: fields that become operands as they are, or by a function that brings them to integers."""
    return types.MappingProxyType(dict.fromkeys(names, lambda value: value) | how)


class Checked:
    """A frozen dataclass that is never wrong: every field is brought to its type (a list to a tuple, ``"1e-3"`` to a
    number, the plain form of a part to the part) and must keep the `rules`. SpecError with all problems."""

    rules: ClassVar[tuple[Rule, ...]] = ()

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
    """Base of every part. The root class of a family sets `registry`; its members are frozen dataclasses. What a field
    of an abstract class may be: see `registry_of`."""

    registry: ClassVar[Registry]
    scales: ClassVar[Mapping[str, Callable[[Any], Any]]] = scaling()
    """Fields that are only numbers to the compiled code, as ``scaling("strength")``: other values of them compile
    nothing anew (`sparsernn.operands`)."""


PartT = TypeVar("PartT")


# ---------------------------------------------------------------------------------------------------- plain -> parts


def build(kind: type[PartT], value: Any, where: str = "") -> PartT:
    """Read a part (or a dataclass of parts) from its plain form. Raises one SpecError that lists every problem."""
    problems: list[str] = []
    result = _read(kind, value, where, problems)
    if problems:
        raise SpecError([p.removeprefix(": ") for p in problems])
    return result


def _at(where: str, name: str | int) -> str:
    return f"{where}.{name}" if where else str(name)


def _read(hint: Any, value: Any, where: str, problems: list[str]) -> Any:
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


def _read_short(hint: Any, short: Any, value: Any, where: str, problems: list[str]) -> Any:
    """Read what a short form stands for; problems name the places that the reader has written."""
    attempt: list[str] = []
    result = _call(hint, value, where, attempt)
    for name, inner in value.items():
        long = _at(where, name) + (".0" if inner == [short] else "")
        attempt = [where + p.removeprefix(long) if p.startswith(long) else p for p in attempt]
    problems += attempt
    return result


@cache
def _adapter(hint: Any) -> TypeAdapter:
    return TypeAdapter(hint, config=ConfigDict(allow_inf_nan=False))


def _is_structured(cls: type) -> bool:
    return issubclass(cls, Part) or dataclasses.is_dataclass(cls)


def _mentions_part(hint: Any) -> bool:
    if inspect.isclass(hint):
        return _is_structured(hint)
    return any(_mentions_part(a) for a in get_args(hint))


def _read_union(arms: tuple[Any, ...], value: Any, where: str, problems: list[str]) -> Any:
    """By the first arm that reads it, parts before plain values. If none does, the problems of the part are told, or
    those of all plain values."""
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


def _read_named(family: type[Part], value: Any, where: str, problems: list[str]) -> Any:
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


def _call(member: Any, fields: Any, where: str, problems: list[str]) -> Any:
    """Call a part's class or preset function with fields read by their type hints; problems are collected."""
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
    member: Callable[..., Any], given: Mapping[str, Any], where: str, problems: list[str], meant: Iterable[str] = ()
) -> dict[str, Any]:
    """The given fields of a class or preset, read by their type hints. Problems of values are collected, and of the
    rules whose fields all have one, given or by default (not by default where a misspelled name was `meant` for it)."""
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
def _hints(member: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(member)


@cache
def defaults_of(member: Callable[..., Any]) -> dict[str, Any]:
    """Name to default value of the fields of a class, or parameters of a preset, that have one."""
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


def plain(value: Any) -> Any:
    """The plain form of a part, every field written out: JSON types only; `build` reads it back to an equal part."""
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
def _leaves(hint: Any) -> frozenset[Any]:
    """The plain types a hint is made of."""
    arguments = get_args(hint)
    return frozenset().union(*(_leaves(a) for a in arguments)) if arguments else frozenset([hint])


def identity(value: Any) -> str:
    """sha256 (hex) of the plain form as canonical JSON: sorted keys, no spaces, shortest exact floats."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
