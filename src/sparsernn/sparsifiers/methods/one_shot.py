"""Magnitude pruning at one stroke."""

from __future__ import annotations

from typing import Literal

from sparsernn.sparsifiers.drop import AbstractDrop, Magnitude
from sparsernn.sparsifiers.pruner import Pruner
from sparsernn.spec import build


def one_shot(
    density: float = 0.1,
    at: float = 0.5,
    drop: AbstractDrop = Magnitude(),
    where: tuple[str, ...] = ("recurrent",),
    scope: Literal["global", "matrix"] = "global",
) -> Pruner:
    """Train the dense network, prune it once to `density`, and train on.

    Args:
        density: share of the entries that are kept.
        at: when it is pruned, as a share of the horizon.
        drop: which weights go; by default the smallest.
        where: roles or paths of the matrices.
        scope: whether weights of all matrices are ranked together.

    Source: Han et al. 2015, arXiv 1506.02626.
    """
    schedule = {"one_shot": {"at": at}}
    return build(Pruner, {"schedule": schedule, "drop": drop, "density": density, "where": where, "scope": scope})
