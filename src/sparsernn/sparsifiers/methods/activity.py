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
    """Per round, remove the weights of smallest |w_ij| sd(x_j)."""
    return Pruner(PerRound(), ActivityScaledMagnitude(), drop_fraction=drop_fraction, where=where, scope=scope)
