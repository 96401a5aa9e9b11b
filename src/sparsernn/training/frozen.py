"""Weights that do not move: no gradient, no decay, no nudge."""

from __future__ import annotations

from collections.abc import Iterable

import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable, by_role, named
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock
from sparsernn.weights import Weights, flatten, get, replace


def frozen_paths(names: Iterable[str], prunables: tuple[Prunable, ...], weights: Weights) -> tuple[str, ...]:
    """Return the paths of the arrays that `names` means.

    A name is a role (``recurrent``: all matrices of that role) or the path of any array (``readout/bias``). SpecError
    for names that mean none.
    """
    return named(names, by_role(prunables) | {path: (path,) for path in flatten(weights)})


def without_gradient(gradients: Weights, paths: Iterable[str]) -> Weights:
    """Return the gradients with zeros at the paths."""
    return replace(gradients, {path: jnp.zeros_like(get(gradients, path)) for path in paths})


def as_before(moved: Weights, before: Weights, paths: Iterable[str]) -> Weights:
    """Return the moved weights, but those at the paths as they were before, bit for bit."""
    return replace(moved, {path: get(before, path) for path in paths})


def check_frozen(
    paths: Iterable[str], sparsifier: AbstractSparsifier | None, acted: Iterable[str], clock: Clock
) -> None:
    """Raise a SpecError if the sparsifier would change the masks of a frozen matrix, and with them its weights.

    One whose masks stay as they begin (`static`) may act on it.

    Args:
        paths: of the frozen arrays.
        sparsifier: of the run; None: there is none.
        acted: paths of the matrices that it acts on.
        clock: of the run; its step does not matter.
    """
    if sparsifier is None:
        return
    both = sorted({*paths} & {*acted})
    steps = clock._replace(step=np.arange(1, 3))
    if both and (sparsifier.by_rounds or sparsifier.due(steps) is not False):
        raise SpecError(
            f"{', '.join(both)} stays as it is, but the sparsifier would change its masks; name other matrices in the "
            "sparsifier's where, or take static, whose masks stay"
        )
