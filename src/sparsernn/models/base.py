"""The contract of a cell."""

from __future__ import annotations

import abc
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.connectome import Connectome
from sparsernn.errors import SpecError, Undefined
from sparsernn.masks import Prunable
from sparsernn.models import CELLS
from sparsernn.registry import Registry
from sparsernn.spec import Part
from sparsernn.weights import Array, PyTree, Weights

State = PyTree
"""The state of a cell: one array (..., hidden), or several (an LSTM has two)."""


class AbstractCell(Part):
    """One recurrent layer: how its state moves in one step, and which of its matrices may be made sparse.

    Members are frozen dataclasses of plain values with a field `hidden`, the number of units. All methods are pure.
    The last axis of states and inputs is units; before it any axes may stand (batch, starts, removals of a
    `Knockout`). A prunable matrix is ``(gates, target, source)`` and is multiplied only through
    `sparsernn.linear.linear`.

    >>> from sparsernn.models.rnn import RNN
    >>> cell = RNN(hidden=4)
    >>> weights = cell.init(jax.random.key(0), inputs=2, observed=0)
    >>> [(p.path, p.shape) for p in cell.prunables(inputs=2, observed=0)]
    [('recurrent', (1, 4, 4)), ('input', (1, 4, 2))]
    >>> state = cell.step(weights, cell.zeros((3,)), cell.project(weights, jax.numpy.ones((3, 2))))
    >>> cell.outputs(state).shape
    (3, 4)
    """

    registry = Registry("cell", CELLS)
    hidden: int
    readout: ClassVar[Literal["linear", "identity"]] = "linear"
    """How a recorded system is read from the units: by a trained matrix, or as the first units themselves."""

    @abc.abstractmethod
    def init(self, key: jax.Array, inputs: int, observed: int) -> Weights:
        """Draw the first weights.

        Args:
            key: all draws come from it.
            inputs: external inputs a step; with 0 there is no input matrix.
            observed: length of the observation that a state begins from; with 0 the weights of `init_state` are left
                out.

        Returns:
            Arrays of floats by name.
        """

    @abc.abstractmethod
    def prunables(self, inputs: int, observed: int) -> tuple[Prunable, ...]:
        """Return the matrices that may be made sparse, with paths relative to the cell. Arguments as of `init`."""

    @abc.abstractmethod
    def init_state(self, weights: Weights, first: jax.Array) -> State:
        """Return the state that a sequence begins from, given its first observation (..., observed)."""

    def observed(self, weights: Weights) -> int:
        """Return how many recorded variables these weights were made for (`observed` of `init`).

        A network with ``readout="identity"`` reads as many of the first units. Default: the length of the last axis of
        the array ``initial``.
        """
        return int(weights["initial"].shape[-1])

    @abc.abstractmethod
    def zeros(self, shape: tuple[int, ...]) -> State:
        """Return the state at rest, ``(*shape, hidden)``: what a sequence without an observation begins from."""

    def project(self, weights: Weights, x: jax.Array) -> jax.Array:
        """Return what the inputs x (..., inputs) contribute to a step.

        It does not depend on the state, so it is computed for all time steps at once.
        """
        return x

    @abc.abstractmethod
    def step(self, weights: Weights, state: State, projected: PyTree) -> State:
        """Return the state one step later. `projected` is what `project` gave for this step; None without inputs."""

    def outputs(self, state: State) -> jax.Array:
        """Return the units that other cells and the read-out see, (..., hidden)."""
        return state

    def with_outputs(self, state: State, outputs: jax.Array) -> State:
        """Return the state with its outputs set to the given values; all else (an LSTM's memory cells) is kept."""
        return outputs

    @property
    def odd_gates(self) -> tuple[int, ...]:
        """The gates whose values change sign with their unit; (): units cannot be turned over. Default: ().

        A unit i is turned over when ``-h_i`` takes the place of ``h_i`` in every state. If the activation is odd, the
        cell then does the same as before once the signs of the unit's weights are changed: of what it sends (its
        column in every gate of ``recurrent``), and of what it receives in these gates (its row of ``recurrent``,
        ``input`` and ``bias``). So the signs of such weights are a convention. (0,) for one gate with tanh; of an LSTM
        the candidate alone, since the sigmoid of its other gates is not odd.
        """
        return ()

    def turned(self, weights: Weights, signs: Array) -> Weights:
        """Return the weights with some units turned over; see `odd_gates`. `Network.turned` does it in a network.

        Args:
            weights: of this cell: ``recurrent`` (gates, H, H), ``input`` (gates or fewer, H, inputs), ``bias``
                (gates, H) or (H,), ``initial`` (..., H, observed); any other array must be (..., H), one number a
                unit, which takes the sign of its unit. Write your own method for others.
            signs: (H,), -1 for the units that are turned over, 1 for all others.

        Raises:
            SpecError: if units of this cell cannot be turned over.
        """
        if not self.odd_gates:
            raise SpecError(f"the units of {self!r} cannot be turned over: their activation is not odd")
        signs = jnp.asarray(signs)

        def rows(gates: int) -> jax.Array:
            odd = np.isin(np.arange(gates), self.odd_gates)
            return jnp.where(odd[:, None], signs, jnp.ones_like(signs))

        new: Weights = {}
        for name, array in weights.items():
            if name == "recurrent":
                factors = rows(len(array))[..., None] * signs
            elif name == "input":
                factors = rows(len(array))[..., None]
            elif name == "bias" and array.ndim == 2:
                factors = rows(len(array))
            else:
                factors = signs[:, None] if name == "initial" else signs
            new[name] = array * factors.astype(array.dtype)
        return new

    @abc.abstractmethod
    def connectome(self, weights: Weights, gate: int | None = None) -> Connectome | Undefined:
        """Return the wiring from unit to unit; the network adds the read-out.

        `gate` picks one gate of a gated cell; None combines all. Undefined, with the reason, for a cell without wiring.
        """
