"""What every forcing promises."""

from __future__ import annotations

import jax
import numpy as np

from sparsernn.forcings.base import AbstractForcing
from sparsernn.testing.claims import check_part, claim, close


def check_forcing(forcing: AbstractForcing) -> None:
    """A share in [0, 1] for every step, the same whatever comes later, compiled or not."""
    check_part(forcing)
    alphas = np.asarray(forcing.alphas(40))
    claim(alphas.shape == (40,), f"alphas(40) must give one number a step, (40,), got {alphas.shape}")
    claim(((alphas >= 0) & (alphas <= 1)).all(), "every alpha must lie in [0, 1]: the share of the way to the data")
    close(np.asarray(forcing.alphas(40)), alphas, "alphas must be the same every time they are asked for", 0)
    close(np.asarray(jax.jit(lambda: forcing.alphas(40))()), alphas, "alphas must be the same compiled", 1e-6)
