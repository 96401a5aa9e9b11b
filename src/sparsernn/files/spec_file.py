"""Specs as text: YAML that runs nothing, and single values set from the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from sparsernn.errors import DataError, SpecError
from sparsernn.files.limits import regular_file

SPEC_BYTES = 1_000_000
DEPTH = 30


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
    path = regular_file(path)
    try:
        if path.stat().st_size > SPEC_BYTES:
            raise DataError(f"{path}: a spec of more than {SPEC_BYTES:,} bytes is not read; is it a data file?")
        return parse_yaml(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8 text; is it a data file?"
        raise DataError(f"{path} cannot be read as a spec: {why}") from None


def override(tree: Any, assignment: str) -> Any:
    """A copy of a plain tree with one value set, as in ``override(tree, "sparsifier.density=0.05")``.

    A part's own fields may be named without its registry name; list items are named by their index.
    """
    path, equals, text = assignment.partition("=")
    if not equals or not path:
        raise SpecError(f'--set takes path=value, as in sparsifier.density=0.05; got "{assignment}"')
    names = path.strip().split(".")
    if len(names) > DEPTH:
        raise SpecError(f"--set {path[:60]}…: {len(names)} names, no spec is more than {DEPTH} deep")
    return _set(tree, names, parse_yaml(text, f"the value of --set {path}"), path, False)


def overrides(tree: Any, assignments: Iterable[str]) -> Any:
    """`override` by one after the other. SpecError with the problems of all."""
    problems: list[str] = []
    for assignment in assignments:
        try:
            tree = override(tree, assignment)
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return tree


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
        if not (name.isascii() and name.isdigit() and len(name) < 10) or int(name) >= len(tree):
            raise SpecError(f'--set {whole}: "{name}" is no index of a list with {len(tree)} items')
        return [_set(item, rest, value, whole) if i == int(name) else item for i, item in enumerate(tree)]
    if not isinstance(tree, dict):
        raise SpecError(f'--set {whole}: "{name}" cannot be set inside {tree!r}')
    if part and name not in tree and len(tree) == 1:
        (member, fields), *_ = tree.items()
        if fields is None or isinstance(fields, dict):
            return {member: _set(fields or {}, path, value, whole)}
    return {**tree, name: _set(tree.get(name), rest, value, whole)}
