"""Exact choice of so many entries, by score, over one matrix or several.

Entries are ordered *column-major*: source by source, within it gate by gate, within it target by target, which is
Fortran order of the stacked matrix (gates * target, source); several matrices follow one another by sorted path. Equal
scores are taken in that order (as in arXiv 2406.04934).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.masks import Masks

Choice = Callable[[Any, Any, Any], Any]
"""``choice(scores, eligible, count) -> chosen``, over flat arrays."""


def lowest(scores: Any, eligible: Any, count: Any) -> Any:
    """The `count` lowest of the eligible entries, as booleans.

    scores (n,) floats or unsigned integers, eligible (n,) booleans, count an integer up to their number, which may be
    traced: shapes are fixed and no bound on it is needed. NaN counts as the highest score, -0 as 0. JAX arrays: the
    threshold is found by bisection over its bits and so is the last equal score taken; O(32 n + n log n) simple
    operations (n = 40,000: 0.4 ms on one core; `lax.top_k` with k = n/10 takes 1.1, `argsort` 9). NumPy arrays stay on
    the host: O(n log n), float64 not rounded.
    """
    return _choose(scores, eligible, count, False)


def highest(scores: Any, eligible: Any, count: Any) -> Any:
    """The `count` highest of the eligible entries (equal ones still in column-major order); else like `lowest`."""
    return _choose(scores, eligible, count, True)


def _keys(scores: Any) -> Any:
    """Unsigned integers in the order of the scores."""
    if scores.dtype.kind == "u":
        return scores
    xp = scores.__array_namespace__()
    bits = xp.where(xp.isnan(scores), xp.full_like(scores, np.nan), scores).view(f"uint{8 * scores.dtype.itemsize}")
    sign = bits.dtype.type(1 << (8 * scores.dtype.itemsize - 1))
    bits = xp.where(bits == sign, xp.zeros_like(bits), bits)  # -0; a comparison of floats would flush subnormal ones
    return xp.where(bits & sign, ~bits, bits | sign)


def _choose(scores: Any, eligible: Any, count: Any, downwards: bool) -> Any:
    if not isinstance(scores, np.ndarray):
        return _bisect(scores, eligible, count, downwards)
    places = np.flatnonzero(eligible)
    keys = _keys(scores[places])
    chosen = np.zeros(scores.shape, bool)
    chosen[places[np.argsort(~keys if downwards else keys, kind="stable")[: int(count)]]] = True
    return chosen


@partial(jax.jit, static_argnames="downwards")
def _bisect(scores: jax.Array, eligible: jax.Array, count: Any, downwards: bool) -> jax.Array:
    keys = ~_keys(scores) if downwards else _keys(scores)
    threshold = _nth(keys, eligible, count, 8 * keys.dtype.itemsize)
    below, equal = eligible & (keys < threshold), eligible & (keys == threshold)
    missing = count - below.sum(dtype=jnp.int32)
    order = jnp.arange(keys.size, dtype=jnp.uint32)
    last = _nth(order, equal, missing, max(1, keys.size.bit_length()))
    return below | (equal & (order <= last) & (missing > 0))


def _nth(keys: jax.Array, eligible: jax.Array, count: Any, bits: int) -> jax.Array:
    """The largest key of which fewer than `count` eligible ones lie below: the count-th smallest."""

    def bit(i: Any, found: jax.Array) -> jax.Array:
        tried = found | (jnp.ones((), keys.dtype) << (bits - 1 - i).astype(keys.dtype))
        return jnp.where((eligible & (keys < tried)).sum(dtype=jnp.int32) < count, tried, found)

    return jax.lax.fori_loop(0, bits, bit, jnp.zeros((), keys.dtype))


def among(choice: Choice, scores: Mapping[str, Any], eligible: Masks, count: Any) -> Masks:
    """`choice` over several matrices (gates, target, source) taken as one."""
    paths = sorted(scores)
    xp = scores[paths[0]].__array_namespace__()
    flat = lambda arrays: xp.concatenate([xp.asarray(arrays[p]).transpose(2, 0, 1).reshape(-1) for p in paths])
    chosen = choice(flat(scores), flat(eligible), count)
    masks, at = {}, 0
    for path in paths:
        gates, target, source = scores[path].shape
        part = chosen[at : at + scores[path].size]
        masks[path] = part.reshape(source, gates, target).transpose(1, 2, 0)
        at += part.size
    return masks
