"""Sparse evolutionary training."""

from __future__ import annotations

from sparsernn.sparsifiers.drop import NearestZeroOfEachSign
from sparsernn.sparsifiers.grow import RandomGrowth
from sparsernn.sparsifiers.redistribute import Keep
from sparsernn.sparsifiers.rewirer import Rewirer
from sparsernn.sparsifiers.schedule import EveryEpoch
from sparsernn.sparsifiers.start import AbstractStart, ErdosRenyi


def set_(
    density: float = 0.1,
    drop_fraction: float = 0.3,
    start: AbstractStart = ErdosRenyi(),
    where: tuple[str, ...] = ("recurrent",),
) -> Rewirer:
    """Rewire after every epoch but the last: weights nearest to 0 go, and as many come at random. New ones are 0.

    Args:
        density: share of the entries that exist, constant.
        drop_fraction: share of the positive and of the negative weights of a matrix that goes.
        start: how the first masks are drawn.
        where: roles or paths of the matrices.

    Source: Mocanu et al., arXiv 1707.04780 (fraction 0.3; there new values are drawn and the last
    epoch drops without growing); doi 10.1038/s42005-023-01364-0 (values 0, fraction 0.05 to 0.2).
    """
    return Rewirer(
        start, EveryEpoch(), NearestZeroOfEachSign(), RandomGrowth(), Keep(), density, drop_fraction, where=where
    )
