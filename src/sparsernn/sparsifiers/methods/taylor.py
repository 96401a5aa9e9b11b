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
    """Prune between trainings: in every round the weights of smallest ``|w dL/dw|`` go.

    Args:
        drop_fraction: share of the weights that exist which goes in a round.
        where: roles or paths of the matrices.
        scope: whether weights of all matrices are ranked together.

    Source: the criterion of Molchanov et al. 2017, arXiv 1611.06440.
    """
    return Pruner(PerRound(), Taylor(), drop_fraction=drop_fraction, where=where, scope=scope)
