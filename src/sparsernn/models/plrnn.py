"""Piecewise-linear RNN, vanilla and mean-centered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.connectome import Connectome
from sparsernn.linear import linear
from sparsernn.masks import Prunable
from sparsernn.models.base import AbstractCell
from sparsernn.rules import at_least
from sparsernn.weights import Weights


@dataclass(frozen=True)
class PLRNN(AbstractCell):
    r"""Piecewise-linear network, linear wherever no unit crosses 0; its first units are the recorded variables.

    ``z' = a * z + W relu(C z) + h (+ U x)``, with ``C = I - 11'/M`` (mean-centered) or ``C = I`` (vanilla).
    Shapes: z (..., M), a = ``diagonal`` and h = ``bias`` (M,), W = ``recurrent`` (1, M, M) with its diagonal, U =
    ``input`` (1, M, inputs). The first N units are the observation x; the state begins from it as ``z = [x; L x]``,
    L = ``initial`` (M - N, N). Only W and U can be pruned. Jacobian: ``diag(a) + W diag(1[C z > 0]) C``. Parameters
    without inputs: M + M^2 + M + (M - N) N. Initial values: a = diag((R'R/M + I)/lambda_max), R standard normal; W and
    U ~ N(0, 0.01^2); h = 0; L Glorot-uniform. Cost of a step: one product with W.
    Source: arXiv 2406.04934 and 2110.07238 (mean centering).

    Args:
        hidden: number of units, M.
        mean_centered: whether C takes the mean of all units off.
    """

    hidden: int = 50
    mean_centered: bool = True
    readout: ClassVar[Literal["linear", "identity"]] = "identity"

    rules = (at_least(1, "hidden"),)

    def init(self, key: jax.Array, inputs: int, observed: int) -> Weights:
        m = self.hidden
        k_diagonal, k_recurrent, k_initial, k_input = jax.random.split(key, 4)
        r = jax.random.normal(k_diagonal, (m, m), dtype=float)
        gram = r.T @ r / m + jnp.eye(m)
        weights: Weights = {
            "diagonal": jnp.diag(gram) / jnp.linalg.eigvalsh(gram)[-1],
            "recurrent": 0.01 * jax.random.normal(k_recurrent, (1, m, m), dtype=float),
            "bias": jnp.zeros(m),
        }
        if observed:
            limit = (6 / m) ** 0.5
            weights["initial"] = jax.random.uniform(k_initial, (m - observed, observed), float, -limit, limit)
        if inputs:
            weights["input"] = 0.01 * jax.random.normal(k_input, (1, m, inputs), dtype=float)
        return weights

    def prunables(self, inputs: int, observed: int) -> tuple[Prunable, ...]:
        recurrent = Prunable("recurrent", "recurrent", 1, self.hidden, self.hidden, observed)
        return (recurrent, Prunable("input", "input", 1, self.hidden, inputs)) if inputs else (recurrent,)

    def init_state(self, weights: Weights, first: jax.Array) -> jax.Array:
        return jnp.concatenate([first, first @ weights["initial"].T], axis=-1)

    def zeros(self, shape: tuple[int, ...]) -> jax.Array:
        return jnp.zeros((*shape, self.hidden))

    def project(self, weights: Weights, x: jax.Array) -> jax.Array:
        return linear(weights["input"], x)[..., 0, :]

    def step(self, weights: Weights, state: jax.Array, projected: jax.Array | None) -> jax.Array:
        centered = state - state.mean(axis=-1, keepdims=True) if self.mean_centered else state
        drive = linear(weights["recurrent"], jax.nn.relu(centered))[..., 0, :] + weights["bias"]
        return weights["diagonal"] * state + (drive if projected is None else drive + projected)

    def connectome(self, weights: Weights, gate: int | None = None) -> Connectome:
        inputs = np.asarray(weights["input"][0]) if "input" in weights else None
        return Connectome(np.asarray(weights["recurrent"][0]), inputs, None, "W of the PLRNN (the diagonal a left out)")
