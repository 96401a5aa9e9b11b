"""Dropout: where, how much, and whether anew at every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp

from sparsernn.rng import named
from sparsernn.rules import within
from sparsernn.spec import Checked, scaling


@dataclass(frozen=True)
class Dropout(Checked):
    """Shares of values set to 0 while training, the others divided by 1 - share; None: nothing is dropped there.

    `input`: what enters the first cell (inputs or embedded tokens); `between`: what passes from a cell to the next;
    `output`: what is read out; `state`: the units that the recurrent matrices multiply; `weights`: entries of the
    recurrent matrices (one draw for all sequences of a batch). `each`: the others are drawn anew at every ``step``, or
    once for a whole ``sequence`` (each sequence of a batch its own).
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

    def on(self, values: jax.Array, where: str, key: jax.Array, *names: Any) -> jax.Array:
        """`values` (T, ..., units) with some set to 0, of the draw called `names`."""
        rate = getattr(self, where)
        if rate is None:
            return values
        return values * self.factors(rate, values.shape, named(key, where, *names)).astype(values.dtype)

    def factors(self, rate: Any, shape: tuple[int, ...], key: jax.Array) -> jax.Array:
        """0 or 1 / (1 - rate) for values of a shape (T, ...); with ``each="sequence"`` (1, ...)."""
        drawn = shape if self.each == "step" else (1, *shape[1:])
        return kept(rate, drawn, key)


def kept(rate: Any, shape: tuple[int, ...], key: jax.Array) -> jax.Array:
    """0 with probability `rate`, else 1 / (1 - rate)."""
    return jnp.where(jax.random.bernoulli(key, 1 - rate, shape), 1 / (1 - rate), 0.0)
