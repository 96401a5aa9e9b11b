"""Gated recurrent unit."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from sparsernn.connectome import Connectome
from sparsernn.linear import linear
from sparsernn.masks import Prunable
from sparsernn.models.base import AbstractCell
from sparsernn.models.gates import gated_connectome
from sparsernn.rules import at_least
from sparsernn.weights import Weights

GATES = ("reset", "update", "candidate")


@dataclass(frozen=True)
class GRU(AbstractCell):
    r"""Gated recurrent unit: one gate mixes old and new values, another one mutes the past of the new ones.

    ``r, z = sigmoid(W h + U x + b)``; ``n = tanh(U_n x + b_n + r (W_n h + c))``; ``h' = (1 - z) n + z h``. The reset
    gate acts after the product with W_n (PyTorch's and cuDNN's form), so W_n h has a bias of its own, c. Shapes: h
    (..., H), W = ``recurrent`` (3, H, H), U = ``input`` (3, H, inputs), b = ``bias`` (3, H), c = ``bias_candidate``
    (H,), gates in the order reset, update, candidate. PyTorch's two biases of the first two gates are one here. Initial
    values: uniform in ±1/sqrt(H). Where a recorded system is reconstructed, the state begins from the first observation
    x as ``h = tanh(L x)``, L = ``initial`` (H, observed). Cost of a step: one product with W.
    Source: Cho et al. 2014, arXiv 1406.1078 (there the reset gate acts before the product).
    """

    hidden: int = 100

    rules = (at_least(1, "hidden"),)

    def init(self, key: jax.Array, inputs: int, observed: int) -> Weights:
        h = self.hidden
        shapes = {
            "recurrent": (3, h, h),
            "input": (3, h, inputs),
            "bias": (3, h),
            "bias_candidate": (h,),
            "initial": (h, observed),
        }
        present = [n for n in shapes if (n != "input" or inputs) and (n != "initial" or observed)]
        keys = dict(zip(shapes, jax.random.split(key, len(shapes)), strict=True))
        return {n: jax.random.uniform(keys[n], shapes[n], float, -(h**-0.5), h**-0.5) for n in present}

    def prunables(self, inputs: int, observed: int) -> tuple[Prunable, ...]:
        recurrent = Prunable("recurrent", "recurrent", 3, self.hidden, self.hidden)
        return (recurrent, Prunable("input", "input", 3, self.hidden, inputs)) if inputs else (recurrent,)

    def init_state(self, weights: Weights, first: jax.Array) -> jax.Array:
        return jnp.tanh(first @ weights["initial"].T)

    def zeros(self, shape: tuple[int, ...]) -> jax.Array:
        return jnp.zeros((*shape, self.hidden))

    def project(self, weights: Weights, x: jax.Array) -> jax.Array:
        return linear(weights["input"], x) + weights["bias"]

    def step(self, weights: Weights, state: jax.Array, projected: jax.Array | None) -> jax.Array:
        recurrent = linear(weights["recurrent"], state)
        drive = weights["bias"] if projected is None else projected
        reset, update = (jax.nn.sigmoid(recurrent[..., k, :] + drive[..., k, :]) for k in range(2))
        candidate = jnp.tanh(drive[..., 2, :] + reset * (recurrent[..., 2, :] + weights["bias_candidate"]))
        return (1 - update) * candidate + update * state

    @property
    def odd_gates(self) -> tuple[int, ...]:
        return (GATES.index("candidate"),)

    def connectome(self, weights: Weights, gate: int | None = None) -> Connectome:
        return gated_connectome(weights, GATES, gate)
