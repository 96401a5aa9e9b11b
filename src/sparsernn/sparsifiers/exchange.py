"""The one place where a change of masks is put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp

from sparsernn.masks import Masks
from sparsernn.sparsifiers.base import SparseState
from sparsernn.weights import Weights, get, replace


def exchange(
    state: SparseState, weights: Weights, dropped: Mapping[str, Any], grown: Mapping[str, Any] | None = None
) -> tuple[SparseState, Weights, Masks]:
    """What `update_masks` returns, from the entries that go and those that come (path to booleans).

    An entry that goes and comes at once begins anew. Everything that changed, and all that lies outside the new masks,
    is exactly 0, whatever it was (NaN too); what stays keeps its bits; the memory is handed on. Cost: O(entries).
    """
    masks: Masks = {}
    changed: Masks = {}
    values: dict[str, Any] = {}
    for path in sorted(state.masks):
        gone = jnp.asarray(dropped[path])
        remaining = state.masks[path] & ~gone
        values[path] = jnp.where(remaining, get(weights, path), 0)
        masks[path] = remaining if grown is None else remaining | jnp.asarray(grown[path])
        changed[path] = gone if grown is None else gone | jnp.asarray(grown[path])
    return state._replace(masks=masks), replace(weights, values), changed
