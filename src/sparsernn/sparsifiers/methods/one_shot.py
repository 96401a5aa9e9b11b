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
    """Train dense to the share `at` of the horizon, prune once to `density`, train on.

    Source: Han et al., arXiv 1506.02626.
    """
    schedule = {"one_shot": {"at": at}}
    return build(Pruner, {"schedule": schedule, "drop": drop, "density": density, "where": where, "scope": scope})
