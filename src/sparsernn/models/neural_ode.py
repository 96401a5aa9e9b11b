"""Neural ordinary differential equation between inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from sparsernn.errors import SpecError
from sparsernn.integrate import rk4_step
from sparsernn.linear import Watched
from sparsernn.models.continuous import Continuous, InputVariance
from sparsernn.rules import at_least, positive
from sparsernn.spec import scaling
from sparsernn.weights import Weights

MOST_STEPS = 256
"""Steps of an adaptive solver between two inputs; more is a failure."""


@dataclass(frozen=True)
class NeuralODE(Continuous):
    r"""A network whose step is the solution of a differential equation, ``dh/dt = tanh(W h + U x + b)``.

    It is solved from one input to the next, over the time ``substeps * dt``; the input stays the same in between.
    Where the adaptive solver does not arrive within 256 steps the state is NaN, so that the training ends as diverged.
    Gradients go through the solver's steps. Arrays: see `Continuous`. Cost: four products with W a sub-step; six a step
    of the adaptive solver.

    Args:
        hidden: number of units.
        substeps: Runge-Kutta steps from one input to the next.
        dt: length of such a step.
        solver: "rk4", the classical Runge-Kutta rule; or "adaptive", Tsitouras' 5(4) pair of diffrax (extra `ode`).
        tolerance: of the adaptive solver, relative and absolute.

    Source: as in doi 10.1038/s42005-023-01364-0 (RK4, 6 sub-steps of 1/6; its code has 0.01); Chen et al. 2018,
    arXiv 1806.07366.
    """

    hidden: int = 100
    substeps: int = 6
    dt: float = 1 / 6
    solver: Literal["rk4", "adaptive"] = "rk4"
    tolerance: float = 1e-4
    input_variance: InputVariance = "fan_in"

    rules = (at_least(1, "hidden"), at_least(1, "substeps"), positive("dt"), positive("tolerance"))
    scales = scaling("dt", "tolerance")

    def step(self, weights: Weights, state: jax.Array, projected: jax.Array | None) -> jax.Array:
        if self.solver == "adaptive":
            return self._adaptive(weights, state, projected)
        field = lambda weights, h: jnp.tanh(self.drive(weights, h, projected))
        for _ in range(self.substeps):
            state = rk4_step(field, weights, state, self.dt)
        return state

    def _adaptive(self, weights: Weights, state: jax.Array, projected: jax.Array | None) -> jax.Array:
        try:
            import diffrax
        except ImportError:
            raise SpecError(
                'the solver "adaptive" needs diffrax: python -m pip install "sparsernn[ode]", or take solver: rk4'
            ) from None
        recurrent = weights["recurrent"]
        if isinstance(recurrent, Watched):  # the solver's loop is compiled: what it multiplies is noted at its start
            self.drive(weights, state, projected)
            weights = {**weights, "recurrent": recurrent.array}
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, h, _: jnp.tanh(self.drive(weights, h, projected))),
            diffrax.Tsit5(),
            t0=0.0,
            t1=self.substeps * self.dt,
            dt0=None,
            y0=state,
            stepsize_controller=diffrax.PIDController(rtol=self.tolerance, atol=self.tolerance),
            max_steps=MOST_STEPS,
            throw=False,
        )
        assert solution.ys is not None
        arrived = solution.result == diffrax.RESULTS.successful
        return jnp.where(arrived, solution.ys[-1], jnp.nan)
