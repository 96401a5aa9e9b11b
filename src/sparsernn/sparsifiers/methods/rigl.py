"""Rigging the lottery."""

from __future__ import annotations

from sparsernn.sparsifiers.drop import Magnitude
from sparsernn.sparsifiers.grow import Gradient
from sparsernn.sparsifiers.redistribute import Keep
from sparsernn.sparsifiers.rewirer import Rewirer
from sparsernn.sparsifiers.schedule import EverySteps
from sparsernn.sparsifiers.start import AbstractStart, ErdosRenyi


def rigl(
    density: float = 0.1,
    drop_fraction: float = 0.3,
    every: int = 100,
    until: float = 0.75,
    start: AbstractStart = ErdosRenyi(),
    where: tuple[str, ...] = ("recurrent",),
) -> Rewirer:
    """Every so many steps the smallest weights go and connections of largest |gradient| come, ever fewer (cosine).

    The weight update of such a step is left out. Source: Evci et al., arXiv 1911.11134.
    """
    return Rewirer(
        start, EverySteps(every), Magnitude(), Gradient(), Keep(), density, drop_fraction, "cosine", until, where, True
    )
