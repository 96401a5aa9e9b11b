"""Iterative magnitude pruning."""

from __future__ import annotations

from typing import Literal

from sparsernn.sparsifiers.drop import Magnitude
from sparsernn.sparsifiers.pruner import Pruner
from sparsernn.sparsifiers.schedule import PerRound


def magnitude(
    drop_fraction: float = 0.2,
    where: tuple[str, ...] = ("recurrent",),
    scope: Literal["global", "matrix"] = "global",
) -> Pruner:
    """Per round, remove the weights of smallest |w| (lottery-ticket pruning, arXiv 1803.03635)."""
    return Pruner(PerRound(), Magnitude(), drop_fraction=drop_fraction, where=where, scope=scope)
