"""Plain L1 on single weights."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from sparsernn.regularizers.entrywise import Entrywise


@dataclass(frozen=True)
class L1(Entrywise):
    """``|W|`` of every entry of the matrices in `where`, summed or averaged. The subgradient at 0 is 0."""

    def cost(self, weights: jax.Array) -> jax.Array:
        return weights * jnp.sign(weights)  # |w|; jnp.abs has slope 1 at 0
