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
    """From half-dense (or dense: 1) down a cubic ramp to `density`, each time exchanging a fraction besides.

    Every so many steps the smallest weights of all matrices go, as many as the ramp asks for; then in each matrix
    `drop_fraction` (falling to 0 by a cosine over the training) of the smallest go and as many come where the gradient
    is largest. The ramp runs from `begin` to `end`, shares of the horizon; rewiring goes on to the end.
    Source: GraNet, Liu et al. 2021, arXiv 2106.10404 (fraction 0.5; every 1,000 steps and up to epoch 110 of 160 on
    images; there the last step of the ramp is left out, so the density is reached only nearly).
    """
    ramp = {"cubic": {"begin": begin, "end": end, "every": 1, "unit": "steps"}}
    shared = by_gradient(density, drop_fraction, every, start, where)
    return build(Rewirer, {**shared, "ramp": ramp, "initial_density": initial_density})
