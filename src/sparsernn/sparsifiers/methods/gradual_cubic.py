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
    """Down to `density` along a cubic ramp from `begin` to `end` (shares of the horizon), then train on.

    Source: Zhu & Gupta, arXiv 1710.01878; "Pruning II" of doi 10.1038/s42005-023-01364-0.
    """
    schedule = {"cubic": {"begin": begin, "end": end, "every": every, "unit": unit}}
    return build(Pruner, {"schedule": schedule, "drop": drop, "density": density, "where": where, "scope": scope})
