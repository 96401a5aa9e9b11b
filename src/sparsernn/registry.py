"""The members of a family by name: the library's own, those of installed packages, and a user's.

A name in a spec is looked up in this order:

1. the library's table of the family,
2. entry points of installed packages, group ``sparsernn.KIND`` (``sparsernn.cell``, ``sparsernn.measure``, ...),
3. what was given to `register`,
4. the same after importing the modules and files that the environment variable SPARSERNN_PARTS names (separated by
   commas), which call `register`,
5. ``module:Class``: the class itself, imported. A run directory's spec.json imports nothing: there the module must have
   been imported already, or be named in SPARSERNN_PARTS.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.metadata
import importlib.util
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_type_hints

from sparsernn.errors import SpecError, nearest

KINDS = {
    "cell": "sparsernn.models.base:AbstractCell",
    "task": "sparsernn.tasks.base:AbstractTask",
    "sparsifier": "sparsernn.sparsifiers.base:AbstractSparsifier",
    "start": "sparsernn.sparsifiers.start:AbstractStart",
    "schedule": "sparsernn.sparsifiers.schedule:AbstractSchedule",
    "drop": "sparsernn.sparsifiers.drop:AbstractDrop",
    "grow": "sparsernn.sparsifiers.grow:AbstractGrow",
    "redistribution": "sparsernn.sparsifiers.redistribute:AbstractRedistribution",
    "regularizer": "sparsernn.regularizers.base:AbstractRegularizer",
    "measure": "sparsernn.measures.base:AbstractMeasure",
    "optimizer": "sparsernn.optimizers.base:AbstractOptimizer",
    "forcing": "sparsernn.forcings.base:AbstractForcing",
    "system": "sparsernn.systems.base:AbstractKnownSystem",
    "generator": "sparsernn.topology.generators.base:AbstractGenerator",
}
"""Every family of parts and its base class."""
VARIABLE = "SPARSERNN_PARTS"
PartT = TypeVar("PartT", bound=Callable[..., Any])

_own: dict[str, dict[str, Callable[..., Any]]] = {}
_of_a_file: ContextVar[bool] = ContextVar("of_a_file", default=False)


def family(kind: str) -> type:
    """Return the base class of a family, such as `AbstractCell` for "cell". SpecError for an unknown kind."""
    if kind not in KINDS:
        raise SpecError(f'there is no kind of part "{kind}"{nearest(kind, KINDS)}')
    module, _, name = KINDS[kind].partition(":")
    return getattr(importlib.import_module(module), name)


def registry_of(kind: str) -> Registry:
    """Return the registry of a family, by its kind ("cell", "task", ...). SpecError for an unknown kind."""
    return family(kind).registry  # type: ignore[attr-defined]


def register(kind: str, name: str, part: PartT | None = None) -> Any:
    """Give your own part a name, by which specs and the command line can use it.

    Args:
        kind: its family: ``cell``, ``task``, ``sparsifier``, ``drop``, ``regularizer``, ``measure``, ... (`KINDS`).
        name: letters, digits, ``_`` and ``-``; none that the family has already. Registering one class again (a cell of
            a notebook run twice) replaces it.
        part: a frozen dataclass below the family's base class, or a function with type hints that returns one (a
            preset). Without it, `register` is a decorator.

    Returns:
        The part itself.

    Raises:
        SpecError: lists all that is wrong with the part, such as methods that it still lacks.

    >>> from sparsernn.regularizers.l1 import L1
    >>> @sparsernn.register("regularizer", "strong_l1")
    ... def strong_l1(times: float = 10.0) -> L1:
    ...     return L1(1e-4 * times)
    >>> spec = sparsernn.read_spec({"task": "adding", "network": {"rnn": {"hidden": 8}}, "regularizers": ["strong_l1"]})
    >>> spec.regularizers
    (L1(strength=0.001, ...),)
    """
    if part is None:
        return lambda later: register(kind, name, later)
    registry = registry_of(kind)
    problems = _wrong(registry, name, part)
    if problems:
        raise SpecError([f"{kind} {name}: {problem}" for problem in problems])
    _own.setdefault(kind, {})[name] = part
    return part


def _wrong(registry: Registry, name: str, part: object) -> list[str]:
    """Return the reasons why a part cannot be registered."""
    found = []
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        found.append(f"a name is made of letters, digits, _ and -, got {name!r}")
    before = _own.get(registry.kind, {}).get(name)
    if name in registry.members or (before is not None and _place(before) != _place(part)):
        found.append("this name is taken; choose another")
    if inspect.isclass(part):
        return found + registry.unfit(part)
    if not callable(part):
        return [*found, f"expected a class or a function, got {part!r}"]
    bare = [p.name for p in inspect.signature(part).parameters.values() if p.annotation is inspect.Parameter.empty]
    return found + [f"the parameter {p} of the preset needs a type hint, by which specs are read" for p in bare]


class Registry(NamedTuple):
    """The members of a family by name. Members are imported only when they are used.

    Args:
        kind: what a member is called: "cell", "task", ... (`KINDS`).
        members: the library's own: name to ``"module:Class"``, or to a function that returns a part (a preset).
        within: an abstract class; only its members are found. None: all are.

    >>> registry_of("cell").resolve("plrnn").__name__
    'PLRNN'
    """

    kind: str
    members: Mapping[str, str]
    within: type | None = None

    @property
    def word(self) -> str:
        """What messages call a member: the kind, or after `below` the name of that class ("ramp")."""
        if self.within is None:
            return self.kind
        return " ".join(re.findall("[A-Z][a-z0-9]*", self.within.__name__.removeprefix("Abstract"))).lower()

    def below(self, within: type) -> Registry:
        """Return this registry with only the members of an abstract class below the family's root."""
        return self._replace(within=within)

    def names(self) -> list[str]:
        """Return all names that can stand in a spec, the library's own first."""
        installed = [name for name in _installed(self.kind) if name not in self.members]
        found = list(dict.fromkeys([*self.members, *_own.get(self.kind, {}), *installed]))
        return [name for name in found if self.within is None or self._made(self._replace(within=None).resolve(name))]

    def _made(self, member: Callable[..., Any]) -> bool:
        """Say whether a class belongs to `within`; of a preset, the class that its return hint names."""
        made = member if inspect.isclass(member) else get_type_hints(member).get("return")
        return self.within is None or (inspect.isclass(made) and issubclass(made, self.within))

    def resolve(self, name: str) -> Callable[..., Any]:
        """Return the class or preset of a name, looked up in the order at the top of this file.

        SpecError if there is none, with the names that there are.
        """
        found = self._found(name)
        if found is None or not self._made(found):
            raise SpecError(f'unknown {self.word} "{name}"{nearest(name, self.names())}')
        return found

    def _found(self, name: str) -> Callable[..., Any] | None:
        if name in self.members:
            module, _, attribute = self.members[name].partition(":")
            return getattr(importlib.import_module(module), attribute)
        if ":" in name:
            return self._by_place(name)
        if name in _installed(self.kind):
            return self._fit(_installed(self.kind)[name].load(), name)
        if name not in _own.get(self.kind, {}):
            _named_modules()
        return _own.get(self.kind, {}).get(name)

    def name_of(self, cls: type) -> str:
        """Return what a class is called in a spec: its name, or ``module:Class`` if it has none.

        SpecError for a class without a name that cannot be imported (made in a function or in ``__main__``).
        """
        place = _place(cls)
        for name, member in self.members.items():
            if member == place:
                return name
        for name, part in _own.get(self.kind, {}).items():
            if part is cls:
                return name
        for name, point in _installed(self.kind).items():
            if point.value == place:
                return name
        if "<locals>" in place or cls.__module__ == "__main__":
            raise SpecError(
                f'{cls.__qualname__} cannot be found again by its place: sparsernn.register("{self.kind}", "NAME", '
                f"{cls.__name__}), or put it into a module"
            )
        return place

    def unfit(self, found: object) -> list[str]:
        """Return the reasons why an object cannot be a member; none if it can."""
        base = family(self.kind) if self.kind in KINDS else object
        if not inspect.isclass(found) or not issubclass(found, base) or found is base:
            return [f"{_place(found)} is no {self.kind}: derive from {base.__module__}.{base.__name__}"]
        problems = []
        parameters = getattr(found, "__dataclass_params__", None)
        if "__dataclass_fields__" not in vars(found) or not parameters or not parameters.frozen:
            problems.append(f"{_place(found)} must be decorated with @dataclasses.dataclass(frozen=True)")
        if missing := sorted(getattr(found, "__abstractmethods__", ())):
            problems.append(f"{_place(found)} still lacks {', '.join(missing)}")
        return problems

    def _fit(self, found: Any, name: str) -> Callable[..., Any]:
        if inspect.isfunction(found):
            return found
        if problems := self.unfit(found):
            raise SpecError([f'{self.kind} "{name}": {problem}' for problem in problems])
        return found

    def _by_place(self, name: str) -> Callable[..., Any]:
        module, _, attribute = name.partition(":")
        if _of_a_file.get() and module not in sys.modules:
            _named_modules()
            if module not in sys.modules:
                raise SpecError(
                    f'the {self.kind} "{name}" is not imported because a run\'s file says so: set {VARIABLE}={module} '
                    f"(several by commas; in Python: import {module} before)"
                )
        try:
            found = getattr(importlib.import_module(module), attribute)
        except (ImportError, ValueError, AttributeError) as error:
            raise SpecError(f'cannot import the {self.kind} "{name}": {error}; expected module:Class') from None
        if problems := self.unfit(found):  # no functions: a spec calls nothing but constructors of parts
            raise SpecError([f'{self.kind} "{name}": {problem}' for problem in problems])
        return found


@contextlib.contextmanager
def read_from_a_file() -> Iterator[None]:
    """Within this context, names in a spec import no modules, except those that SPARSERNN_PARTS names.

    It is for specs read from run directories, which may come from anywhere.
    """
    token = _of_a_file.set(True)
    try:
        yield
    finally:
        _of_a_file.reset(token)


def _place(part: object) -> str:
    """Return ``module:Class`` of a class, or of the class of an object."""
    cls = part if hasattr(part, "__qualname__") else type(part)
    return f"{cls.__module__}:{cls.__qualname__}"


@functools.cache
def _installed(kind: str) -> dict[str, importlib.metadata.EntryPoint]:
    return {point.name: point for point in importlib.metadata.entry_points(group=f"sparsernn.{kind}")}


@functools.cache
def _named_modules() -> None:
    """Import what SPARSERNN_PARTS names, once."""
    here()
    for place in filter(None, (p.strip() for p in os.environ.get(VARIABLE, "").split(","))):
        try:
            _import_file(place) if place.endswith(".py") else importlib.import_module(place)
        except (ImportError, OSError) as error:
            raise SpecError(f"{VARIABLE} names {place}, which cannot be imported: {error}") from None


def _import_file(place: str) -> None:
    """Import a file as a module of its own name. SpecError if another module has that name."""
    found = importlib.util.spec_from_file_location(Path(place).stem, place)
    assert found is not None
    assert found.loader is not None
    other = sys.modules.get(found.name) or importlib.util.find_spec(found.name)
    origin = getattr(other, "__file__", None) or getattr(other, "origin", None)
    if other is not None and (origin is None or Path(origin).resolve() != Path(place).resolve()):
        raise SpecError(f"{VARIABLE} names {place}, but there is another module {found.name}; rename the file")
    sys.modules[found.name] = module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)


def here() -> None:
    """Let modules in the current directory be imported, after all others: no file there stands for a library."""
    if "" not in sys.path:
        sys.path.append("")


def modules_named(plain: Any) -> set[str]:
    """Return the modules of the parts that a spec in its plain form gives as ``module:Class``."""
    if isinstance(plain, Mapping):
        own = {str(name).partition(":")[0] for name, fields in plain.items() if ":" in str(name) and len(plain) == 1}
        return own.union(*(modules_named(value) for value in plain.values()))
    return set().union(*map(modules_named, plain)) if isinstance(plain, list | tuple) else set()
