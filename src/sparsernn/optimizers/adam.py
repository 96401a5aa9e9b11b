"""Adam."""

from __future__ import annotations

from dataclasses import dataclass

import optax

from sparsernn.optimizers.base import AbstractOptimizer


@dataclass(frozen=True)
class Adam(AbstractOptimizer):
    """Adam (Kingma & Ba 2015, arXiv 1412.6980)."""

    def rule(self) -> optax.GradientTransformation:
        return optax.scale_by_adam()
