"""What to call a run among others: by what differs between their specs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from sparsernn.errors import SpecError
from sparsernn.registry import read_from_a_file
from sparsernn.sparsifiers.base import AbstractSparsifier
from sparsernn.sparsifiers.names import method_name
from sparsernn.spec import build
from sparsernn.tasks.observed import is_observed

WITHOUT = ("seed", "measures", "watch", "snapshots", "sparsifier", "rounds", "select")
"""Fields of a spec that do not go into a label as they stand: a seed is a repetition, measures and what is watched
change nothing, and the sparsifier comes first in every label anyway."""
LONGEST = 28
MOST_WORDS = 3
"""Words that tell apart tasks of one name."""


def sparsifier_name(sparsifier: Mapping[str, Any] | None) -> str:
    """The name its users know it by: ``geometric``, ``one shot``, ``SET``, ``RigL``, ``dense``."""
    if sparsifier is None:
        return "dense"
    try:
        with read_from_a_file():
            return method_name(build(AbstractSparsifier, sparsifier))  # type: ignore[type-abstract]
    except SpecError:  # a part that is not here any more
        return next(iter(sparsifier))


def labels(specs: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(name, base) of every plain spec: `base` names the same run without its sparsifier (its dense first training).

    A name is the sparsifier's, then whatever else differs between the specs; fields of the sparsifier are named where
    several sparsifiers share a name.
    """
    names = [_mask_name(spec) or sparsifier_name(spec.get("sparsifier")) for spec in specs]
    elsewhere = _differences([_begun({k: v for k, v in spec.items() if k not in WITHOUT}) for spec in specs])
    rounds = _differences([{k: v for k, v in (spec.get("rounds") or {}).items() if k != "count"} for spec in specs])
    found = []
    for i, name in enumerate(names):
        same = [j for j, other in enumerate(names) if other == name]
        own = _differences([specs[j].get("sparsifier") or {} for j in same])[same.index(i)]
        found.append((", ".join([name, *own, *rounds[i], *elsewhere[i]]), ", ".join(["dense", *elsewhere[i]])))
    return found


def _mask_name(spec: Mapping[str, Any]) -> str:
    """What a run without a sparsifier is called whose masks are those of a graph it was given."""
    initial = spec.get("initial") or {}
    given = isinstance(initial, Mapping) and initial.get("masks") and (initial.get("graph") or initial.get("null"))
    file = isinstance(initial, Mapping) and initial.get("masks") and PurePath(str(initial.get("source", ""))).suffix
    return "fixed mask" if spec.get("sparsifier") is None and (given or file) else ""


def _begun(spec: dict[str, Any]) -> dict[str, Any]:
    """The spec with one word for the graph it begins from: a file's name, a null of it, a generator."""
    initial = spec.get("initial")
    if not isinstance(initial, Mapping) or "source" not in initial:
        return spec
    place, null, graph = PurePath(initial["source"]).name, initial.get("null"), initial.get("graph")
    word = graph or {f"{null} null" if null else place: {}}
    rest = {k: v for k, v in initial.items() if k not in ("source", "null", "graph")}
    return {**spec, "initial": {**rest, "from": word}}


def task_names(tasks: Sequence[tuple[Mapping[str, Any], str]]) -> list[str]:
    """Short names of tasks (plain form, what its data are): of a recording its source, else the kind; what differs is
    added where two would be called the same."""
    kinds = [next(iter(task)) for task, _ in tasks]
    short = []
    for kind, (_, source) in zip(kinds, tasks, strict=True):
        name = source.partition(": ")[0] if is_observed({kind: {}}) and source else kind
        short.append(PurePath(name).name if "/" in name else name)
    found = []
    for i, name in enumerate(short):
        same = [j for j, other in enumerate(short) if other == name]
        own = _differences([next(iter(tasks[j][0].values())) for j in same])[same.index(i)]
        found.append(", ".join([name, *own[:MOST_WORDS]]))
    return [f"{name}, {found[:i].count(name) + 1}" if found.count(name) > 1 else name for i, name in enumerate(found)]


def _part(value: Any) -> str:
    return value if isinstance(value, str) else next(iter(value))


def _differences(trees: Sequence[Any]) -> list[list[str]]:
    """For every plain tree the words for what sets it apart from the others that have the same place."""
    flat = [_flatten(tree) for tree in trees]
    paths = list(dict.fromkeys(path for f in flat for path in f))
    differing = [p for p in paths if len({repr(f[p]) for f in flat if p in f}) > 1]
    below = {p for p in differing if any(p.startswith(f"{q}.") for q in differing if q)}
    words: list[list[str]] = []
    for f in flat:
        words.append([_word(path, *f[path]) for path in differing if path in f and path not in below])
    return words


def _word(path: str, value: Any, is_part: bool) -> str:
    text = PurePath(value).name if isinstance(value, str) and "/" in value else str(value)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return text if is_part else f"{path.rpartition('.')[2]}={text}"


def _flatten(tree: Any, path: str = "") -> dict[str, tuple[Any, bool]]:
    """Path to (value, whether it is the name of a part). A part's fields stand below its own place."""
    if isinstance(tree, Mapping) and len(tree) == 1 and isinstance(next(iter(tree.values())), Mapping):
        ((name, fields),) = tree.items()
        return {path: (name, True)} | _flatten(fields, path)
    found: dict[str, tuple[Any, bool]] = {}
    if isinstance(tree, Mapping):
        items = [(f"{path}.{k}" if path else str(k), v) for k, v in tree.items()]
    elif isinstance(tree, list | tuple) and all(isinstance(v, Mapping) for v in tree):
        items = [(f"{path}.{k}", v) for k, v in enumerate(tree)]
        found[path] = ("+".join(_part(v) for v in tree) or f"no {path.rpartition('.')[2]}", True)
    else:
        return {path: (tree, False)}
    for below, value in items:
        found |= _flatten(value, below)
    return found
