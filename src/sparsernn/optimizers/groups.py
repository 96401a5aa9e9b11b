"""Arrays that are moved otherwise than the rest: an own learning rate, decay or clipping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax

from sparsernn.errors import SpecError, nearest
from sparsernn.masks import Prunable
from sparsernn.rules import at_least, holds, positive
from sparsernn.spec import Checked, scaling
from sparsernn.weights import Weights, flatten

TRAINED = "trained"
"""Name of all trained arrays of regularizers, and the first word of the names of single ones."""


@dataclass(frozen=True)
class ParameterGroup(Checked):
    """The arrays named in `where`: their learning rate is `learning_rate_factor` times the optimizer's.

    `where` takes roles of matrices (recurrent, input, readout, embedding), paths of any arrays (``cell0/recurrent``,
    ``cell0/bias``), ``trained`` for all trained arrays of regularizers and ``trained/0`` or ``trained/0/positions`` for
    those of one. `weight_decay` None is the optimizer's. With `clip_norm` these arrays are clipped by their own norm,
    and count no more in the norm of the others.
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
    """Of one array: its group (None: of none), and whether it is a weight (else a trained array of a regularizer)."""

    group: int | None
    weight: bool


def members(
    groups: Sequence[ParameterGroup], prunables: Sequence[Prunable], parameters: tuple[Weights, Any]
) -> tuple[Member, ...]:
    """The membership of every array of ``(weights, trained)``, in the order of `jax.tree.leaves`.

    SpecError where a `where` names nothing, or an array is in two groups.
    """
    weights, trained = parameters
    roles = {p.path: p.role for p in prunables}
    called = [{path, roles.get(path, path)} for path in _paths(weights)]
    called += [{TRAINED, f"{TRAINED}/{path.partition('/')[0]}", f"{TRAINED}/{path}"} for path in _paths(trained)]
    found: list[int | None] = [None] * len(called)
    problems = []
    for i, group in enumerate(groups):
        for name in group.where:
            named = [k for k, names in enumerate(called) if name in names]
            problems += [] if named else [f"{i}: {_unknown(name, called)}"]
            for k in named:
                if found[k] not in (None, i):
                    problems.append(f'{i}: "{name}" is in group {found[k]} too; an array belongs to one group')
                found[k] = i
    if problems:
        raise SpecError(problems)
    return tuple(Member(i, k < len(flatten(weights))) for k, i in enumerate(found))


def _paths(tree: Any) -> list[str]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return [jax.tree_util.keystr(path, simple=True, separator="/") for path, _ in leaves]


def _unknown(name: str, called: Sequence[set[str]]) -> str:
    known = sorted(set().union(*called))
    return f'"{name}" names no array of this run{nearest(name, known)}; it has: {", ".join(known)}'
