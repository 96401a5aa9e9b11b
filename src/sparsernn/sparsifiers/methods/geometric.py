"""Geometric pruning."""

from __future__ import annotations

from typing import Literal

from sparsernn.sparsifiers.drop import Geometric
from sparsernn.sparsifiers.pruner import Pruner
from sparsernn.sparsifiers.schedule import PerRound


def geometric(
    drop_fraction: float = 0.2,
    starts: int = 4,
    score: Literal["absolute", "signed"] = "absolute",
    where: tuple[str, ...] = ("recurrent",),
    scope: Literal["global", "matrix"] = "global",
) -> Pruner:
    """Per round, remove the weights whose absence changes the attractor least.

    Source: arXiv 2406.04934 (with ``starts=1``).
    """
    return Pruner(PerRound(), Geometric(starts, score), drop_fraction=drop_fraction, where=where, scope=scope)
