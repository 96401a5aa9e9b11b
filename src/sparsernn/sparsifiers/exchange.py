"""The result of a change of masks. Every sparsifier makes it here."""

from __future__ import annotations

from collections.abc import Mapping

import jax.numpy as jnp

from sparsernn.masks import Masks
from sparsernn.sparsifiers.base import SparseState
from sparsernn.weights import Array, Weights, get, replace


def exchange(
    state: SparseState,
    weights: Weights,
    dropped: Mapping[str, Array],
    grown: Mapping[str, Array] | None = None,
    newborn: Mapping[str, Array] | None = None,
) -> tuple[SparseState, Weights, Masks]:
    """Return what `update_masks` has to return, given the entries that are dropped and those that are grown.

    Weights that changed, or that lie outside the new masks, become exactly 0, also from NaN; those that are grown take
    their value of `newborn`, if it is given. All others keep their bits. An entry that is both dropped and grown begins
    anew. The memory of the state is kept. Cost: O(entries).

    Args:
        state: with the masks before.
        weights: of the network.
        dropped: path to Booleans, for every mask.
        grown: the same; None: nothing is grown.
        newborn: path to values for grown entries (all others are not looked at); None: 0.
    """
    masks: Masks = {}
    changed: Masks = {}
    values: dict[str, Array] = {}
    for path in sorted(state.masks):
        gone = jnp.asarray(dropped[path])
        remaining = state.masks[path] & ~gone
        w = jnp.asarray(get(weights, path))
        values[path] = jnp.where(remaining, w, 0)
        if newborn is not None and grown is not None:
            values[path] = jnp.where(jnp.asarray(grown[path]), jnp.asarray(newborn[path], w.dtype), values[path])
        masks[path] = remaining if grown is None else remaining | jnp.asarray(grown[path])
        changed[path] = gone if grown is None else gone | jnp.asarray(grown[path])
    return state._replace(masks=masks), replace(weights, values), changed
