"""Iterative pruning by activity-scaled magnitude."""

from __future__ import annotations

from typing import Literal

from sparsernn.sparsifiers.drop import ActivityScaledMagnitude
from sparsernn.sparsifiers.pruner import Pruner
from sparsernn.sparsifiers.schedule import PerRound


def activity(
    drop_fraction: float = 0.2,
    where: tuple[str, ...] = ("recurrent",),
    scope: Literal["global", "matrix"] = "global",
) -> Pruner:
    """Prune between trainings: in every round the weights go that carry least, ``|w_ij| sd(x_j)``.

    Args:
        drop_fraction: share of the weights that exist which goes in a round.
        where: roles or paths of the matrices.
        scope: whether weights of all matrices are ranked together.

    Source: as Wanda, arXiv 2306.11695, with the sd of x in place of its norm.
    """
    return Pruner(PerRound(), ActivityScaledMagnitude(), drop_fraction=drop_fraction, where=where, scope=scope)
