"""Gradual pruning with regrowth."""

from __future__ import annotations

from sparsernn.sparsifiers.methods.rigl import by_gradient
from sparsernn.sparsifiers.rewirer import Rewirer
from sparsernn.sparsifiers.start import AbstractStart, ErdosRenyi
from sparsernn.spec import build


def granet(
    density: float = 0.1,
    initial_density: float = 0.5,
    drop_fraction: float = 0.5,
    every: int = 100,
    begin: float = 0.0,
    end: float = 0.7,
    start: AbstractStart = ErdosRenyi(),
    where: tuple[str, ...] = ("recurrent",),
) -> Rewirer:
    """Prune and rewire at once: down a cubic ramp to `density`, exchanging some weights at every step of it.

    Every `every` steps the smallest weights of all matrices go, as many as the ramp asks for. Then in each matrix a
    share of the smallest weights goes, and as many come where the gradient is largest. Rewiring goes on when the ramp
    has ended, up to the end of the training.

    Args:
        density: share of the entries that exist at the end.
        initial_density: and at the beginning; 1: dense.
        drop_fraction: share of a matrix's weights exchanged at first; it falls to 0 by half a cosine.
        every: how many steps lie between two changes.
        begin, end: of the ramp, as shares of the horizon.
        start: how the first masks are drawn.
        where: roles or paths of the matrices.

    Source: GraNet, Liu et al. 2021, arXiv 2106.10404 (fraction 0.5; every 1,000 steps and up to epoch 110 of 160 on
    images; there the last step of the ramp is left out, so the density is reached only nearly).
    """
    ramp = {"cubic": {"begin": begin, "end": end, "every": 1, "unit": "steps"}}
    shared = by_gradient(density, drop_fraction, every, start, where)
    return build(Rewirer, {**shared, "ramp": ramp, "initial_density": initial_density})
