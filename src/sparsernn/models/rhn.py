"""Recurrent highway network."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from sparsernn.connectome import Connectome
from sparsernn.linear import gates, linear
from sparsernn.masks import Prunable
from sparsernn.models.base import AbstractCell
from sparsernn.models.gates import gated_connectome
from sparsernn.rules import at_least
from sparsernn.weights import Weights

TRANSFORM_BIAS = -2.0
"""Initial bias of the transform gates: the layers begin by passing the state on."""


@dataclass(frozen=True)
class RHN(AbstractCell):
    r"""Recurrent highway network: several layers in every time step, each of which a gate can pass by.

    From ``s = h``, for l = 1 .. depth, carry and transform gate coupled: ``g = tanh(R_g s + b_g [+ U_g x])``, ``t =
    sigmoid(R_t s + b_t [+ U_t x])``, ``s <- t g + (1 - t) s``, the input entering in the first layer only; ``h' = s``.
    Shapes: h (..., H), R = ``recurrent`` (2 depth, H, H) in the order candidate 1, transform 1, candidate 2, ...; U =
    ``input`` (2, H, inputs); b = ``bias`` (2 depth, H). Initial values: uniform in ±1/sqrt(H), biases of candidates 0,
    of transform gates -2. Where a recorded system is reconstructed, the state begins from the first observation x as
    ``h = tanh(L x)``, L = ``initial`` (H, observed). Cost: `depth` products with (2 H, H) a step.
    Source: Zilly et al. 2017, arXiv 1607.03474.
    """

    hidden: int = 100
    depth: int = 5

    rules = (at_least(1, "hidden"), at_least(1, "depth"))

    def init(self, key: jax.Array, inputs: int, observed: int) -> Weights:
        h = self.hidden
        shapes = {"recurrent": (2 * self.depth, h, h), "input": (2, h, inputs), "initial": (h, observed)}
        present = [n for n in shapes if (n != "input" or inputs) and (n != "initial" or observed)]
        keys = dict(zip(shapes, jax.random.split(key, len(shapes)), strict=True))
        weights = {n: jax.random.uniform(keys[n], shapes[n], float, -(h**-0.5), h**-0.5) for n in present}
        bias = jnp.tile(jnp.array([[0.0], [TRANSFORM_BIAS]]), (self.depth, h))
        return weights | {"bias": bias.astype(weights["recurrent"].dtype)}

    def prunables(self, inputs: int, observed: int) -> tuple[Prunable, ...]:
        recurrent = Prunable("recurrent", "recurrent", 2 * self.depth, self.hidden, self.hidden)
        return (recurrent, Prunable("input", "input", 2, self.hidden, inputs)) if inputs else (recurrent,)

    def init_state(self, weights: Weights, first: jax.Array) -> jax.Array:
        return jnp.tanh(first @ weights["initial"].T)

    def zeros(self, shape: tuple[int, ...]) -> jax.Array:
        return jnp.zeros((*shape, self.hidden))

    def project(self, weights: Weights, x: jax.Array) -> jax.Array:
        return linear(weights["input"], x)

    def step(self, weights: Weights, state: jax.Array, projected: jax.Array | None) -> jax.Array:
        for layer in range(self.depth):
            pair = slice(2 * layer, 2 * layer + 2)
            drive = linear(gates(weights["recurrent"], pair), state) + weights["bias"][pair]
            if layer == 0 and projected is not None:
                drive = drive + projected
            transform = jax.nn.sigmoid(drive[..., 1, :])
            state = transform * jnp.tanh(drive[..., 0, :]) + (1 - transform) * state
        return state

    @property
    def odd_gates(self) -> tuple[int, ...]:
        return tuple(range(0, 2 * self.depth, 2))

    def connectome(self, weights: Weights, gate: int | None = None) -> Connectome:
        """As of `AbstractCell`. Gate ``2 l`` is the candidate, ``2 l + 1`` the transform gate of layer l = 0, 1, ..."""
        names = [f"{name} {layer + 1}" for layer in range(self.depth) for name in ("candidate", "transform")]
        return gated_connectome(weights, names, gate)
