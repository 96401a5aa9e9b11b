"""Long short-term memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from sparsernn.connectome import Connectome
from sparsernn.linear import linear
from sparsernn.masks import Prunable
from sparsernn.models.base import AbstractCell
from sparsernn.models.gates import gated_connectome
from sparsernn.rules import at_least
from sparsernn.weights import Weights

GATES = ("input", "forget", "candidate", "output")


class LSTMState(NamedTuple):
    """Hidden units and memory cells, both (..., hidden)."""

    hidden: jax.Array
    cell: jax.Array


@dataclass(frozen=True)
class LSTM(AbstractCell):
    r"""Long short-term memory: units h, and memory cells c that gates write to, forget and read.

    ``i, f, o = sigmoid(W h + U x + b)``, ``g = tanh(W_g h + U_g x + b_g)``; ``c' = f c + i g``; ``h' = o tanh(c')``.
    Shapes: h and c (..., H), W = ``recurrent`` (4, H, H), U = ``input`` (4, H, inputs), b = ``bias`` (4, H), gates in
    the order input, forget, candidate, output (that of PyTorch, whose two biases are one here). Initial values: uniform
    in ±1/sqrt(H). Where a recorded system is reconstructed, the state begins from the first observation x as ``h =
    tanh(L0 x)``, ``c = L1 x``, L = ``initial`` (2, H, observed). Cost of a step: one product with W. Source: Hochreiter
    & Schmidhuber 1997, doi 10.1162/neco.1997.9.8.1735; forget gate Gers et al. 2000, doi 10.1162/089976600300015015.
    """

    hidden: int = 100

    rules = (at_least(1, "hidden"),)

    def init(self, key: jax.Array, inputs: int, observed: int) -> Weights:
        h = self.hidden
        shapes = {"recurrent": (4, h, h), "input": (4, h, inputs), "bias": (4, h), "initial": (2, h, observed)}
        present = [n for n in shapes if (n != "input" or inputs) and (n != "initial" or observed)]
        limit = h**-0.5
        keys = dict(zip(shapes, jax.random.split(key, len(shapes)), strict=True))
        return {n: jax.random.uniform(keys[n], shapes[n], float, -limit, limit) for n in present}

    def prunables(self, inputs: int, observed: int) -> tuple[Prunable, ...]:
        recurrent = Prunable("recurrent", "recurrent", 4, self.hidden, self.hidden)
        return (recurrent, Prunable("input", "input", 4, self.hidden, inputs)) if inputs else (recurrent,)

    def init_state(self, weights: Weights, first: jax.Array) -> LSTMState:
        from_hidden, from_cell = weights["initial"]
        return LSTMState(jnp.tanh(first @ from_hidden.T), first @ from_cell.T)

    def zeros(self, shape: tuple[int, ...]) -> LSTMState:
        return LSTMState(jnp.zeros((*shape, self.hidden)), jnp.zeros((*shape, self.hidden)))

    def project(self, weights: Weights, x: jax.Array) -> jax.Array:
        return linear(weights["input"], x) + weights["bias"]

    def step(self, weights: Weights, state: LSTMState, projected: jax.Array | None) -> LSTMState:
        recurrent = linear(weights["recurrent"], state.hidden)
        drive = weights["bias"] if projected is None else projected
        # added gate by gate, else XLA adds it in a pass of its own before the corrections of a knockout (1/8 slower)
        i, f, g, o = (recurrent[..., k, :] + drive[..., k, :] for k in range(4))
        cell = jax.nn.sigmoid(f) * state.cell + jax.nn.sigmoid(i) * jnp.tanh(g)
        return LSTMState(jax.nn.sigmoid(o) * jnp.tanh(cell), cell)

    def outputs(self, state: LSTMState) -> jax.Array:
        return state.hidden

    def with_outputs(self, state: LSTMState, outputs: jax.Array) -> LSTMState:
        return LSTMState(outputs, state.cell)

    @property
    def odd_gates(self) -> tuple[int, ...]:
        return (GATES.index("candidate"),)

    def connectome(self, weights: Weights, gate: int | None = None) -> Connectome:
        return gated_connectome(weights, GATES, gate)
