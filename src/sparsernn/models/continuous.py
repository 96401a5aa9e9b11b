"""What cells in continuous time share: the arrays of a plain RNN, and a state that flows between two inputs."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.connectome import Connectome
from sparsernn.linear import linear
from sparsernn.masks import Prunable
from sparsernn.models.base import AbstractCell
from sparsernn.weights import Weights

InputVariance = Literal["fan_in", "one"]
"""Of the first input weights: 1/inputs, or 1."""


class Continuous(AbstractCell):
    """A cell in continuous time: ``dh/dt = F(h, W h + U x + b)``, with x constant between two steps.

    Shapes: h (..., H), W = ``recurrent`` (1, H, H), U = ``input`` (1, H, inputs), b = ``bias`` (H,). Initial values:
    W ~ N(0, 1/H), b = 0, U ~ N(0, 1/inputs) or, with ``input_variance="one"``, N(0, 1) (the code of doi
    10.1038/s42005-023-01364-0; for one input the same). Where a recorded system is reconstructed, the state begins from
    the first observation x as ``h = tanh(L x)``, with L = ``initial`` (H, observed) ~ N(0, 1/observed). Members define
    F and the integrator (`step`). F is odd, so that units can be turned over.
    """

    input_variance: InputVariance

    def init(self, key: jax.Array, inputs: int, observed: int) -> Weights:
        k_recurrent, k_input, k_initial = jax.random.split(key, 3)
        h = self.hidden
        weights: Weights = {"recurrent": jax.random.normal(k_recurrent, (1, h, h), dtype=float) / h**0.5}
        if inputs:
            weights["input"] = jax.random.normal(k_input, (1, h, inputs), dtype=float)
            if self.input_variance == "fan_in":
                weights["input"] = weights["input"] / inputs**0.5
        weights["bias"] = jnp.zeros(h)
        if observed:
            weights["initial"] = jax.random.normal(k_initial, (h, observed), dtype=float) / observed**0.5
        return weights

    def prunables(self, inputs: int, observed: int) -> tuple[Prunable, ...]:
        recurrent = Prunable("recurrent", "recurrent", 1, self.hidden, self.hidden)
        return (recurrent, Prunable("input", "input", 1, self.hidden, inputs)) if inputs else (recurrent,)

    def init_state(self, weights: Weights, first: jax.Array) -> jax.Array:
        return jnp.tanh(first @ weights["initial"].T)

    def zeros(self, shape: tuple[int, ...]) -> jax.Array:
        return jnp.zeros((*shape, self.hidden))

    def project(self, weights: Weights, x: jax.Array) -> jax.Array:
        return linear(weights["input"], x)[..., 0, :]

    def drive(self, weights: Weights, state: jax.Array, projected: jax.Array | None) -> jax.Array:
        """Return ``W h + U x + b``, where `projected` is ``U x``; without inputs (None) ``W h + b``."""
        drive = linear(weights["recurrent"], state)[..., 0, :] + weights["bias"]
        return drive if projected is None else drive + projected

    @property
    def odd_gates(self) -> tuple[int, ...]:
        return (0,)  # F(-h, -u) = -F(h, u) for every member

    def connectome(self, weights: Weights, gate: int | None = None) -> Connectome:
        inputs = np.asarray(weights["input"][0]) if "input" in weights else None
        return Connectome(np.asarray(weights["recurrent"][0]), inputs, None, "the recurrent matrix")
