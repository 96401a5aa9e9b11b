"""Cells in a stack with a read-out: what is trained, run freely, pruned and looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.connectome import Connectome
from sparsernn.errors import SpecError, Undefined
from sparsernn.linear import Knockout, Watched, linear
from sparsernn.masks import Prunable
from sparsernn.models.base import AbstractCell, State
from sparsernn.rng import named
from sparsernn.rules import holds
from sparsernn.spec import Checked
from sparsernn.system import System
from sparsernn.weights import Weights, get, replace

UNROLL = 8
"""Steps of a free run in one turn of the compiled loop: where few runs advance, the loop itself costs most of the time
(measured: 0.6 instead of 1.8 microseconds a step for 50 units). Many runs and gradients gain nothing from it."""


class Ports(NamedTuple):
    """What a task asks of a network: external inputs and outputs a step; `observed`: the outputs are the recorded
    variables of a dynamical system, which can be forced and from which a state can begin."""

    inputs: int
    outputs: int
    observed: bool


class Unrolled(NamedTuple):
    """`outputs` (T, ..., outputs) of every step and the `state` after the last."""

    outputs: jax.Array
    state: State


class Forcing(NamedTuple):
    """Teacher signal (T, ..., outputs) and how much of it enters after each step, alpha (T,) in [0, 1].

    After step t: ``y <- (1 - alpha[t]) y + alpha[t] signal[t]`` on the observed part of the state.
    """

    signal: jax.Array
    alpha: jax.Array


@dataclass(frozen=True)
class Network(Checked):
    """A stack of cells, the outputs of each being the inputs of the next, and a read-out of the last.

    Weights: ``cell0/…``, ``cell1/…``, and ``readout/weights`` (1, outputs, hidden), ``readout/bias`` (outputs,). There
    is no read-out matrix where a system is observed through the last cell's first units (``cell.readout ==
    "identity"``, the PLRNN). A linear read-out B is forced through its pseudo-inverse: ``h <- h + B^+ (x - B h - c)``.
    In YAML a network of one cell is written as that cell: ``{plrnn: {hidden: 50}}``.
    """

    cells: tuple[AbstractCell, ...]

    rules = (holds(lambda cells: len(cells) > 0, "cells: a network needs at least one cell"),)

    @staticmethod
    def from_plain(value: Any) -> Any:
        """A cell alone stands for a network of this one cell."""
        if isinstance(value, AbstractCell | str) or (isinstance(value, Mapping) and "cells" not in value):
            return {"cells": [value]}
        return value

    # ------------------------------------------------------------------------------------------------------ weights

    def _sizes(self, ports: Ports) -> list[tuple[int, int]]:
        """(inputs, observed) of every cell."""
        widths = [ports.inputs, *(cell.hidden for cell in self.cells)]
        return [(widths[i], ports.outputs if ports.observed else 0) for i in range(len(self.cells))]

    def _reads_units(self, ports: Ports) -> bool:
        return ports.observed and self.cells[-1].readout == "identity"

    def check(self, ports: Ports) -> None:
        """SpecError if this network cannot do a task with these ports."""
        # a PLRNN further down begins with the observation as its first units, too
        narrow = [c.hidden for c in self.cells if c.readout == "identity" or c is self.cells[-1]]
        if ports.observed and min(narrow) < ports.outputs:
            raise SpecError(
                f"hidden={min(narrow)} is below the {ports.outputs} observed columns; "
                f"give at least {ports.outputs} hidden units, better several times as many"
            )
        if ports.observed and len(self.cells) > 1 and ports.inputs == 0:
            raise SpecError("without external inputs only one cell can be stacked; give a network of one cell")

    def init(self, key: jax.Array, ports: Ports) -> Weights:
        """Fresh weights; the same key gives the same bits."""
        self.check(ports)
        return self._init(key, ports)

    @partial(jax.jit, static_argnames=("self", "ports"))
    def _init(self, key: jax.Array, ports: Ports) -> Weights:
        weights: Weights = {}
        for i, (cell, sizes) in enumerate(zip(self.cells, self._sizes(ports), strict=True)):
            weights[f"cell{i}"] = cell.init(named(key, "cell", i), *sizes)
        if not self._reads_units(ports):
            hidden = self.cells[-1].hidden
            limit = (6 / (hidden + ports.outputs)) ** 0.5
            shape = (1, ports.outputs, hidden)
            readout = jax.random.uniform(named(key, "readout"), shape, float, -limit, limit)
            weights["readout"] = {"weights": readout, "bias": jnp.zeros(ports.outputs)}
        return weights

    def prunables(self, ports: Ports) -> tuple[Prunable, ...]:
        """Every matrix that may be made sparse, with its full path."""
        found = []
        for i, (cell, sizes) in enumerate(zip(self.cells, self._sizes(ports), strict=True)):
            found += [p._replace(path=f"cell{i}/{p.path}") for p in cell.prunables(*sizes)]
        if not self._reads_units(ports):
            found.append(Prunable("readout/weights", "readout", 1, ports.outputs, self.cells[-1].hidden))
        return tuple(found)

    # -------------------------------------------------------------------------------------------------------- states

    @partial(jax.jit, static_argnames=("self",))
    def start(self, weights: Weights, first: jax.Array) -> tuple[State, ...]:
        """The states that go with a first observation (..., outputs)."""
        states = tuple(cell.start(weights[f"cell{i}"], first) for i, cell in enumerate(self.cells))
        return self.impose(weights, states, first, 1.0)

    def zeros(self, shape: tuple[int, ...]) -> tuple[State, ...]:
        """The resting states, for tasks without a first observation."""
        return tuple(cell.zeros(shape) for cell in self.cells)

    def read(self, weights: Weights, units: jax.Array) -> jax.Array:
        """The outputs that go with the last cell's units (..., hidden)."""
        if "readout" not in weights:
            return units[..., : weights[f"cell{len(self.cells) - 1}"]["initial"].shape[-1]]
        return linear(weights["readout"]["weights"], units)[..., 0, :] + weights["readout"]["bias"]

    def impose(
        self, weights: Weights, states: tuple[State, ...], observation: jax.Array, alpha: Any, inverse: Any = None
    ) -> tuple[State, ...]:
        """Move the observed part of the state to ``(1 - alpha) y + alpha observation``, the rest kept."""
        last = self.cells[-1]
        units = last.outputs(states[-1])
        seen = self.read(weights, units)
        gap = alpha * (observation - seen)
        if "readout" not in weights:  # y + (x - y) is not x in the last bits, and not at all where y overflows
            forced = units.at[..., : gap.shape[-1]].set(jnp.where(alpha == 1, observation, seen + gap))
        else:
            inverse = self.inverse(weights) if inverse is None else inverse
            each = inverse.ndim == 3  # one inverse for each removal of a read-out weight
            forced = units + (jnp.einsum("r...o,roh->r...h", gap, inverse) if each else gap @ inverse)
        return (*states[:-1], last.with_outputs(states[-1], forced))

    @staticmethod
    def inverse(weights: Weights) -> jax.Array | None:
        """Transposed pseudo-inverse of the read-out, (outputs, hidden): ``(B B' + r I)^-1 B``; None if identity.

        The small ridge r = 1e-6 tr(B B') / outputs keeps it finite where pruning has emptied a row. With a `Knockout`
        of read-out weights one inverse for each removal, (removals, outputs, hidden).
        """
        if "readout" not in weights:
            return None
        matrix = weights["readout"]["weights"]
        if isinstance(matrix, Knockout):
            removal = jnp.arange(matrix.gate.shape[0])
            b = jnp.broadcast_to(matrix.array[0], (removal.size, *matrix.array.shape[1:]))
            b = b.at[removal, matrix.target, matrix.source].set(0)
        else:
            b = matrix[0]
        gram = b @ b.mT
        ridge = 1e-6 * jnp.trace(gram, axis1=-2, axis2=-1)[..., None, None] / gram.shape[-1]
        return jnp.linalg.solve(gram + ridge * jnp.eye(gram.shape[-1]), b)

    # ----------------------------------------------------------------------------------------------------------- run

    def step(self, weights: Weights, states: tuple[State, ...], x: Any) -> tuple[State, ...]:
        """One time step of all cells; x (..., inputs) or None."""
        after = []
        for i, (cell, state) in enumerate(zip(self.cells, states, strict=True)):
            projected = None if x is None else _project(cell, weights[f"cell{i}"], state, x)
            after.append(cell.step(weights[f"cell{i}"], state, projected))
            x = cell.outputs(after[-1])
        return tuple(after)

    def unroll(self, weights: Weights, xs: Any, states: tuple[State, ...], forcing: Forcing | None = None) -> Unrolled:
        """Outputs of every step. xs (T, ..., inputs) or None (then T is that of `forcing`, which must be given).

        Cells are run one after the other over the whole length, so input products are taken for all steps at once.
        Cost: one step per cell and time; memory O(T hidden) for the gradient.
        """
        final = []
        for i, cell in enumerate(self.cells):
            own = weights[f"cell{i}"]
            projected = None if xs is None else jax.vmap(partial(_project, cell, own, states[i]))(xs)
            if i == len(self.cells) - 1 and forcing is not None:
                state, units = self._forced(weights, projected, states, forcing)
            else:
                state, units = _scan_cell(cell, own, states[i], projected)
            final.append(state)
            xs = units
        return Unrolled(jax.vmap(partial(self.read, weights))(xs), tuple(final))

    def _forced(self, weights: Weights, projected: Any, states: tuple[State, ...], forcing: Forcing) -> Any:
        last, own, inverse = self.cells[-1], weights[f"cell{len(self.cells) - 1}"], self.inverse(weights)

        def body(state: State, at: Any) -> Any:
            x, signal, alpha = at
            state = last.step(own, state, x)
            (forced,) = self.impose(weights, (state,), signal, alpha, inverse)
            return forced, last.outputs(state)

        return jax.lax.scan(body, states[-1], (projected, forcing.signal, forcing.alpha))

    @partial(jax.jit, static_argnames=("self", "steps"))
    def run(self, weights: Weights, states: tuple[State, ...], steps: int, xs: Any = None) -> Unrolled:
        """Run freely for `steps` steps: outputs (steps, ..., outputs), last states. Autonomous unless xs is given."""

        def body(states: Any, x: Any) -> Any:
            states = self.step(weights, states, x)
            return states, self.read(weights, self.cells[-1].outputs(states[-1]))

        states, outputs = jax.lax.scan(body, states, xs, length=steps, unroll=UNROLL)
        return Unrolled(outputs, states)

    def sources(
        self, weights: Weights, paths: Iterable[str], xs: Any, states: tuple[State, ...], forcing: Forcing | None
    ) -> dict[str, Any]:
        """For every matrix named in `paths`, the standard deviation (source,) of what it multiplies, over time and all
        other axes. xs (T, ..., inputs) or None, as for `unroll`."""
        paths, inverse = tuple(paths), self.inverse(weights)

        def body(states: Any, at: Any) -> Any:
            x, force = at
            watched = {path: Watched(get(weights, path)) for path in paths}
            under_watch = replace(weights, watched)
            states = self.step(under_watch, states, x)
            self.read(under_watch, self.cells[-1].outputs(states[-1]))
            if force is not None:
                states = self.impose(weights, states, force.signal, force.alpha, inverse)
            return states, {path: jnp.stack(matrix.seen) for path, matrix in watched.items()}

        seen = jax.lax.scan(body, states, (xs, forcing))[1]
        return {path: s.std(axis=tuple(range(s.ndim - 1))) for path, s in seen.items()}

    # ---------------------------------------------------------------------------------------------------- looking at

    def connectome(self, weights: Weights, cell: int = 0, gate: int | None = None) -> Connectome | Undefined:
        """Wiring of one cell; the read-out belongs to the last. Undefined says why a cell has none."""
        if not 0 <= cell < len(self.cells):
            raise SpecError(f"cell is 0..{len(self.cells) - 1}, got {cell}")
        found = self.cells[cell].connectome(weights[f"cell{cell}"], gate)
        if isinstance(found, Undefined) or cell < len(self.cells) - 1:
            return found
        if "readout" in weights:
            return found._replace(readout=np.asarray(weights["readout"]["weights"][0]))
        observed = weights[f"cell{cell}"]["initial"].shape[-1]
        return found._replace(readout=np.eye(observed, self.cells[cell].hidden))

    def system(self, weights: Weights, start: tuple[State, ...], dt: float, inputs: Any = None) -> System:
        """The network as a map of one flat state vector (..., dim), for the tools of `sparsernn.dynamics`."""
        flat = self.flatten(start)
        return System(self._flat_step, weights, inputs, flat.shape[-1], dt, flat)

    def flatten(self, states: tuple[State, ...]) -> jax.Array:
        """All state arrays side by side, (..., dim)."""
        return jnp.concatenate(jax.tree.leaves(states), axis=-1)

    def unflatten(self, flat: jax.Array) -> tuple[State, ...]:
        """The inverse of `flatten`."""
        template = jax.eval_shape(lambda: self.zeros(()))
        leaves, structure = jax.tree.flatten(template)
        edges = np.cumsum([leaf.shape[-1] for leaf in leaves])[:-1]
        return jax.tree.unflatten(structure, jnp.split(flat, edges, axis=-1))

    def _flat_step(self, weights: Weights, x: Any, flat: jax.Array) -> jax.Array:
        return self.flatten(self.step(weights, self.unflatten(flat), x))


def _project(cell: AbstractCell, weights: Weights, state: State, x: jax.Array) -> jax.Array:
    """What an input contributes. Where an input weight is knocked out, x first gains the axes that only states have."""
    if isinstance(weights.get("input"), Knockout):
        x = jnp.broadcast_to(x, (*cell.outputs(state).shape[:-1], x.shape[-1]))
    return cell.project(weights, x)


def _scan_cell(cell: AbstractCell, weights: Weights, state: State, projected: Any) -> Any:
    def body(state: State, x: Any) -> Any:
        state = cell.step(weights, state, x)
        return state, cell.outputs(state)

    return jax.lax.scan(body, state, projected)
