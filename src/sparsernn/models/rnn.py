"""Plain (Elman) recurrent network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.connectome import Connectome
from sparsernn.linear import linear
from sparsernn.masks import Prunable
from sparsernn.models.base import AbstractCell
from sparsernn.rules import at_least
from sparsernn.weights import Weights

ACTIVATIONS = {"tanh": jnp.tanh, "relu": jax.nn.relu}


@dataclass(frozen=True)
class RNN(AbstractCell):
    r"""The plain recurrent network: ``h' = phi(W h + U x + b)``, phi = tanh or relu.

    Shapes: h (..., H), W = ``recurrent`` (1, H, H), U = ``input`` (1, H, inputs), b = ``bias`` (H,). Initial values:
    W ~ N(0, 1/H), U ~ N(0, 1/inputs), b = 0. Where a recorded system is reconstructed, the state begins from the first
    observation x as ``h = phi(L x)``, L = ``initial`` (H, observed) ~ N(0, 1/observed). Cost of a step: one product
    with W. Source: Elman 1990, doi 10.1207/s15516709cog1402_1; initial values as in doi 10.1038/s42005-023-01364-0.

    Args:
        hidden: number of units, H.
        activation: phi.
    """

    hidden: int = 100
    activation: Literal["tanh", "relu"] = "tanh"

    rules = (at_least(1, "hidden"),)

    def init(self, key: jax.Array, inputs: int, observed: int) -> Weights:
        k_recurrent, k_input, k_initial = jax.random.split(key, 3)
        h = self.hidden
        weights: Weights = {"recurrent": jax.random.normal(k_recurrent, (1, h, h), dtype=float) / h**0.5}
        if inputs:
            weights["input"] = jax.random.normal(k_input, (1, h, inputs), dtype=float) / inputs**0.5
        weights["bias"] = jnp.zeros(h)
        if observed:
            weights["initial"] = jax.random.normal(k_initial, (h, observed), dtype=float) / observed**0.5
        return weights

    def prunables(self, inputs: int, observed: int) -> tuple[Prunable, ...]:
        recurrent = Prunable("recurrent", "recurrent", 1, self.hidden, self.hidden)
        return (recurrent, Prunable("input", "input", 1, self.hidden, inputs)) if inputs else (recurrent,)

    def init_state(self, weights: Weights, first: jax.Array) -> jax.Array:
        return ACTIVATIONS[self.activation](first @ weights["initial"].T)

    def zeros(self, shape: tuple[int, ...]) -> jax.Array:
        return jnp.zeros((*shape, self.hidden))

    def project(self, weights: Weights, x: jax.Array) -> jax.Array:
        return linear(weights["input"], x)[..., 0, :]

    def step(self, weights: Weights, state: jax.Array, projected: jax.Array | None) -> jax.Array:
        drive = linear(weights["recurrent"], state)[..., 0, :] + weights["bias"]
        return ACTIVATIONS[self.activation](drive if projected is None else drive + projected)

    @property
    def odd_gates(self) -> tuple[int, ...]:
        return (0,) if self.activation == "tanh" else ()

    def connectome(self, weights: Weights, gate: int | None = None) -> Connectome:
        inputs = np.asarray(weights["input"][0]) if "input" in weights else None
        return Connectome(np.asarray(weights["recurrent"][0]), inputs, None, "the recurrent matrix")
