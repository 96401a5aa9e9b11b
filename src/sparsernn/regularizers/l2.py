"""Plain L2 on single weights."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from sparsernn.regularizers.entrywise import Entrywise


@dataclass(frozen=True)
class L2(Entrywise):
    """``W^2`` of every entry of the matrices in `where`, summed or averaged."""

    def cost(self, weights: jax.Array) -> jax.Array:
        return jnp.square(weights)
