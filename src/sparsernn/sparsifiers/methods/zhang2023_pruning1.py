"""Pruning I as it was run for signed motifs."""

from __future__ import annotations

from sparsernn.sparsifiers.methods.growing_threshold import GrowingThreshold
from sparsernn.sparsifiers.restarting import Restarting


def zhang2023_pruning1(
    density: float = 0.05, acts_from: float = 0.0, where: tuple[str, ...] = ("recurrent",)
) -> Restarting:
    """A growing threshold, whose quantile is taken anew every epoch up to half of the training.

    What it leaves is kept, a little less than `density`, and the optimizer begins anew at every moment. Nothing is
    removed before the share `acts_from` of the training (gestures: 0.025, epoch 5 of 201).
    Source: code of Zhang et al. 2023, doi 10.1038/s42005-023-01364-0; `growing_threshold` has the library's defaults.
    """
    return Restarting(GrowingThreshold(density, acts_from=acts_from, exact=False, where=where))
