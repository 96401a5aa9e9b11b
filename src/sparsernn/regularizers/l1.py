"""Plain L1 on single weights."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from sparsernn.regularizers.entrywise import Entrywise


@dataclass(frozen=True)
class L1(Entrywise):
    """Charge every weight by its size, ``|w|``, which drives small weights to 0. Fields: see `Entrywise`.

    The gradient at 0 is taken as 0. Source: Tibshirani 1996, doi 10.1111/j.2517-6161.1996.tb02080.x.
    """

    def cost(self, weights: jax.Array) -> jax.Array:
        return weights * jnp.sign(weights)  # |w|; jnp.abs has slope 1 at 0
