"""The contract of a cell."""

from __future__ import annotations

import abc
from typing import Any, ClassVar, Literal

import jax

from sparsernn.connectome import Connectome
from sparsernn.errors import Undefined
from sparsernn.masks import Prunable
from sparsernn.models import CELLS
from sparsernn.registry import Registry
from sparsernn.spec import Part
from sparsernn.weights import Weights

State = Any
"""A pytree of arrays (..., hidden)."""


class AbstractCell(Part):
    """One recurrent layer: how its state moves in one step, and which of its matrices may be made sparse.

    Members are frozen dataclasses of plain values with a field `hidden`. All methods are pure and work on any leading
    axes of state and input (batch, starts, removals of a `Knockout`), the last axis being units. A prunable matrix is
    ``(gates, target, source)`` and is multiplied through `sparsernn.linear.linear` only.
    """

    registry = Registry("cell", CELLS)
    hidden: int
    readout: ClassVar[Literal["linear", "identity"]] = "linear"
    """How the observation of a dynamical system is read: a trained matrix, or the first units themselves."""

    @abc.abstractmethod
    def init(self, key: jax.Array, inputs: int, observed: int) -> Weights:
        """Fresh float weights. `inputs` external inputs a step (0: none, then no input matrix exists); `observed` > 0
        adds what `init_state` needs to begin from an observation."""

    @abc.abstractmethod
    def prunables(self, inputs: int, observed: int) -> tuple[Prunable, ...]:
        """The matrices that may be made sparse, with paths relative to the cell."""

    @abc.abstractmethod
    def init_state(self, weights: Weights, first: jax.Array) -> State:
        """The state that goes with a first observation (..., observed)."""

    def observed(self, weights: Weights) -> int:
        """How many recorded variables these weights were made for (`init`), which a network with ``readout="identity"``
        reads from its first units. Default: the last axis of the array ``initial``, which `init_state` takes."""
        return int(weights["initial"].shape[-1])

    @abc.abstractmethod
    def zeros(self, shape: tuple[int, ...]) -> State:
        """The resting state, where no observation is given: hidden units on a last axis after `shape`."""

    def project(self, weights: Weights, x: jax.Array) -> jax.Array:
        """What the input contributes to a step, independent of the state; taken for all time steps at once."""
        return x

    @abc.abstractmethod
    def step(self, weights: Weights, state: State, projected: Any) -> State:
        """One step. `projected` is what `project` gave for this step, None without inputs."""

    def outputs(self, state: State) -> jax.Array:
        """The units others see, (..., hidden)."""
        return state

    def with_outputs(self, state: State, outputs: jax.Array) -> State:
        """The state in which `outputs` are forced to the given values, the rest (an LSTM's cell) kept."""
        return outputs

    @abc.abstractmethod
    def connectome(self, weights: Weights, gate: int | None = None) -> Connectome | Undefined:
        """Unit-to-unit wiring (the network adds the read-out); for gated cells of one gate, or of all combined."""
