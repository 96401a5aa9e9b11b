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
    """Prune between trainings: in every round the smallest weights go.

    Args:
        drop_fraction: share of the weights that exist which goes in a round.
        where: roles or paths of the matrices.
        scope: whether weights of all matrices are ranked together.

    Source: Frankle & Carbin 2019 (lottery tickets), arXiv 1803.03635.
    """
    return Pruner(PerRound(), Magnitude(), drop_fraction=drop_fraction, where=where, scope=scope)
