"""Parts and their plain form: the object is its own configuration.

A *part* is a frozen dataclass of plain values. In YAML, JSON and on the command line it is written as its registry name
with its fields, ``{set: {density: 0.05}}``, or as the name alone, ``set``. `build` reads that form and reports all its
problems at once; `plain` writes it, fully resolved; `identity` hashes it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import inspect
import json
import types
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from sparsernn.errors import DataError, SpecError, nearest

SPEC_BYTES = 1_000_000


class Registry(NamedTuple):
    """A family's members: name to ``"module:Class"`` (or a function that returns a part: a preset), resolved on use."""

    kind: str
    members: Mapping[str, str]

    def resolve(self, name: str) -> Callable[..., Any]:
        if name not in self.members:
            raise SpecError(f'unknown {self.kind} "{name}"{nearest(name, self.members)}')
        module, _, attribute = self.members[name].partition(":")
        return getattr(importlib.import_module(module), attribute)

    def name_of(self, cls: type) -> str:
        place = f"{cls.__module__}:{cls.__qualname__}"
        for name, member in self.members.items():
            if member == place:
                return name
        raise SpecError(f"{place} is no registered {self.kind}; add it to the family's dictionary of members")


class Part:
    """Base of every part. The root class of a family sets `registry`; its members are frozen dataclasses."""

    registry: ClassVar[Registry]


PartT = TypeVar("PartT")


def require(*conditions: tuple[bool, str]) -> None:
    """Raise one SpecError with the sentences of all conditions that do not hold; for ``__post_init__``."""
    problems = [sentence for holds, sentence in conditions if not holds]
    if problems:
        raise SpecError(problems)


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
            value = hint.from_plain(value)  # type: ignore[attr-defined]
        if "registry" in hint.__dict__ and issubclass(hint, Part):
            return _read_named(hint, value, where, problems)
        return _call(hint, value, where, problems)
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
    if value is None and type(None) in arms:
        return None
    arms = tuple(a for a in arms if a is not type(None))
    if not any(_mentions_part(a) for a in arms):
        return _read(arms[0], value, where, problems) if len(arms) == 1 else _plain_union(arms, value, where, problems)
    first: list[str] | None = None
    for arm in sorted(arms, key=lambda a: not _mentions_part(a)):
        attempt: list[str] = []
        result = _read(arm, value, where, attempt)
        if not attempt:
            return result
        first = first or attempt
    problems += first or []
    return None


def _plain_union(arms: tuple[Any, ...], value: Any, where: str, problems: list[str]) -> Any:
    attempts: list[str] = []
    for arm in arms:
        attempt: list[str] = []
        result = _read(arm, value, where, attempt)
        if not attempt:
            return result
        attempts += attempt
    problems.append("; or ".join(dict.fromkeys(attempts)))
    return None


def _read_named(family: type[Part], value: Any, where: str, problems: list[str]) -> Any:
    registry = family.registry
    if isinstance(value, str):
        value = {value: {}}
    if not isinstance(value, Mapping) or len(value) != 1:
        problems.append(
            f"{where}: expected one {registry.kind} as its name or {{name: {{field: value}}}}, got {value!r}; "
            f"known: {', '.join(sorted(registry.members))}"
        )
        return None
    (name, fields), *_ = value.items()
    try:
        member = registry.resolve(str(name))
    except SpecError as error:
        problems += [f"{where}: {p}" for p in error.problems]
        return None
    return _call(member, {} if fields is None else fields, _at(where, str(name)), problems)


def _call(member: Callable[..., Any], fields: Any, where: str, problems: list[str]) -> Any:
    """Call a part's class or preset function with fields read by their type hints; problems are collected."""
    if not isinstance(fields, Mapping):
        problems.append(f"{where}: expected fields as {{name: value}}, got {fields!r}")
        return None
    parameters = inspect.signature(member).parameters
    hints = get_type_hints(member if inspect.isfunction(member) else member.__init__)
    before = len(problems)
    arguments = {}
    for name, value in fields.items():
        if name not in parameters:
            problems.append(f"{_at(where, str(name))}: unknown field{nearest(str(name), parameters)}")
        else:
            arguments[name] = _read(hints[name], value, _at(where, name), problems)
    for name, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and name not in fields:
            problems.append(f"{_at(where, name)}: missing; give a value")
    if len(problems) > before:
        return None
    try:
        return member(**arguments)
    except SpecError as error:
        problems += [f"{where}: {p}" if where else p for p in error.problems]
        return None


# ---------------------------------------------------------------------------------------------------- parts -> plain


def plain(value: Any) -> Any:
    """The plain form of a part, every field written out: JSON types only; `build` reads it back to an equal part."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        hints = get_type_hints(type(value))
        fields = {
            f.name: _hinted(hints[f.name], plain(getattr(value, f.name))) for f in dataclasses.fields(value) if f.init
        }
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


def _hinted(hint: Any, value: Any) -> Any:
    """Whole numbers as floats where the field is one: ``0`` and ``0.0`` are the same setting."""
    if isinstance(value, list):
        return [_hinted(hint, item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and float in _leaves(hint) and int not in _leaves(hint):
        return float(value)
    return value


@cache
def _leaves(hint: Any) -> frozenset[Any]:
    """The plain types a hint is made of."""
    arguments = get_args(hint)
    return frozenset().union(*(_leaves(a) for a in arguments)) if arguments else frozenset([hint])


def identity(value: Any) -> str:
    """sha256 (hex) of the plain form as canonical JSON: sorted keys, no spaces, shortest exact floats."""
    text = json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


# -------------------------------------------------------------------------------------------------------------- YAML


class _Loader(yaml.SafeLoader):
    """safe_load without aliases (a few lines could unfold to gigabytes) and without silently repeated keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError(f"aliases (*name) are not read here: {self.peek_event().start_mark}")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise yaml.YAMLError(f'the key "{key_node.value}" stands twice: {key_node.start_mark}')
            seen.add(key_node.value if isinstance(key_node.value, str) else None)
        return super().construct_mapping(node, deep)


def parse_yaml(text: str, source: str = "spec") -> Any:
    """Plain values from YAML (or JSON) text; runs nothing, follows no alias. SpecError with line and column."""
    try:
        return _Loader(text).get_single_data()
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        # the later ones: PyYAML on keys that are no scalars and on tags that do not fit their value
        raise SpecError(f"{source} is not readable as YAML: {error}") from None


def read_yaml(path: str | Path) -> Any:
    """`parse_yaml` of a file of at most 1 MB. DataError if it cannot be read."""
    path = Path(path)
    try:
        if path.stat().st_size > SPEC_BYTES:
            raise DataError(f"{path}: a spec of more than {SPEC_BYTES:,} bytes is not read; is it a data file?")
        return parse_yaml(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read as a spec: {why}") from None


def override(tree: Any, assignment: str) -> Any:
    """A copy of a plain tree with one value set, as in ``override(tree, "sparsifier.density=0.05")``.

    A part's own fields may be named without its registry name; list items are named by their index.
    """
    path, equals, text = assignment.partition("=")
    if not equals or not path:
        raise SpecError(f'--set takes path=value, as in sparsifier.density=0.05; got "{assignment}"')
    return _set(tree, path.strip().split("."), parse_yaml(text, f"the value of --set {path}"), path, False)


def _set(tree: Any, path: list[str], value: Any, whole: str, part: bool = True) -> Any:
    """`part`: the tree may be a part in the form ``{name: fields}``, whose name need not be said."""
    if not path:
        return value
    name, *rest = path
    if isinstance(tree, str):
        tree = {tree: {}}
    if tree is None:
        tree = {}
    if isinstance(tree, list):
        if not name.isdigit() or int(name) >= len(tree):
            raise SpecError(f'--set {whole}: "{name}" is no index of a list with {len(tree)} items')
        return [_set(item, rest, value, whole) if i == int(name) else item for i, item in enumerate(tree)]
    if not isinstance(tree, dict):
        raise SpecError(f'--set {whole}: "{name}" cannot be set inside {tree!r}')
    if part and name not in tree and len(tree) == 1:
        (member, fields), *_ = tree.items()
        if fields is None or isinstance(fields, dict):
            return {member: _set(fields or {}, path, value, whole)}
    return {**tree, name: _set(tree.get(name), rest, value, whole)}
