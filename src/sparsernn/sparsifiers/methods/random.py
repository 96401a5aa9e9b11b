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
    """Per round, remove weights at random: what any criterion must beat."""
    return Pruner(PerRound(), RandomDrop(), drop_fraction=drop_fraction, where=where, scope=scope)
