"""Weights that do not move: no gradient, no decay, no nudge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError, nearest
from sparsernn.masks import ROLES, Prunable
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock
from sparsernn.weights import Weights, flatten, get, replace


def frozen_paths(names: Iterable[str], prunables: tuple[Prunable, ...], weights: Weights) -> tuple[str, ...]:
    """Paths of the arrays meant by `names`: roles (``recurrent``: matrices), or paths of any array
    (``cell0/recurrent``, ``readout/bias``). SpecError if one names none."""
    have = list(flatten(weights))
    found: list[str] = []
    for name in names:
        mine = [name] if name in have else [p.path for p in prunables if p.role == name]
        if not mine:
            known = [*have, *(role for role in ROLES if any(p.role == role for p in prunables))]
            raise SpecError(f'"{name}" names no array of this network{nearest(name, known)}')
        found += [path for path in mine if path not in found]
    return tuple(found)


def without_gradient(gradients: Weights, paths: Iterable[str]) -> Weights:
    """Gradients that are 0 at the paths."""
    return replace(gradients, {path: jnp.zeros_like(get(gradients, path)) for path in paths})


def as_before(moved: Weights, before: Weights, paths: Iterable[str]) -> Weights:
    """The moved weights with those at the paths as they were, bit for bit."""
    return replace(moved, {path: get(before, path) for path in paths})


def check_frozen(paths: Iterable[str], sparsifier: AbstractSparsifier | None, acted: Iterable[str], clock: Any) -> None:
    """SpecError where the sparsifier would change the masks of a frozen matrix, and with them its weights. One whose
    masks stay as they begin (`static`) may act on it."""
    if sparsifier is None:
        return
    both = sorted({*paths} & {*acted})
    steps: Clock = clock._replace(step=np.arange(1, 3))
    if both and (sparsifier.by_rounds or sparsifier.due(steps) is not False):
        raise SpecError(
            f"{', '.join(both)} stays as it is, but the sparsifier would change its masks; name other matrices in the "
            "sparsifier's where, or take static, whose masks stay"
        )
