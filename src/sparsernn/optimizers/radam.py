"""Rectified Adam."""

from __future__ import annotations

from dataclasses import dataclass

import optax

from sparsernn.optimizers.base import AbstractOptimizer


@dataclass(frozen=True)
class RAdam(AbstractOptimizer):
    """Rectified Adam (Liu et al. 2020, arXiv 1908.03265), the optimizer of arXiv 2406.04934."""

    def rule(self) -> optax.GradientTransformation:
        return optax.scale_by_radam()
