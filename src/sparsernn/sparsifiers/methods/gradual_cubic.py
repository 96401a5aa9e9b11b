"""Gradual magnitude pruning."""

from __future__ import annotations

from typing import Literal

from sparsernn.sparsifiers.drop import AbstractDrop, Magnitude
from sparsernn.sparsifiers.pruner import Pruner
from sparsernn.spec import build


def gradual_cubic(
    density: float = 0.1,
    begin: float = 0.0,
    end: float = 0.5,
    every: int = 1,
    unit: Literal["epochs", "steps"] = "epochs",
    drop: AbstractDrop = Magnitude(),
    where: tuple[str, ...] = ("recurrent",),
    scope: Literal["global", "matrix"] = "global",
) -> Pruner:
    """Prune step by step while training, fast at first, down to `density`; then train on.

    The share ``(1 - (t - begin)/(end - begin))^3`` of the weights to remove is still there at time t.

    Args:
        density: share of the entries that exist at the end.
        begin, end: of the ramp, as shares of the horizon.
        every: how many epochs or steps lie between two changes.
        unit: of `every`.
        drop: which weights go; by default the smallest.
        where: roles or paths of the matrices.
        scope: whether weights of all matrices are ranked together.

    Source: Zhu & Gupta, arXiv 1710.01878; "Pruning II" of doi 10.1038/s42005-023-01364-0.
    """
    schedule = {"cubic": {"begin": begin, "end": end, "every": every, "unit": unit}}
    return build(Pruner, {"schedule": schedule, "drop": drop, "density": density, "where": where, "scope": scope})
