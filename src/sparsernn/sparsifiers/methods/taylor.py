"""Iterative pruning by the first-order change of the loss."""

from __future__ import annotations

from typing import Literal

from sparsernn.sparsifiers.drop import Taylor
from sparsernn.sparsifiers.pruner import Pruner
from sparsernn.sparsifiers.schedule import PerRound


def taylor(
    drop_fraction: float = 0.2,
    where: tuple[str, ...] = ("recurrent",),
    scope: Literal["global", "matrix"] = "global",
) -> Pruner:
    """Per round, remove the weights of smallest |w dL/dw| (criterion of arXiv 1611.06440)."""
    return Pruner(PerRound(), Taylor(), drop_fraction=drop_fraction, where=where, scope=scope)
