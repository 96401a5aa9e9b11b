"""Sampling a known system on its attractor."""

from __future__ import annotations

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError
from sparsernn.integrate import Field, rk4_step
from sparsernn.precision import precise
from sparsernn.rng import key
from sparsernn.weights import PyTree


def start_near(center: tuple[float, ...], spread: float, seed: int) -> np.ndarray:
    """Return the point (dim,) that a seed starts from: `center` plus a uniform draw from ±spread in each coordinate."""
    draw = jax.random.uniform(key(seed, "start"), (len(center),), dtype=jnp.float32, minval=-1, maxval=1)
    return np.asarray(center) + spread * np.asarray(draw, dtype=np.float64)


def sample(
    field: Field, params: PyTree, start: np.ndarray, dt: float, rows: int, transient: float, substeps: int
) -> np.ndarray:
    """Return the states of a system every `dt`, (rows, dim) float64, by Runge-Kutta steps of dt / substeps.

    Cost: ``4 (rows + transient / dt) substeps`` evaluations of the field, in one compiled scan.

    Args:
        field: the time derivative.
        params: what it takes.
        start: a state (dim,).
        dt: time between two states.
        rows: number of states.
        transient: time before the first of them.
        substeps: steps from one state to the next.

    Raises:
        SpecError: for numbers that cannot be, all at once; or if the state does not stay finite.
    """
    problems = [
        f"{name} must be {what}, got {value}"
        for name, value, what, holds in (
            ("rows", rows, "at least 1", rows >= 1),
            ("substeps", substeps, "at least 1", substeps >= 1),
            ("transient", transient, "0 or more time units", 0 <= transient < math.inf),
        )
        if not holds
    ]
    if problems:
        raise SpecError(problems)
    dropped = math.ceil(transient / dt)
    with precise():
        states = np.asarray(_scan(field, params, jnp.asarray(start), dt / substeps, dropped, rows, substeps))
    if not np.isfinite(states).all():
        raise SpecError(
            f"the system escaped to infinity at these parameters within {(dropped + rows) * dt:g} time units; "
            "take a smaller dt, more substeps or other parameters"
        )
    return states


@partial(jax.jit, static_argnames=("field", "rows", "substeps"))
def _scan(
    field: Field, params: PyTree, start: jax.Array, step: float, dropped: int, rows: int, substeps: int
) -> jax.Array:
    def advance(z: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, substeps, lambda _, z: rk4_step(field, params, z, step), z)

    def body(z: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
        return advance(z), z

    settled = jax.lax.fori_loop(0, dropped, lambda _, z: advance(z), start)
    return jax.lax.scan(body, settled, None, length=rows)[1]
