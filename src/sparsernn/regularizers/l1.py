"""Plain L1 on single weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp

from sparsernn.masks import Prunable, chosen
from sparsernn.regularizers.base import AbstractRegularizer
from sparsernn.rules import at_least
from sparsernn.spec import scaling
from sparsernn.weights import Weights, get


@dataclass(frozen=True)
class L1(AbstractRegularizer):
    r"""``strength * R``, R the sum over entries of |W| of the matrices in `where`, summed or averaged.

    `where` names roles (recurrent, input, readout, embedding) or paths of matrices. ``reduction="mean"`` divides by the
    number of entries, so that the strength means the same at every size. The subgradient at 0 is 0. Cost: O(entries).
    """

    strength: float = 1e-4
    where: tuple[str, ...] = ("recurrent",)
    reduction: Literal["sum", "mean"] = "sum"

    scales = scaling("strength")
    rules = (at_least(0, "strength"),)

    def penalty(self, trained: Any, fixed: Any, weights: Weights, prunables: tuple[Prunable, ...]) -> jax.Array:
        picked = chosen(prunables, self.where)
        total = sum(jnp.abs(get(weights, p.path)).sum() for p in picked)
        return jnp.asarray(total) / (sum(p.size for p in picked) if self.reduction == "mean" else 1)
