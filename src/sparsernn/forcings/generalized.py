"""Generalized teacher forcing."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from sparsernn.forcings.base import AbstractForcing
from sparsernn.rules import within
from sparsernn.spec import scaling


@dataclass(frozen=True)
class Generalized(AbstractForcing):
    """Generalized teacher forcing: after every step ``z <- (1 - alpha) z + alpha z_data``, with a constant `alpha`.

    Source: Hess et al. 2023 (arXiv 2306.04406), with a constant alpha.
    """

    alpha: float = 0.1

    scales = scaling("alpha")
    rules = (within("[0, 1]", "alpha"),)

    def alphas(self, steps: int) -> jax.Array:
        return jnp.full(steps, self.alpha)
