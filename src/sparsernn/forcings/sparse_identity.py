"""Sparse teacher forcing."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from sparsernn.forcings.base import AbstractForcing
from sparsernn.rules import at_least


@dataclass(frozen=True)
class SparseIdentity(AbstractForcing):
    """Sparse teacher forcing: alpha = 1 after every `interval`-th step, else 0.

    The prediction before forcing enters the loss. Where the observation is the first units, the gradient through them
    is cut and the others keep theirs; through a linear read-out's pseudo-inverse gradients also reach the read-out.
    Choose `interval` near the lag at which a column's past tells little of it (first minimum of its mutual information;
    16 for Lorenz-63 at dt 0.01).
    Source: Mikhaeil et al. 2022 (arXiv 2110.07238), as used in arXiv 2406.04934.
    """

    interval: int = 16

    rules = (at_least(1, "interval"),)

    def alphas(self, steps: int) -> jax.Array:
        return (jnp.arange(1, steps + 1) % self.interval == 0).astype(float)
