"""Rigging the lottery."""

from __future__ import annotations

from sparsernn.sparsifiers.rewirer import Rewirer
from sparsernn.sparsifiers.start import AbstractStart, ErdosRenyi
from sparsernn.spec import Plain, build


def rigl(
    density: float = 0.1,
    drop_fraction: float = 0.3,
    every: int = 100,
    until: float = 0.75,
    start: AbstractStart = ErdosRenyi(),
    where: tuple[str, ...] = ("recurrent",),
) -> Rewirer:
    """Rewire: now and then the smallest weights go, and as many come where the gradient is largest.

    The weight update of such a step is left out. Source: Evci et al. 2020, arXiv 1911.11134.

    Args:
        density: share of the entries that exist, constant.
        drop_fraction: share of a matrix's weights exchanged at first; it falls to 0 by half a cosine.
        every: how many steps lie between two changes.
        until: when it ends, as a share of the horizon.
        start: how the first masks are drawn.
        where: roles or paths of the matrices.
    """
    return build(
        Rewirer, {**by_gradient(density, drop_fraction, every, start, where), "until": until, "skips_update": True}
    )


def by_gradient(
    density: float, drop_fraction: float, every: int, start: AbstractStart, where: tuple[str, ...]
) -> dict[str, Plain]:
    """Return the fields of a rewirer that RigL and GraNet share.

    Every `every` steps the smallest weights of each matrix go, and as many come where the gradient is largest; the
    fraction falls to 0 by a cosine.
    """
    return {
        "start": start,
        "schedule": {"every_steps": {"every": every}},
        "drop": "magnitude",
        "grow": "gradient",
        "redistribute": "keep",
        "density": density,
        "drop_fraction": drop_fraction,
        "decay": "cosine",
        "where": where,
    }
