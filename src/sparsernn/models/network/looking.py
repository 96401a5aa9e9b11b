"""Looking at a network: what its matrices multiply, its wiring, and its form as a dynamical system."""

from __future__ import annotations

from collections.abc import Iterable

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.connectome import Connectome
from sparsernn.errors import SpecError, Undefined
from sparsernn.linear import Watched
from sparsernn.models.base import State
from sparsernn.models.network.ports import Forcing
from sparsernn.models.network.running import Running
from sparsernn.system import System
from sparsernn.weights import Array, PyTree, Weights, get, replace


class Looking(Running):
    """The part of a network that describes it. Nothing here changes states or weights."""

    def input_sd(
        self,
        weights: Weights,
        paths: Iterable[str],
        xs: jax.Array | None,
        states: tuple[State, ...],
        forcing: Forcing | None,
    ) -> dict[str, jax.Array]:
        """Return how much varies what each matrix multiplies, along a run without dropout.

        Args:
            weights: of the network.
            paths: of the matrices.
            xs: (T, ..., inputs), tokens (T, ...), or None, as for `unroll`.
            states: to begin from.
            forcing: as for `unroll`.

        Returns:
            Path to the standard deviation (source,) over time and all other axes.
        """
        paths, inverse = tuple(paths), self.inverse(weights)

        def body(states: PyTree, at: PyTree) -> PyTree:
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

    def connectome(self, weights: Weights, cell: int = 0, gate: int | None = None) -> Connectome | Undefined:
        """Return the wiring of one cell; that of the last cell includes the read-out.

        Args:
            weights: of the network.
            cell: 0 for the cell at the inputs, 1 for the next, ...
            gate: as for `AbstractCell.connectome`.

        Returns:
            A `Connectome`; Undefined, with the reason, for a cell that has none.

        Raises:
            SpecError: if there is no such cell or gate.
        """
        if not 0 <= cell < len(self.cells):
            raise SpecError(f"cell is 0..{len(self.cells) - 1}, got {cell}")
        found = self.cells[cell].connectome(weights[f"cell{cell}"], gate)
        if isinstance(found, Undefined) or cell < len(self.cells) - 1:
            return found
        if "readout" in weights:
            return found._replace(readout=np.asarray(weights["readout"]["weights"][0]))
        observed = self.cells[cell].observed(weights[f"cell{cell}"])
        return found._replace(readout=np.eye(observed, self.cells[cell].hidden))

    def turned(self, weights: Weights, signs: Array, cell: int = 0) -> Weights:
        """Return other weights of the same function: some units of one cell are turned over.

        Where ``signs[i]`` is -1, ``-h_i`` takes the place of ``h_i``; the outputs stay the same. Besides the cell's own
        arrays (`AbstractCell.odd_gates`), the signs of what reads these units change: the columns of the next cell's
        ``input``, of the last cell the read-out's; if that is tied, also those of the first cell's ``input``.

        Args:
            weights: of the network.
            signs: (hidden,), 1 or -1.
            cell: 0 for the cell at the inputs, 1 for the next, ...

        Raises:
            SpecError: if there is no such cell, or its units cannot be turned over.
        """
        if not 0 <= cell < len(self.cells):
            raise SpecError(f"cell is 0..{len(self.cells) - 1}, got {cell}")
        last = cell == len(self.cells) - 1
        if last and "readout" not in weights:
            raise SpecError("the units of this cell are the outputs; turned over they would be other outputs")
        new = {**weights, f"cell{cell}": self.cells[cell].turned(weights[f"cell{cell}"], signs)}
        reads = ["readout/weights"] if last else [f"cell{cell + 1}/input"]
        reads += ["cell0/input"] if last and self.tied else []
        signs = jnp.asarray(signs)
        return replace(new, {path: get(new, path) * signs.astype(get(new, path).dtype) for path in reads})

    def system(self, weights: Weights, start: tuple[State, ...], dt: float, inputs: Array | None = None) -> System:
        """Return the network as a map of one state vector (..., dim), for the tools of `sparsernn.dynamics`.

        `start` are the states of all cells, `dt` the time of a step, `inputs` (T, ...) what drives it.
        """
        flat = self.flatten(start)
        return System(self._flat_step, weights, inputs, flat.shape[-1], dt, flat)

    def flatten(self, states: tuple[State, ...]) -> jax.Array:
        """Join all arrays of the states along their last axis, (..., dim)."""
        return jnp.concatenate(jax.tree.leaves(states), axis=-1)

    def unflatten(self, flat: jax.Array) -> tuple[State, ...]:
        """Split a state vector (..., dim) into the states of all cells: the inverse of `flatten`."""
        template = jax.eval_shape(lambda: self.zeros(()))
        leaves, structure = jax.tree.flatten(template)
        edges = np.cumsum([leaf.shape[-1] for leaf in leaves])[:-1]
        return jax.tree.unflatten(structure, jnp.split(flat, edges, axis=-1))

    def _flat_step(self, weights: Weights, x: jax.Array | None, flat: jax.Array) -> jax.Array:
        return self.flatten(self.step(weights, self.unflatten(flat), x))
