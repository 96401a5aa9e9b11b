"""A network in time: the states it begins from, one step, a whole sequence, a free run."""

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
from sparsernn.weights import PyTree, Weights

UNROLL = 8
"""Steps of a free run in one turn of the compiled loop. With few runs the loop itself costs most of the time; so it is
0.6 instead of 1.8 microseconds a step for 50 units (measured). Many runs side by side and gradients gain nothing."""


class Running(Forced):
    """The part of a network that runs it in time."""

    @partial(jax.jit, static_argnames=("self", "observed"))
    def first_states(self, weights: Weights, first: jax.Array, observed: bool = True) -> tuple[State, ...]:
        """Return the states that a sequence begins from, compiled.

        Args:
            weights: of the network.
            first: its first observation (..., outputs), or with ``observed=False`` an encoded beginning (..., first).
            observed: which of the two `first` is.
        """
        return self._start(weights, first, observed)

    def _start(self, weights: Weights, first: jax.Array, observed: bool) -> tuple[State, ...]:
        """Do the same as `first_states` inside a compiled function, where numbers of this network may be traced."""
        states = tuple(cell.init_state(weights[f"cell{i}"], first) for i, cell in enumerate(self.cells))
        return self.impose(weights, states, first, 1.0) if observed else states

    def zeros(self, shape: tuple[int, ...]) -> tuple[State, ...]:
        """Return the states of all cells at rest, ``(*shape, hidden)`` each."""
        return tuple(cell.zeros(shape) for cell in self.cells)

    def init_states(
        self, weights: Weights, batch: Any, observed: bool, carried: PyTree = (), leading: tuple[int, ...] = ()
    ) -> tuple[State, ...]:
        """Return the states that a batch of a task begins from.

        Args:
            weights: of the network.
            batch: a `Batch`. If it has `first`, states begin from that; otherwise at rest or from `carried`.
            observed: whether ``batch.first`` is an observation (else an encoded beginning).
            carried: the states after the window before, where windows follow one another. Rows where ``batch.begins``
                is true begin at rest all the same. (): there are none.
            leading: axes that are put before those of the batch.
        """
        if batch.first is not None:
            return self._start(weights, jnp.broadcast_to(batch.first, (*leading, *batch.first.shape)), observed)
        rest = self.zeros((*leading, batch.inputs.shape[1]))
        if isinstance(carried, tuple) and not carried:
            return rest
        return jax.tree.map(lambda r, c: jnp.where(batch.begins[:, None], r, c), rest, carried)

    def step(self, weights: Weights, states: tuple[State, ...], x: jax.Array | None) -> tuple[State, ...]:
        """Return the states of all cells one step later. x is (..., inputs), tokens (...), or None without inputs."""
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
        xs: PyTree,
        states: tuple[State, ...],
        forcing: Forcing | None = None,
        key: jax.Array | None = None,
    ) -> Unrolled:
        """Run over a whole sequence and return the outputs of every step.

        Cells are run one after the other over the whole length, so that their products with inputs are taken for all
        steps at once. Cost: one step of each cell for each time; memory O(T hidden) for the gradient.

        Args:
            weights: of the network.
            xs: (T, ..., inputs) or tokens (T, ...). None without inputs; then `forcing` must be given and has the T.
            states: to begin from.
            forcing: data that the state is moved to after each step; None: it is left alone.
            key: for dropout. None: nothing is dropped, as in evaluation.
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
        """Return a cell's weights with some entries of its recurrent matrix set to 0."""
        if self.dropout is None or self.dropout.weights is None:
            return own
        matrix = own["recurrent"]
        return {**own, "recurrent": matrix * kept(self.dropout.weights, matrix.shape, key).astype(matrix.dtype)}

    def _state_factors(self, cell: AbstractCell, state: State, steps: int, key: jax.Array, i: int) -> jax.Array | None:
        """Return the factors (steps, ..., hidden) of a cell's units before each step; None: they are left alone."""
        if self.dropout is None or self.dropout.state is None:
            return None
        shape = (steps, *cell.outputs(state).shape)
        factors = self.dropout.factors(self.dropout.state, shape, named(key, "state", i))
        return jnp.broadcast_to(factors, shape)

    def _forced(
        self,
        weights: Weights,
        own: Weights,
        projected: PyTree,
        states: tuple[State, ...],
        forcing: Forcing,
        factors: jax.Array | None,
    ) -> tuple[State, jax.Array]:
        last, inverse = self.cells[-1], self.inverse(weights)

        def body(state: State, at: PyTree) -> tuple[State, jax.Array]:
            x, signal, alpha, factor = at
            state = last.step(own, _thinned(last, state, factor), x)
            (forced,) = self.impose(weights, (state,), signal, alpha, inverse)
            return forced, last.outputs(state)

        return jax.lax.scan(body, states[-1], (projected, forcing.signal, forcing.alpha, factors))

    @partial(jax.jit, static_argnames=("self", "steps"))
    def run(self, weights: Weights, states: tuple[State, ...], steps: int, xs: jax.Array | None = None) -> Unrolled:
        """Run freely for `steps` steps and return outputs (steps, ..., outputs) and the last states, compiled.

        Without xs the network is autonomous; xs (steps, ..., inputs) or tokens (steps, ...) drive it.
        """

        def body(states: tuple[State, ...], x: PyTree) -> tuple[tuple[State, ...], jax.Array]:
            states = self.step(weights, states, x)
            return states, self.read(weights, self.cells[-1].outputs(states[-1]))

        states, outputs = jax.lax.scan(body, states, xs, length=steps, unroll=UNROLL)
        return Unrolled(outputs, states)


def _project(cell: AbstractCell, weights: Weights, state: State, x: jax.Array) -> PyTree:
    """Return what an input contributes. With a `Knockout` of input weights x first gets the axes that states have."""
    if isinstance(weights.get("input"), Knockout):
        x = jnp.broadcast_to(x, (*cell.outputs(state).shape[:-1], x.shape[-1]))
    return cell.project(weights, x)


def _thinned(cell: AbstractCell, state: State, factor: jax.Array | None) -> State:
    return state if factor is None else cell.with_outputs(state, cell.outputs(state) * factor)


def _scan_cell(
    cell: AbstractCell, weights: Weights, state: State, projected: PyTree, factors: jax.Array | None
) -> tuple[State, jax.Array]:
    def body(state: State, at: PyTree) -> tuple[State, jax.Array]:
        x, factor = at
        state = cell.step(weights, _thinned(cell, state, factor), x)
        return state, cell.outputs(state)

    return jax.lax.scan(body, state, (projected, factors))
