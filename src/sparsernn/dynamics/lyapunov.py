"""Lyapunov exponents of discrete-time systems."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError, Undefined
from sparsernn.precision import precise
from sparsernn.system import System


def largest_exponent(system: System, steps: int = 10_000, transient: int = 1_000) -> float | Undefined:
    """The largest Lyapunov exponent along one run, in nats per time unit (of `system.dt`).

    ``lambda = 1/(steps dt) sum_t ln |J_t v_t|``, v_t the tangent vector carried along and set to length 1 at each step,
    J_t v_t taken by forward differentiation (no Jacobian is formed). Autonomous systems; `start` (dim,). float64.
    The first `transient` steps let state and tangent vector settle and are not counted. The error falls as
    1 / (steps dt) for regular motion, as 1 / sqrt(steps dt) for chaos. Undefined if the run overflows or stops
    depending on its past (J v = 0). Cost: two evaluations of the step a time step.
    Source: Benettin et al. 1980, doi:10.1007/BF02128236.
    """
    if steps < 1 or transient < 0:
        raise SpecError(f"steps must be at least 1 and transient not negative, got {steps} and {transient}")
    if system.inputs is not None:
        raise SpecError("the exponent of a driven system is not built yet; give a system without inputs")
    with precise():
        params = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf, dtype=float)), system.params)
        start = jnp.asarray(np.asarray(system.start, dtype=float))
        if start.ndim != 1:
            raise SpecError(f"start must be one state (dim,), got shape {start.shape}")
        tangent = np.random.default_rng(0).standard_normal(start.shape)
        growth = np.asarray(_growth(system.step, params, start, tangent / np.linalg.norm(tangent), transient + steps))
    growth = growth[transient:]
    if np.isneginf(growth).any():
        return Undefined("the state stops depending on its past")
    if not np.isfinite(growth).all():
        return Undefined("the run overflows")
    return float(growth.mean() / system.dt)


@partial(jax.jit, static_argnames=("step", "steps"))
def _growth(step: Any, params: Any, start: jax.Array, tangent: Any, steps: int) -> jax.Array:
    """``ln |J v|`` of every step, (steps,)."""

    def body(at: Any, _: Any) -> Any:
        state, tangent = at
        state, tangent = jax.jvp(lambda z: step(params, None, z), (state,), (tangent,))
        length = jnp.linalg.norm(tangent)
        # relu(NaN) is 0: of a state that is gone the tangent vector may stay finite
        growth = jnp.where(jnp.isfinite(state).all(), jnp.log(length), jnp.nan)
        return (state, tangent / jnp.where(length > 0, length, 1)), growth

    return jax.lax.scan(body, (start, jnp.asarray(tangent)), length=steps)[1]
