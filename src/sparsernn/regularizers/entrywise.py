"""What penalties of single weights share."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from sparsernn.masks import Prunable, chosen
from sparsernn.regularizers.base import AbstractRegularizer, Strength
from sparsernn.spec import scaling
from sparsernn.weights import PyTree, Weights, get


@dataclass(frozen=True)
class Entrywise(AbstractRegularizer):
    """A penalty that charges every weight by itself: ``strength * sum cost(w)``. Cost: O(entries).

    Args:
        strength: factor of the penalty; or how it is found (`Matched`).
        where: roles (recurrent, input, readout, embedding) or paths of the matrices.
        reduction: "sum", or "mean": divided by the number of entries (those outside the masks included), so that the
            strength means the same at every size.
    """

    strength: Strength = 1e-4
    where: tuple[str, ...] = ("recurrent",)
    reduction: Literal["sum", "mean"] = "sum"

    scales = scaling("strength")

    @abc.abstractmethod
    def cost(self, weights: jax.Array) -> jax.Array:
        """Return the cost of every entry, of the shape of `weights`; with a finite gradient also at 0."""

    def penalty(self, trained: PyTree, fixed: PyTree, weights: Weights, prunables: tuple[Prunable, ...]) -> jax.Array:
        picked = chosen(prunables, self.where)
        total = sum(self.cost(get(weights, p.path)).sum() for p in picked)
        return jnp.asarray(total) / (sum(p.size for p in picked) if self.reduction == "mean" else 1)
