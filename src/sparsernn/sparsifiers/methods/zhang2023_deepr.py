"""Deep rewiring as it was run for signed motifs."""

from __future__ import annotations

from sparsernn.sparsifiers.methods.deepr_epoch import DeepREpoch
from sparsernn.sparsifiers.restarting import Restarting


def zhang2023_deepr(
    density: float = 0.05, l1: float = 1e-5, noise: float = 1e-5, where: tuple[str, ...] = ("recurrent",)
) -> Restarting:
    """Once an epoch; the first mask is drawn with replacement, new weights are 1e-12 of the sign of their position.

    The optimizer begins anew every epoch. (noise, l1): rows of digits and Mackey-Glass (1e-5, 1e-5), text messages
    (1e-6, 1e-5), gestures and the continuous-time cell (1e-3, 1e-3), the neural differential equation (1e-4, 1e-4).
    Source: code of Zhang et al. 2023, doi 10.1038/s42005-023-01364-0; `deepr_epoch` and `deepr` (after every update)
    have the library's defaults.
    """
    return Restarting(DeepREpoch(density, l1, noise, newborn=1e-12, replacement=True, where=where))
