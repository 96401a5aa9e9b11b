"""What penalties of single weights share."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp

from sparsernn.masks import Prunable, chosen
from sparsernn.regularizers.base import AbstractRegularizer, Strength
from sparsernn.spec import scaling
from sparsernn.weights import Weights, get


@dataclass(frozen=True)
class Entrywise(AbstractRegularizer):
    """``strength * R``, R the sum over entries of `cost` of the matrices in `where`, summed or averaged.

    `where` names roles (recurrent, input, readout, embedding) or paths of matrices. ``reduction="mean"`` divides by the
    number of entries, so that the strength means the same at every size. Cost: O(entries).
    """

    strength: Strength = 1e-4
    where: tuple[str, ...] = ("recurrent",)
    reduction: Literal["sum", "mean"] = "sum"

    scales = scaling("strength")

    @abc.abstractmethod
    def cost(self, weights: jax.Array) -> jax.Array:
        """Of every entry; finite with a finite gradient at 0."""

    def penalty(self, trained: Any, fixed: Any, weights: Weights, prunables: tuple[Prunable, ...]) -> jax.Array:
        picked = chosen(prunables, self.where)
        total = sum(self.cost(get(weights, p.path)).sum() for p in picked)
        return jnp.asarray(total) / (sum(p.size for p in picked) if self.reduction == "mean" else 1)
