"""Pruning II as it was run for signed motifs."""

from __future__ import annotations

from sparsernn.sparsifiers.methods.gradual_cubic import gradual_cubic
from sparsernn.sparsifiers.restarting import Restarting


def zhang2023_pruning2(
    density: float = 0.05, begin: float = 0.025, where: tuple[str, ...] = ("recurrent",)
) -> Restarting:
    """A cubic ramp from the share `begin` of the training (0.025: epoch 5 of 201; Mackey-Glass: 0.01) to half of it.

    ``density + (1 - density) (1 - t/T)^3`` of the weights are kept t epochs after begin, T in all, and the optimizer
    begins anew at every moment.
    Source: code of Zhang et al. 2023, doi 10.1038/s42005-023-01364-0; `gradual_cubic` has the library's defaults.
    """
    return Restarting(gradual_cubic(density, begin=begin, end=0.5, where=where))
