"""Plain L2 on single weights."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from sparsernn.regularizers.entrywise import Entrywise


@dataclass(frozen=True)
class L2(Entrywise):
    """Charge every weight by its square, ``w^2``, which keeps weights small and alike. Fields: see `Entrywise`.

    Its gradient is ``2 w`` (not w, as where half the square is charged).
    """

    def cost(self, weights: jax.Array) -> jax.Array:
        return jnp.square(weights)
