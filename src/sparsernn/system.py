"""A trained network or a known system as a map ``z -> step(params, x, z)``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax


class System(NamedTuple):
    """A discrete-time system: ``z[t+1] = step(params, inputs[t], z[t])``, z of shape (..., dim), sampled every `dt`.

    `step` is a module-level function or a bound method of a frozen dataclass, so that compilations are shared;
    floats live in `params` (traced). `inputs` is (T, inputs) or None, `start` a state (..., dim).
    """

    step: Callable[[Any, Any, Any], Any]
    params: Any
    inputs: Any
    dim: int
    dt: float
    start: Any


@partial(jax.jit, static_argnames=("step", "steps"))
def _run(step: Callable, params: Any, inputs: Any, start: Any, steps: int) -> Any:
    def body(state: Any, x: Any) -> tuple[Any, Any]:
        state = step(params, x, state)
        return state, state

    return jax.lax.scan(body, start, inputs, length=steps)[1]


def trajectory(system: System, steps: int, start: Any = None) -> Any:
    """The states after 1, 2, ... `steps` steps, (steps, ..., dim). One compilation per (step, steps, shape)."""
    inputs = None if system.inputs is None else system.inputs[:steps]
    return _run(system.step, system.params, inputs, system.start if start is None else start, steps)
