"""Continuous-time recurrent network."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from sparsernn.models.continuous import Continuous, InputVariance
from sparsernn.rules import at_least, positive
from sparsernn.spec import scaling
from sparsernn.weights import Weights


@dataclass(frozen=True)
class CTRNN(Continuous):
    r"""Units that leak and are driven in continuous time: ``dh/dt = -h/tau + tanh(W h + U x + b)``.

    It is solved by `substeps` explicit Euler steps of size `dt` for each input, which stays the same in between: the
    time between two inputs is ``substeps * dt``. Stable only for ``dt < 2 tau``. Arrays: see `Continuous`. Cost of a
    step: `substeps` products with W.

    Args:
        hidden: number of units.
        tau: time constant of the leak, in the unit of `dt`.
        substeps: Euler steps from one input to the next.
        dt: length of an Euler step.

    Source: the form of doi 10.1038/s42005-023-01364-0 (6 sub-steps of 1/6, tau 1 or 0.5; its printed h/tau lacks the
    minus; its code has 6 of 0.1 and tau 0.5); Funahashi & Nakamura 1993, doi 10.1016/S0893-6080(05)80125-X.
    """

    hidden: int = 100
    tau: float = 1.0
    substeps: int = 6
    dt: float = 1 / 6
    input_variance: InputVariance = "fan_in"

    rules = (at_least(1, "hidden"), positive("tau"), at_least(1, "substeps"), positive("dt"))
    scales = scaling("tau", "dt")

    def step(self, weights: Weights, state: jax.Array, projected: jax.Array | None) -> jax.Array:
        for _ in range(self.substeps):
            state = state + self.dt * (jnp.tanh(self.drive(weights, state, projected)) - state / self.tau)
        return state
