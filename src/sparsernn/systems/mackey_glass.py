"""The Mackey-Glass equation: one variable that depends on its past."""

from __future__ import annotations

from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError
from sparsernn.precision import precise
from sparsernn.systems.sampling import start_near
from sparsernn.weights import FloatLike, IntLike, PyTree

GAIN, DECAY, POWER = 0.2, 0.1, 10
Method = Literal["rk4", "euler"]


def mackey_glass(
    rows: int,
    tau: float = 23.0,
    seed: int = 0,
    dt: float = 1.0,
    substeps: int = 10,
    transient: float = 1_000.0,
    method: Method = "rk4",
) -> np.ndarray:
    """Return samples of the Mackey-Glass equation every `dt`, (rows,) float64.

    ``dx/dt = 0.2 x(t - tau) / (1 + x(t - tau)^10) - 0.1 x``. Steps of dt / substeps, of which the delay must be a whole
    number. ``rk4``: the classical Runge-Kutta method, the past between two steps by the cubic through their values and
    slopes (error O(h^4)); ``euler``: explicit Euler, as published series are made. The past before the first sample is
    constant, uniform in [1.1, 1.3] by `seed`; `transient` time units are dropped. Chaotic for tau above about 16.8; not
    a map of a finite state, so no `AbstractKnownSystem`. Cost: one compiled scan, about 4 microseconds a step. Source:
    Mackey & Glass 1977, doi 10.1126/science.267326.
    """
    lag = round(tau / dt * substeps)
    if rows < 1 or substeps < 1 or lag < 1 or abs(lag - tau / dt * substeps) > 1e-6 or transient < 0:
        raise SpecError(
            "rows, substeps and tau must be positive, the transient not negative, and tau a whole number of steps of "
            f"dt / substeps; got rows {rows}, substeps {substeps}, tau {tau}, transient {transient}, dt {dt}"
        )
    dropped = int(np.ceil(transient / dt))
    first = float(start_near((1.2,), 0.1, seed)[0])
    with precise():
        return np.asarray(_scan(first, dt / substeps, lag, substeps, dropped, rows, method == "euler"))


def slope(now: FloatLike, before: FloatLike) -> FloatLike:
    """Return dx/dt, given x now and x a delay before."""
    return GAIN * before / (1 + before**POWER) - DECAY * now


@partial(jax.jit, static_argnames=("lag", "substeps", "rows", "euler"))
def _scan(
    first: FloatLike, h: FloatLike, lag: int, substeps: int, dropped: IntLike, rows: int, euler: bool
) -> jax.Array:
    """The last `lag` + 1 values lie in a ring, and the values half a step after each; the place after the newest holds
    the oldest, a delay ago."""
    size = lag + 1

    def step(i: IntLike, at: PyTree) -> PyTree:
        values, between, place = at
        oldest, second = (place + 1) % size, (place + 2) % size
        now, x0, x1 = values[place], values[oldest], values[second]
        k1 = slope(now, x0)
        if euler:
            after = now + h * k1
        else:
            k2 = slope(now + h / 2 * k1, between[oldest])
            k3 = slope(now + h / 2 * k2, between[oldest])
            after = now + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(now + h * k3, x1))
        middle = (now + after) / 2 + h / 8 * (k1 - slope(after, x1))
        return values.at[oldest].set(after), between.at[place].set(middle), oldest

    def sample(at: PyTree, _: None) -> PyTree:
        return jax.lax.fori_loop(0, substeps, step, at), at[0][at[2]]

    constant = jnp.full(size, first)
    at = jax.lax.fori_loop(0, dropped * substeps, step, (constant, constant, jnp.asarray(size - 1)))
    return jax.lax.scan(sample, at, None, length=rows)[1]
