"""Lyapunov exponents of discrete-time systems, autonomous or driven."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError, Undefined
from sparsernn.precision import precise
from sparsernn.system import System

BLOCKS = 32
"""Equal parts of a run whose means give the standard error."""
PROBED = 64
"""Steps at the beginning, orthonormalized each, from which the interval between later ones is found."""
SPREAD, GROWTH, LONGEST = 20.0, 200.0, 32
"""Nats by which tangent vectors may part (float64 holds 36), and by which one may grow, between two
orthonormalizations; and steps between two at most."""


class Spectrum(NamedTuple):
    """Lyapunov exponents, the largest first.

    `exponents` (count,) in nats per step and their standard errors `error`; -inf: a direction that is contracted to
    nothing, or by more than float64 tells from it. `dim` is the length of the state, `dt` the time of a step.
    `interval`: steps between two orthonormalizations.
    """

    exponents: np.ndarray
    error: np.ndarray
    dim: int
    dt: float
    interval: int

    @property
    def per_time(self) -> np.ndarray:
        """The exponents in nats per unit of time."""
        return self.exponents / self.dt

    @property
    def kaplan_yorke(self) -> float | Undefined:
        """Kaplan-Yorke dimension: ``k + sum of the first k / |the next one|``, k the most whose sum is not negative.

        Undefined where the exponents that were asked for are too few. Source: Frederickson et al. 1983,
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
    """The `count` largest Lyapunov exponents (None: all) along one run, or as means over several.

    ``Q R = J_t Q``, one column of Q for each exponent; an exponent is the mean of ``ln R_ii`` over `steps` steps. J is
    never formed: it is applied to the columns by forward differentiation of `system.step`, whose state is all that a
    step passes on (an LSTM's cell too). Columns are orthonormalized (QR) as often as needed: the growth over the first
    64 steps says how often, and if they part by more than 20 nats in between all the same, it is done again at every
    step. The first `transient` steps let state and columns settle and are not counted. float64.

    Args:
        system: `start` (dim,), or (samples, dim) for as many runs side by side. Of a driven system `inputs` (T, ...),
            or where there are samples (T, samples, ...): step t takes ``inputs[t]``, and T must be at least
            `transient` + `steps`. Exponents of a driven system are conditional on its inputs.
        count: 1 to dim.
        steps: counted ones.
        transient: uncounted ones.

    Returns:
        A `Spectrum`. Standard errors: from the means of 32 blocks of the run (too small where blocks are shorter than
        the memory of the motion), or over samples. Undefined if the run overflows, or stops depending on its past
        (the largest exponent is -inf).

    Cost: a step and `count` tangents of it a step, and a QR of (dim, count) an interval; compiled once for each `step`
    function and shape, whatever the number of steps.
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
    """`sums` (samples, BLOCKS, count) of ``ln R_ii``; most nats by which columns parted, and by which one grew or
    shrank, between two orthonormalizations; whether all states were finite. All but `sums` one a sample."""

    sums: np.ndarray
    apart: np.ndarray
    growth: np.ndarray
    finite: np.ndarray


def _float64(leaf: Any) -> jax.Array:
    return jnp.asarray(np.asarray(leaf, dtype=float))


def _driving(system: System, needed: int) -> Any:
    """Inputs as arrays, tokens as they are."""
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
def _grown(step: Any, params: Any, inputs: Any, start: jax.Array, columns: jax.Array, ends: Any) -> Any:
    """What `_Taken` holds. `ends`: last uncounted step, last step, steps between two orthonormalizations."""
    one = partial(_grown_one, step, params, ends)
    if start.ndim == 1:
        return one(inputs, start, columns)
    return jax.vmap(one, in_axes=(None if inputs is None else 1, 0, 0))(inputs, start, columns)


def _grown_one(step: Any, params: Any, ends: Any, inputs: Any, start: jax.Array, columns: jax.Array) -> Any:
    transient, end, interval = ends[0], ends[1], ends[2]
    none = jnp.finfo(float).eps * columns.shape[0]

    def orthonormal(columns: jax.Array) -> Any:
        columns, upper = jnp.linalg.qr(columns)
        lengths = jnp.abs(jnp.diag(upper))
        return columns, jnp.log(jnp.where(lengths > none * lengths.max(), lengths, 0))

    def body(t: Any, at: Any) -> Any:
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
