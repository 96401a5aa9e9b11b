"""Structural balance of the wiring, as something to train for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable, chosen
from sparsernn.regularizers.base import AbstractRegularizer, Strength
from sparsernn.spec import scaling
from sparsernn.weights import Weights, get


@dataclass(frozen=True)
class Balance(AbstractRegularizer):
    r"""``strength * R``: how far feed-forward loops are from having both ways of one sign, between 0 and 2.

    Over all loops i -> j -> k, i -> k of three different units, ``R = 1 - S / T`` with
    ``S = sum w_ij w_jk w_ik`` and ``T = sum |w_ij w_jk w_ik|``: 0 where in every loop the direct and the indirect way
    have one sign, 1 where they agree as often as not (by weight), 2 where they never do. ``towards="imbalance"`` is
    ``1 + S / T``. Of several matrices, or gates of one, the mean. A matrix without a loop has R = 0 and no gradient.

    It is the pooled eta (`sparsernn.topology.balance`) with every loop weighed by the product of its weights:
    ``eta = (1 + S / T) / 2`` where all weights have one size. All loops count, also those inside triads with mutual
    edges of every type: a restriction to single edges depends on the mask alone, would jump whenever masks change, and
    has nothing to say before a dense network is pruned. R does not change when all weights are multiplied by a number
    (so it neither shrinks nor grows them), nor when a unit is turned over (the signs of all its weights changed), which
    for odd activations changes nothing that the network does. Weights on the diagonal (a unit to itself) cost nothing.
    The slope at a weight of 0 is that of S alone.
    Cost: two products of N x N matrices a gate, and twice as much for the gradient (N = 150: 1.2 ms of CPU in all).
    Source: the objective that doi 10.1038/s42005-023-01364-0 asks for; this form is ours.
    """

    strength: Strength = 1e-2
    towards: Literal["balance", "imbalance"] = "balance"
    where: tuple[str, ...] = ("recurrent",)

    scales = scaling("strength")

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...]) -> tuple[Any, Any]:
        for p in chosen(prunables, self.where):
            if p.source != p.target or p.source_of != p.target_of:
                raise SpecError(
                    f"where: balance is of a matrix from units to the same units, and {p.path} leads from {p.source} "
                    f"to {p.target}; name recurrent matrices"
                )
        return {}, {}

    def penalty(self, trained: Any, fixed: Any, weights: Weights, prunables: tuple[Prunable, ...]) -> jax.Array:
        graphs = [get(weights, p.path) for p in chosen(prunables, self.where)]
        total = sum(unbalance(g, -1.0 if self.towards == "imbalance" else 1.0).sum() for g in graphs)
        return jnp.asarray(total) / sum(len(g) for g in graphs)


def unbalance(weights: jax.Array, sign: float = 1.0) -> jax.Array:
    """``1 - sign * S / T`` of each of several matrices (gates, N, N), 0 where there is no loop: (gates,)."""
    w = weights * (1 - jnp.eye(weights.shape[-1], dtype=weights.dtype))
    largest = jax.lax.stop_gradient(jnp.abs(w).max(axis=(-1, -2), keepdims=True))
    w = w / jnp.where(largest > 0, largest, 1)  # R is the same at every scale, and cubes of small weights are not lost
    signed = ((w @ w) * w).sum(axis=(-1, -2))
    size = w * jnp.sign(w)  # |w| with slope 0 at 0, where that of jnp.abs is 1
    whole = ((size @ size) * size).sum(axis=(-1, -2))
    there = whole > 0
    return jnp.where(there, 1 - sign * signed / jnp.where(there, whole, 1), 0)
