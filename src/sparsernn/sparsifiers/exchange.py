"""The result of a change of masks. Every sparsifier makes it here."""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp

from sparsernn.masks import Masks
from sparsernn.sparsifiers.base import SparseState
from sparsernn.weights import Array, Weights, get, replace


def exchange(
    state: SparseState, weights: Weights, dropped: Mapping[str, Array], grown: Mapping[str, Array] | None = None
) -> tuple[SparseState, Weights, Masks]:
    """Return what `update_masks` has to return, given the entries that are dropped and those that are grown.

    Weights that changed, or that lie outside the new masks, become exactly 0, also from NaN. All others keep their
    bits. An entry that is both dropped and grown begins anew at 0. The memory of the state is kept. Cost: O(entries).

    Args:
        state: with the masks before.
        weights: of the network.
        dropped: path to Booleans, for every mask.
        grown: the same; None: nothing is grown.
    """
    masks: Masks = {}
    changed: Masks = {}
    values: dict[str, Array] = {}
    for path in sorted(state.masks):
        gone = jnp.asarray(dropped[path])
        remaining = state.masks[path] & ~gone
        values[path] = jnp.where(remaining, get(weights, path), 0)
        masks[path] = remaining if grown is None else remaining | jnp.asarray(grown[path])
        changed[path] = gone if grown is None else gone | jnp.asarray(grown[path])
    return state._replace(masks=masks), replace(weights, values), changed
