"""Integrators of ``z' = field(params, z)`` with a fixed step. Adaptive ones come from diffrax (extra `ode`)."""

from __future__ import annotations

from collections.abc import Callable

import jax

from sparsernn.weights import PyTree

Field = Callable[[PyTree, jax.Array], jax.Array]
"""``field(params, z)``: the time derivative of a state z."""


def rk4_step(field: Field, params: PyTree, z: jax.Array, dt: float) -> jax.Array:
    """Return the state one step of length `dt` later, by the classical Runge-Kutta rule.

    Global error O(dt^4); four evaluations of the field.
    """
    k1 = field(params, z)
    k2 = field(params, z + 0.5 * dt * k1)
    k3 = field(params, z + 0.5 * dt * k2)
    k4 = field(params, z + dt * k3)
    return z + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
