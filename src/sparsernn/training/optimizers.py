"""Optimizers: optax rules with a learning rate over epochs and clipping."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax

from sparsernn.registry import Registry
from sparsernn.rules import Rule, at_least, holds, positive, within
from sparsernn.spec import Part, scaling
from sparsernn.training import OPTIMIZERS

Decay = Literal["constant", "exponential", "cosine", "steps"]


@dataclass(frozen=True)
class AbstractOptimizer(Part):
    """``w <- w - eta(e) * rule(clip(gradient))``; eta changes once an epoch, from the first to the last learning rate.

    exponential: ``eta_0 (eta_1/eta_0)^(e/E)``; cosine: half a cosine between the two; constant: the first; steps: the
    first for `hold` epochs, then times `factor` in every epoch (arXiv 1409.2329: hold 4, factor 0.5).
    Gradients are clipped by global norm (`clip_norm`) or entry by entry (`clip_value`), None: not at all.
    """

    registry = Registry("optimizer", OPTIMIZERS)
    learning_rate: tuple[float, float] | float = 1e-3
    decay: Decay = "exponential"
    hold: int = 0
    factor: float = 0.5
    clip_norm: float | None = None
    clip_value: float | None = None

    scales = scaling("learning_rate", "hold", "factor", "clip_norm", "clip_value")
    rules: ClassVar[tuple[Rule, ...]] = (
        holds(lambda learning_rate: np.min(learning_rate) > 0, "learning_rate must be positive, got {learning_rate}"),
        at_least(0, "hold"),
        within("(0, 1]", "factor"),
        positive("clip_norm"),
        positive("clip_value"),
        holds(lambda clip_norm, clip_value: None in (clip_norm, clip_value), "clip by norm or by value, not by both"),
    )

    @property
    def ends(self) -> tuple[float, float]:
        """First and last learning rate."""
        rate = self.learning_rate
        return rate if isinstance(rate, tuple) else (rate, rate)

    def rate(self, epoch: Any, epochs: int) -> jax.Array:
        """The learning rate of an epoch (0, 1, ...; may be traced)."""
        first, last = self.ends
        share = epoch / epochs
        if self.decay == "constant":
            return jnp.full((), first)
        if self.decay == "steps":
            return first * self.factor ** jnp.maximum(epoch + 1 - self.hold, 0)
        if self.decay == "cosine":
            return last + (first - last) * 0.5 * (1 + jnp.cos(jnp.pi * share))
        return first * (last / first) ** share

    def clip(self, gradients: Any, norm: jax.Array) -> Any:
        """Clipped gradients; `norm` is their global norm."""
        if self.clip_norm is not None:
            factor = jnp.minimum(1.0, self.clip_norm / jnp.maximum(norm, 1e-30))
            return jax.tree.map(lambda g: g * factor, gradients)
        if self.clip_value is not None:
            limit = self.clip_value
            return jax.tree.map(lambda g: jnp.clip(g, -limit, limit), gradients)
        return gradients

    @abc.abstractmethod
    def rule(self) -> optax.GradientTransformation:
        """The optax rule without learning rate."""


@dataclass(frozen=True)
class RAdam(AbstractOptimizer):
    """Rectified Adam (Liu et al. 2020, arXiv 1908.03265), the optimizer of arXiv 2406.04934."""

    def rule(self) -> optax.GradientTransformation:
        return optax.scale_by_radam()


@dataclass(frozen=True)
class Adam(AbstractOptimizer):
    """Adam (Kingma & Ba 2015, arXiv 1412.6980)."""

    def rule(self) -> optax.GradientTransformation:
        return optax.scale_by_adam()


@dataclass(frozen=True)
class SGD(AbstractOptimizer):
    """Stochastic gradient descent with heavy-ball momentum ``m <- momentum m + g`` (0: none)."""

    momentum: float = 0.0

    rules = (*AbstractOptimizer.rules, within("[0, 1)", "momentum"))

    def rule(self) -> optax.GradientTransformation:
        return optax.trace(self.momentum) if self.momentum else optax.identity()


def forget(rule: optax.GradientTransformation, opt_state: Any, changed: Any) -> Any:
    """The state in which the entries marked in `changed` (a tree like the parameters) are zero again."""
    return optax.tree_utils.tree_map_params(rule, lambda s, c: jnp.where(c, jnp.zeros_like(s), s), opt_state, changed)
