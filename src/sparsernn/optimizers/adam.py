"""Adam."""

from __future__ import annotations

from dataclasses import dataclass

import optax

from sparsernn.optimizers.base import AbstractOptimizer


@dataclass(frozen=True)
class Adam(AbstractOptimizer):
    """Adam: steps of about equal size in every weight, from running means of the gradient and of its square.

    Fields: see `AbstractOptimizer`. Source: Kingma & Ba 2015, arXiv 1412.6980 (beta 0.9 and 0.999, epsilon 1e-8).
    """

    def rule(self) -> optax.GradientTransformation:
        return optax.scale_by_adam()
