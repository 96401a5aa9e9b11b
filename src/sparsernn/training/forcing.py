"""The forcing of one batch."""

from __future__ import annotations

import jax.numpy as jnp

from sparsernn.forcings.base import AbstractForcing
from sparsernn.models.network import Forcing
from sparsernn.tasks.base import Batch


def plan(forcing: AbstractForcing | None, batch: Batch) -> Forcing:
    """Return the forcing of one batch of a recorded system; ``None`` leaves the network alone after its first state."""
    steps = batch.targets.shape[0]
    return Forcing(batch.targets, jnp.zeros(steps) if forcing is None else forcing.alphas(steps))
