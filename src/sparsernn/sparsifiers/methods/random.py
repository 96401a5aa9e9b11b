"""Iterative random pruning."""

from __future__ import annotations

from typing import Literal

from sparsernn.sparsifiers.drop import RandomDrop
from sparsernn.sparsifiers.pruner import Pruner
from sparsernn.sparsifiers.schedule import PerRound


def random(
    drop_fraction: float = 0.2,
    where: tuple[str, ...] = ("recurrent",),
    scope: Literal["global", "matrix"] = "global",
) -> Pruner:
    """Prune between trainings: in every round weights go at random. Any criterion must beat it.

    Args:
        drop_fraction: share of the weights that exist which goes in a round.
        where: roles or paths of the matrices.
        scope: whether weights of all matrices are ranked together.
    """
    return Pruner(PerRound(), RandomDrop(), drop_fraction=drop_fraction, where=where, scope=scope)
