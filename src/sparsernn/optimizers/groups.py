"""Arrays that are moved otherwise than the rest: an own learning rate, decay or clipping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable, by_role, named
from sparsernn.rules import at_least, holds, positive
from sparsernn.spec import Checked, scaling
from sparsernn.weights import PyTree, Weights

TRAINED = "trained"
"""Name of all trained arrays of regularizers, and the first word of the names of single ones."""


@dataclass(frozen=True)
class ParameterGroup(Checked):
    """Some arrays that learn at another rate, decay or are clipped otherwise than the rest.

    Args:
        where: which arrays: roles of matrices (recurrent, input, readout, embedding), paths of any arrays
            (``cell0/recurrent``, ``cell0/bias``), ``trained`` for all trained arrays of regularizers, ``trained/0`` or
            ``trained/0/positions`` for those of the first one.
        learning_rate_factor: their learning rate is so many times that of the optimizer; 0: they do not move.
        weight_decay: as of the optimizer. None: the optimizer's.
        clip_norm: they are clipped by their own global norm, and no longer count in that of the others. None: with
            the others.
    """

    where: tuple[str, ...]
    learning_rate_factor: float = 1.0
    weight_decay: float | None = None
    clip_norm: float | None = None

    scales = scaling("learning_rate_factor", "weight_decay", "clip_norm")
    rules = (
        holds(lambda where: len(where) > 0, "where: name at least one array"),
        at_least(0, "learning_rate_factor"),
        at_least(0, "weight_decay"),
        positive("clip_norm"),
    )


class Member(NamedTuple):
    """Where one array belongs.

    Args:
        group: the number of its group; None: it is in none.
        weight: whether it is one of the weights; else it is a trained array of a regularizer.
    """

    group: int | None
    weight: bool


def members(
    groups: Sequence[ParameterGroup], prunables: Sequence[Prunable], parameters: tuple[Weights, PyTree]
) -> tuple[Member, ...]:
    """Return which group every array of ``(weights, trained)`` belongs to, in the order of `jax.tree.leaves`.

    SpecError with all names that mean no array, and all arrays that are in two groups.
    """
    weights, trained = (_paths(tree) for tree in parameters)
    extra = [f"{TRAINED}/{path}" for path in trained]
    known = by_role(prunables) | {path: (path,) for path in [*weights, *extra]}
    for path in extra:
        for name in (TRAINED, "/".join(path.split("/")[:2])):
            known[name] = tuple(dict.fromkeys((*known.get(name, ()), path)))
    found: dict[str, int] = {}
    problems: list[str] = []
    for i, group in enumerate(groups):
        for name in group.where:
            try:
                paths = named([name], known, "run")
            except SpecError as error:
                problems += [f"{i}: {problem}; it has: {', '.join(sorted(known))}" for problem in error.problems]
                continue
            for path in paths:
                if found.setdefault(path, i) != i:
                    problems.append(f'{i}: "{name}" is in group {found[path]} too; an array belongs to one group')
    if problems:
        raise SpecError(problems)
    return tuple(Member(found.get(path), path in weights) for path in [*weights, *extra])


def _paths(tree: PyTree) -> list[str]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return [jax.tree_util.keystr(path, simple=True, separator="/") for path, _ in leaves]
