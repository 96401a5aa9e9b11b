"""A trained network or a known system in one form: a map ``z -> step(params, x, z)``, in discrete time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax

from sparsernn.weights import Array, PyTree

Step = Callable[[PyTree, PyTree, jax.Array], jax.Array]
"""``step(params, x, z)``: the state after z, where x are the inputs of this step (None without inputs)."""


class System(NamedTuple):
    """A system in discrete time: ``z[t+1] = step(params, inputs[t], z[t])``.

    Args:
        step: the map. It is a function of a module or a method of a frozen dataclass, so that calls share their
            compilation; numbers that vary belong into `params`.
        params: arrays that `step` takes; they are traced.
        inputs: one row a step, (T, inputs), or tokens (T,); None for an autonomous system.
        dim: length of the state.
        dt: time between two states.
        start: a state (..., dim) to begin from.
    """

    step: Step
    params: PyTree
    inputs: Array | None
    dim: int
    dt: float
    start: Array


@partial(jax.jit, static_argnames=("step", "steps"))
def _run(step: Step, params: PyTree, inputs: Array | None, start: PyTree, steps: int) -> jax.Array:
    def body(state: jax.Array, x: PyTree) -> tuple[jax.Array, jax.Array]:
        state = step(params, x, state)
        return state, state

    return jax.lax.scan(body, start, inputs, length=steps)[1]


def trajectory(system: System, steps: int, start: Array | None = None) -> jax.Array:
    """Return the states after 1, 2, ... `steps` steps, (steps, ..., dim), from `start` (None: that of the system).

    Compiled once for each step function, number of steps and shape.
    """
    inputs = None if system.inputs is None else system.inputs[:steps]
    return _run(system.step, system.params, inputs, system.start if start is None else start, steps)
