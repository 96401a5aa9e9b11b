"""A network in time: where states begin, one step, a whole sequence, a free run."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from sparsernn.linear import Knockout
from sparsernn.models.base import AbstractCell, State
from sparsernn.models.network.dropout import kept
from sparsernn.models.network.forcing import Forced
from sparsernn.models.network.ports import Forcing, Unrolled
from sparsernn.rng import named
from sparsernn.weights import Weights

UNROLL = 8
"""Steps of a free run in one turn of the compiled loop: where few runs advance, the loop itself costs most of the time
(measured: 0.6 instead of 1.8 microseconds a step for 50 units). Many runs and gradients gain nothing from it."""


class Running(Forced):
    """States and their movement."""

    @partial(jax.jit, static_argnames=("self", "observed"))
    def first_states(self, weights: Weights, first: jax.Array, observed: bool = True) -> tuple[State, ...]:
        """The states that go with a first observation (..., outputs), or with an encoded beginning (`observed` False)
        (..., first)."""
        return self._start(weights, first, observed)

    def _start(self, weights: Weights, first: jax.Array, observed: bool) -> tuple[State, ...]:
        """`first_states` within a compiled function, where the numbers of this network may be traced themselves."""
        states = tuple(cell.init_state(weights[f"cell{i}"], first) for i, cell in enumerate(self.cells))
        return self.impose(weights, states, first, 1.0) if observed else states

    def zeros(self, shape: tuple[int, ...]) -> tuple[State, ...]:
        """The resting states, for tasks without a first observation."""
        return tuple(cell.zeros(shape) for cell in self.cells)

    def init_states(
        self, weights: Weights, batch: Any, observed: bool, carried: Any = (), leading: tuple[int, ...] = ()
    ) -> tuple[State, ...]:
        """The states that a batch of a task begins from: its first observation (`observed`) or encoded beginning; else
        at rest, or where windows follow one another the `carried` states, at rest again in the rows where
        ``batch.begins``. `leading` axes stand before the batch's own."""
        if batch.first is not None:
            return self._start(weights, jnp.broadcast_to(batch.first, (*leading, *batch.first.shape)), observed)
        rest = self.zeros((*leading, batch.inputs.shape[1]))
        if isinstance(carried, tuple) and not carried:
            return rest
        return jax.tree.map(lambda r, c: jnp.where(batch.begins[:, None], r, c), rest, carried)

    def step(self, weights: Weights, states: tuple[State, ...], x: Any) -> tuple[State, ...]:
        """One time step of all cells; x (..., inputs), tokens (...) or None."""
        after = []
        x = None if x is None else self.embed(weights, x)
        for i, (cell, state) in enumerate(zip(self.cells, states, strict=True)):
            projected = None if x is None else _project(cell, weights[f"cell{i}"], state, x)
            after.append(cell.step(weights[f"cell{i}"], state, projected))
            x = cell.outputs(after[-1])
        return tuple(after)

    def unroll(
        self,
        weights: Weights,
        xs: Any,
        states: tuple[State, ...],
        forcing: Forcing | None = None,
        key: jax.Array | None = None,
    ) -> Unrolled:
        """Outputs of every step. xs (T, ..., inputs), tokens (T, ...) or None (then T is that of `forcing`, which must
        be given). With a `key` values are dropped as `dropout` says; None is evaluation.

        Cells are run one after the other over the whole length, so input products are taken for all steps at once.
        Cost: one step per cell and time; memory O(T hidden) for the gradient.
        """
        final = []
        drop = None if key is None else self.dropout
        xs = None if xs is None else jax.vmap(partial(self.embed, weights))(xs)
        for i, cell in enumerate(self.cells):
            own, state_factors = weights[f"cell{i}"], None
            if drop is not None and key is not None:
                xs = None if xs is None else drop.on(xs, "input" if i == 0 else "between", key, i)
                own = self._dropped(own, named(key, "weights", i))
                steps = len(xs) if forcing is None else len(forcing.alpha)
                state_factors = self._state_factors(cell, states[i], steps, key, i)
            projected = None if xs is None else jax.vmap(partial(_project, cell, own, states[i]))(xs)
            if i == len(self.cells) - 1 and forcing is not None:
                state, units = self._forced(weights, own, projected, states, forcing, state_factors)
            else:
                state, units = _scan_cell(cell, own, states[i], projected, state_factors)
            final.append(state)
            xs = units
        if drop is not None and key is not None:
            xs = drop.on(xs, "output", key)
        return Unrolled(jax.vmap(partial(self.read, weights))(xs), tuple(final))

    def _dropped(self, own: Weights, key: jax.Array) -> Weights:
        """A cell's weights with entries of its recurrent matrix set to 0."""
        if self.dropout is None or self.dropout.weights is None:
            return own
        matrix = own["recurrent"]
        return {**own, "recurrent": matrix * kept(self.dropout.weights, matrix.shape, key).astype(matrix.dtype)}

    def _state_factors(self, cell: AbstractCell, state: State, steps: int, key: jax.Array, i: int) -> Any:
        """(steps, ..., hidden) by which a cell's units are multiplied before each step; None: not at all."""
        if self.dropout is None or self.dropout.state is None:
            return None
        shape = (steps, *cell.outputs(state).shape)
        factors = self.dropout.factors(self.dropout.state, shape, named(key, "state", i))
        return jnp.broadcast_to(factors, shape)

    def _forced(
        self, weights: Weights, own: Weights, projected: Any, states: tuple[State, ...], forcing: Forcing, factors: Any
    ) -> Any:
        last, inverse = self.cells[-1], self.inverse(weights)

        def body(state: State, at: Any) -> Any:
            x, signal, alpha, factor = at
            state = last.step(own, _thinned(last, state, factor), x)
            (forced,) = self.impose(weights, (state,), signal, alpha, inverse)
            return forced, last.outputs(state)

        return jax.lax.scan(body, states[-1], (projected, forcing.signal, forcing.alpha, factors))

    @partial(jax.jit, static_argnames=("self", "steps"))
    def run(self, weights: Weights, states: tuple[State, ...], steps: int, xs: Any = None) -> Unrolled:
        """Run freely for `steps` steps: outputs (steps, ..., outputs), last states. Autonomous unless xs is given."""

        def body(states: Any, x: Any) -> Any:
            states = self.step(weights, states, x)
            return states, self.read(weights, self.cells[-1].outputs(states[-1]))

        states, outputs = jax.lax.scan(body, states, xs, length=steps, unroll=UNROLL)
        return Unrolled(outputs, states)


def _project(cell: AbstractCell, weights: Weights, state: State, x: jax.Array) -> jax.Array:
    """What an input contributes. Where an input weight is knocked out, x first gains the axes that only states have."""
    if isinstance(weights.get("input"), Knockout):
        x = jnp.broadcast_to(x, (*cell.outputs(state).shape[:-1], x.shape[-1]))
    return cell.project(weights, x)


def _thinned(cell: AbstractCell, state: State, factor: Any) -> State:
    return state if factor is None else cell.with_outputs(state, cell.outputs(state) * factor)


def _scan_cell(cell: AbstractCell, weights: Weights, state: State, projected: Any, factors: Any) -> Any:
    def body(state: State, at: Any) -> Any:
        x, factor = at
        state = cell.step(weights, _thinned(cell, state, factor), x)
        return state, cell.outputs(state)

    return jax.lax.scan(body, state, (projected, factors))
