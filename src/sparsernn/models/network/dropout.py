"""Dropout: where values are set to 0 while training, how many, and how often they are drawn anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from sparsernn.rng import named
from sparsernn.rules import within
from sparsernn.spec import Checked, scaling
from sparsernn.weights import FloatLike, IntLike


@dataclass(frozen=True)
class Dropout(Checked):
    """Which share of the values is set to 0 while training. The other values are divided by 1 - share.

    Args:
        input: share of what enters the first cell (inputs or embedded tokens). None, here and below: none.
        between: share of what passes from one cell to the next.
        output: share of what is read out.
        state: share of the units that the recurrent matrices multiply.
        weights: share of the entries of the recurrent matrices, in one draw for all sequences of a batch.
        each: whether all but `weights` are drawn anew at every "step", or once for a whole "sequence". Each sequence of
            a batch has its own draw.

    Source: Zaremba et al. 2014, arXiv 1409.2329 (input, between and output, at every step); Gal & Ghahramani 2016,
    arXiv 1512.05287 (once a sequence, state too); Merity et al. 2017, arXiv 1708.02182 (weights).
    """

    input: float | None = None
    between: float | None = None
    output: float | None = None
    state: float | None = None
    weights: float | None = None
    each: Literal["step", "sequence"] = "step"

    rules = tuple(within("[0, 1)", name) for name in ("input", "between", "output", "state", "weights"))
    scales = scaling("input", "between", "output", "state", "weights")

    def on(self, values: jax.Array, where: str, key: jax.Array, *names: str | IntLike) -> jax.Array:
        """Return `values` (T, ..., units) with some set to 0.

        `where` is the field that gives the share; `where` and `names` name the draw below `key`.
        """
        rate = getattr(self, where)
        if rate is None:
            return values
        return values * self.factors(rate, values.shape, named(key, where, *names)).astype(values.dtype)

    def factors(self, rate: FloatLike, shape: tuple[int, ...], key: jax.Array) -> jax.Array:
        """Draw a factor, 0 or 1 / (1 - rate), for values of shape (T, ...); with ``each="sequence"`` of (1, ...)."""
        drawn = shape if self.each == "step" else (1, *shape[1:])
        return kept(rate, drawn, key)


def kept(rate: FloatLike, shape: tuple[int, ...], key: jax.Array) -> jax.Array:
    """Draw an array that is 0 with probability `rate`, else 1 / (1 - rate)."""
    return jnp.where(jax.random.bernoulli(key, 1 - rate, shape), 1 / (1 - rate), 0.0)
