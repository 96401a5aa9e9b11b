"""Fixed-step integrators of ``z' = field(params, z)``. Adaptive ones come from diffrax (extra `ode`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Field = Callable[[Any, Any], Any]


def rk4_step(field: Field, params: Any, z: Any, dt: float) -> Any:
    """The classical Runge-Kutta step: global error O(dt^4), four evaluations."""
    k1 = field(params, z)
    k2 = field(params, z + 0.5 * dt * k1)
    k3 = field(params, z + 0.5 * dt * k2)
    k4 = field(params, z + dt * k3)
    return z + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
