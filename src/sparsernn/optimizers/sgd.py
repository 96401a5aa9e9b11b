"""Stochastic gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

import optax

from sparsernn.optimizers.base import AbstractOptimizer
from sparsernn.rules import within
from sparsernn.spec import scaling


@dataclass(frozen=True)
class SGD(AbstractOptimizer):
    """Stochastic gradient descent, ``w <- w - eta m``, with heavy-ball momentum ``m <- momentum m + g`` (None: m = g).

    With `averaging` it is the ASGD of language models (Merity et al. 2017, arXiv 1708.02182).
    """

    momentum: float | None = None

    scales = scaling(*AbstractOptimizer.scales, "momentum")
    rules = (*AbstractOptimizer.rules, within("[0, 1)", "momentum"))

    def rule(self) -> optax.GradientTransformation:
        return optax.identity() if self.momentum is None else optax.trace(self.momentum)
