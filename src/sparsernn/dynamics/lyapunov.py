"""Lyapunov exponents of systems in discrete time, autonomous or driven."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from sparsernn.errors import SpecError, Undefined
from sparsernn.precision import precise
from sparsernn.system import Step, System
from sparsernn.weights import Array, PyTree

BLOCKS = 32
"""A run is divided into so many equal blocks. The standard error is taken from their means."""
PROBED = 64
"""So many first steps are orthonormalized each; they decide how many steps may pass between two later times."""
SPREAD, GROWTH, LONGEST = 20.0, 200.0, 32
"""Limits between two orthonormalizations: nats by which tangent vectors may part (float64 holds 36), nats by which one
may grow, and number of steps."""


class Spectrum(NamedTuple):
    """Lyapunov exponents of a system.

    Args:
        exponents: the largest first, (count,), in nats per step. -inf is a direction that shrinks to nothing, as far as
            float64 can tell.
        error: their standard errors, (count,).
        dim: length of the state.
        dt: time of a step.
        interval: number of steps between two orthonormalizations.
    """

    exponents: np.ndarray
    error: np.ndarray
    dim: int
    dt: float
    interval: int

    @property
    def per_time(self) -> np.ndarray:
        """The exponents in nats per unit of time, (count,)."""
        return self.exponents / self.dt

    @property
    def kaplan_yorke(self) -> float | Undefined:
        """The Kaplan-Yorke dimension: ``k + (sum of the first k exponents) / |exponent k + 1|``.

        k is the largest number of exponents whose sum is not negative. Undefined if too few exponents were taken.
        Source: Frederickson et al. 1983,
        doi 10.1016/0022-0396(83)90011-6.
        """
        sums = np.cumsum(self.exponents)
        k = int(np.count_nonzero(np.logical_and.accumulate(sums >= 0)))
        if k < len(sums):
            return k + (float(sums[k - 1] / abs(self.exponents[k])) if k else 0.0)
        if k == self.dim:
            return float(k)
        return Undefined(f"the sum of the first {k} exponents is not negative yet: take more of {self.dim}")


def spectrum(
    system: System, count: int | None = None, steps: int = 10_000, transient: int = 1_000
) -> Spectrum | Undefined:
    """Return the largest Lyapunov exponents of a system, along one run or as means over several runs.

    With ``Q R = J_t Q`` there is one column of Q for each exponent, and an exponent is the mean of ``ln R_ii`` over the
    counted steps. The Jacobian J is never formed: it is applied to the columns by forward differentiation of
    `system.step`. The state is all that a step passes on, the memory cells of an LSTM included. Columns are
    orthonormalized (QR) every few steps; how often is decided by their growth over the first 64 steps. If columns then
    part by more than 20 nats in between, all is computed again with a QR at every step. Computed in float64.

    Args:
        system: its `start` is (dim,), or (samples, dim) for several runs side by side. A driven system has `inputs`
            (T, ...), with several runs (T, samples, ...). Step t takes ``inputs[t]``, and T must be at least
            `transient` + `steps`. Exponents of a driven system hold for these inputs.
        count: how many exponents, 1 to dim; None: dim.
        steps: number of steps that are counted.
        transient: number of steps before, in which state and columns settle.

    Returns:
        A `Spectrum`. Its standard errors come from the means of 32 blocks of the run (they are too small if blocks are
        shorter than the memory of the motion), or from the several runs. Undefined if a run overflows, or stops
        depending on its past (the largest exponent is -inf).

    Raises:
        SpecError: for numbers out of range, or too few inputs.

    Cost: for each step the step itself and `count` tangents of it; for each interval a QR of (dim, count). Compiled
    once for each `step` function and shape, for any number of steps.
    Source: Benettin et al. 1980, doi 10.1007/BF02128236; Shimada & Nagashima 1979, doi 10.1143/PTP.61.1605.
    """
    if steps < 1 or transient < 0:
        raise SpecError(f"steps must be at least 1 and transient not negative, got {steps} and {transient}")
    with precise():
        params, inputs = jax.tree.map(_float64, system.params), _driving(system, transient + steps)
        start = jnp.asarray(np.asarray(system.start, dtype=float))
        if start.ndim not in (1, 2):
            raise SpecError(f"start must be one state (dim,) or several (samples, dim), got shape {start.shape}")
        dim = start.shape[-1]
        count = dim if count is None else count
        if not 1 <= count <= dim:
            raise SpecError(f"count must be 1 to {dim}, the length of the state; got {count}")
        samples = 1 if start.ndim == 1 else len(start)
        drawn = np.linalg.qr(np.random.default_rng(0).standard_normal((samples, dim, count)))[0]
        columns = jnp.asarray(drawn.reshape(*start.shape[:-1], dim, count))

        def taken(steps: int, transient: int, interval: int) -> _Taken:
            ends = np.array([transient, transient + steps, interval])
            return _Taken(*map(np.asarray, _grown(system.step, params, inputs, start, columns, ends)))

        probe = taken(min(PROBED, transient + steps), 0, 1)
        interval = 1
        apart, growth = 2 * probe.apart.max() + 1e-9, 2 * probe.growth.max() + 1e-9
        if np.isfinite(apart) and np.isfinite(growth):
            interval = max(1, int(min(LONGEST, SPREAD / apart, GROWTH / growth)))
        found = taken(steps, transient, interval)
        if interval > 1 and not found.apart.max() <= SPREAD:
            interval = 1
            found = taken(steps, transient, 1)
    if not found.finite.all():
        return Undefined("the run overflows")
    blocks = found.sums.reshape(samples, BLOCKS, count)
    exponents = blocks.sum(axis=1).mean(axis=0) / steps
    if np.isneginf(exponents).all():
        return Undefined("the state stops depending on its past")
    lengths = np.diff(-(-np.arange(BLOCKS + 1) * steps // BLOCKS))
    with np.errstate(invalid="ignore", divide="ignore"):
        means = blocks.sum(axis=1) / steps if samples > 1 else (blocks[0] / lengths[:, None])[lengths > 0]
        error = means.std(axis=0, ddof=1) / len(means) ** 0.5
    order = np.argsort(-exponents, kind="stable")
    return Spectrum(exponents[order], error[order], dim, system.dt, interval)


class _Taken(NamedTuple):
    """What a compiled run gives, for each sample.

    Args:
        sums: of ``ln R_ii``, (samples, BLOCKS, count).
        apart: the most nats by which columns parted between two orthonormalizations, (samples,).
        growth: the most nats by which one grew or shrank, (samples,).
        finite: whether all states were finite, (samples,).
    """

    sums: np.ndarray
    apart: np.ndarray
    growth: np.ndarray
    finite: np.ndarray


def _float64(leaf: ArrayLike) -> jax.Array:
    return jnp.asarray(np.asarray(leaf, dtype=float))


def _driving(system: System, needed: int) -> jax.Array | None:
    """Return the inputs of a system in float64; tokens stay integers. None for an autonomous one."""
    if system.inputs is None:
        return None
    inputs = np.asarray(system.inputs)
    if len(inputs) < needed:
        raise SpecError(
            f"{needed:,} steps (transient and counted ones) need as many inputs, got {len(inputs):,}: take fewer steps "
            "or a longer sequence"
        )
    if not np.issubdtype(inputs.dtype, np.integer):
        inputs = inputs.astype(float)
    return jnp.asarray(inputs)


@partial(jax.jit, static_argnames=("step",))
def _grown(
    step: Step, params: PyTree, inputs: jax.Array | None, start: jax.Array, columns: jax.Array, ends: Array
) -> tuple[jax.Array, ...]:
    """Return the fields of `_Taken`.

    `ends` are the number of steps that are not counted, that of all steps, and the steps between two
    orthonormalizations.
    """
    one = partial(_grown_one, step, params, ends)
    if start.ndim == 1:
        return one(inputs, start, columns)
    return jax.vmap(one, in_axes=(None if inputs is None else 1, 0, 0))(inputs, start, columns)


def _grown_one(
    step: Step, params: PyTree, ends: Array, inputs: jax.Array | None, start: jax.Array, columns: jax.Array
) -> tuple[jax.Array, ...]:
    transient, end, interval = ends[0], ends[1], ends[2]
    none = jnp.finfo(float).eps * columns.shape[0]

    def orthonormal(columns: jax.Array) -> tuple[jax.Array, jax.Array]:
        columns, upper = jnp.linalg.qr(columns)
        lengths = jnp.abs(jnp.diag(upper))
        return columns, jnp.log(jnp.where(lengths > none * lengths.max(), lengths, 0))

    def body(t: jax.Array, at: PyTree) -> PyTree:
        state, columns, sums, apart, growth, finite = at
        x = None if inputs is None else inputs[t]
        state, push = jax.linearize(lambda z: step(params, x, z), state)
        columns = jax.vmap(push, in_axes=1, out_axes=1)(columns)
        # relu(NaN) is 0: of a state that is gone the columns may stay finite
        finite = finite & jnp.isfinite(state).all() & jnp.isfinite(columns).all()
        block, following = ((s - transient) * BLOCKS // jnp.maximum(end - transient, 1) for s in (t, t + 1))
        due = ((t + 1) % interval == 0) | (t + 1 == transient) | ((t >= transient) & (following > block))
        columns, logs = jax.lax.cond(
            due, orthonormal, lambda columns: (columns, jnp.zeros(columns.shape[1])), jnp.where(finite, columns, 0)
        )
        sums = sums.at[jnp.maximum(block, 0)].add(jnp.where(t >= transient, logs, 0))
        there = jnp.isfinite(logs)
        low, high = jnp.where(there, logs, jnp.inf).min(), jnp.where(there, logs, -jnp.inf).max()
        apart = jnp.maximum(apart, jnp.where(there.any(), high - low, 0))
        growth = jnp.maximum(growth, jnp.where(there, jnp.abs(logs), 0).max())
        return state, columns, sums, apart, growth, finite

    sums = jnp.zeros((BLOCKS, columns.shape[1]))
    zero = jnp.zeros(())
    return jax.lax.fori_loop(0, end, body, (start, columns, sums, zero, zero, jnp.array(True)))[2:]
