"""The contract of an optimizer: an optax rule, and what every rule has besides: a learning rate over epochs, clipping,
weight decay, groups, and what follows from validation."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from sparsernn.masks import Masks, Prunable
from sparsernn.optimizers import OPTIMIZERS
from sparsernn.optimizers.averaging import Averaging, averaged
from sparsernn.optimizers.groups import Member, ParameterGroup, members
from sparsernn.optimizers.plateau import Plateau
from sparsernn.registry import Registry
from sparsernn.rules import Rule, at_least, holds, positive, within
from sparsernn.spec import Part, scaling
from sparsernn.weights import Weights, replace

Decay = Literal["constant", "exponential", "cosine", "steps"]
Parameters = tuple[Weights, Any]
"""Weights, and the trained arrays of the regularizers."""


class OptState(NamedTuple):
    """What an optimizer carries from update to update: optax's state of its `rule`; what `plateau` has seen and what
    `average` holds, where they are asked for, else ()."""

    rule: Any
    plateau: Any = ()
    average: Any = ()

    def evaluated(self, weights: Weights) -> Weights:
        """What stands for `weights` where they are evaluated, selected and saved: their averages, if there are any."""
        return weights if self.average == () else averaged(self.average, weights)

    def columns(self) -> dict[str, int]:
        """Columns of history.csv: `averaged`, whether averages stand for the weights."""
        return {} if self.average == () else {"averaged": int(self.average.since >= 0)}


@dataclass(frozen=True)
class AbstractOptimizer(Part):
    """``w <- w - eta(e) * (rule(clip(gradient)) + weight_decay w)``; eta changes once an epoch, from the first to the
    last learning rate.

    exponential: ``eta_0 (eta_1/eta_0)^(e/E)``; cosine: half a cosine between the two; constant: the first; steps: the
    first for `hold` epochs, then times `factor` in every epoch (arXiv 1409.2329: hold 4, factor 0.5).
    Gradients are clipped by global norm (`clip_norm`) or entry by entry (`clip_value`), None: not at all. Decay (None:
    none) is beside the rule (arXiv 1711.05101) and of all weights; trained arrays of regularizers decay only in a group
    that says so. Weights outside a mask are 0 and do not decay. `groups` move some arrays otherwise. `plateau` divides
    the learning rate and `averaging` averages the weights by what validation says; both need a run's `select`.
    """

    registry = Registry("optimizer", OPTIMIZERS)
    learning_rate: tuple[float, float] | float = 1e-3
    decay: Decay = "exponential"
    hold: int = 0
    factor: float = 0.5
    clip_norm: float | None = None
    clip_value: float | None = None
    weight_decay: float | None = None
    groups: tuple[ParameterGroup, ...] = ()
    plateau: Plateau | None = None
    averaging: Averaging | None = None

    scales = scaling("learning_rate", "hold", "factor", "clip_norm", "clip_value", "weight_decay")
    rules: ClassVar[tuple[Rule, ...]] = (
        holds(lambda learning_rate: np.min(learning_rate) > 0, "learning_rate must be positive, got {learning_rate}"),
        at_least(0, "hold"),
        within("(0, 1]", "factor"),
        positive("clip_norm"),
        positive("clip_value"),
        at_least(0, "weight_decay"),
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

    @property
    def needs_validation(self) -> bool:
        """It must be told how good the weights are now and then."""
        return self.plateau is not None or self.averaging is not None

    @abc.abstractmethod
    def rule(self) -> optax.GradientTransformation:
        """The optax rule without learning rate: steps that are subtracted. It works entry by entry, and a state of
        zeros is that of an entry which was never there (what is dropped or grown is set back to it)."""

    # ------------------------------------------------------------------------------------------- in the compiled loop

    def init(self, parameters: Parameters, masks: Masks) -> OptState:
        """The state before the first update of masked weights."""
        return OptState(
            self.rule().init(parameters),
            () if self.plateau is None else self.plateau.init(),
            () if self.averaging is None else self.averaging.init(parameters[0], masks),
        )

    def rate_now(self, planned: jax.Array, state: OptState) -> jax.Array:
        """The planned learning rate, divided as often as `plateau` asked for."""
        return planned if self.plateau is None else planned * state.plateau.rate_factor

    def move(
        self,
        gradients: Any,
        norm: jax.Array,
        state: OptState,
        parameters: Parameters,
        rate: jax.Array,
        prunables: Sequence[Prunable],
    ) -> tuple[Parameters, OptState]:
        """One step down the masked `gradients`, whose global norm is `norm`. Without groups and decay nothing is
        compiled for them."""
        belong = self.members(prunables, parameters)
        steps, rule = self.rule().update(self._clipped(gradients, norm, belong), state.rule, parameters)
        leaves, tree = jax.tree.flatten(steps)
        triples = zip(leaves, jax.tree.leaves(parameters), belong, strict=True)
        steps = jax.tree.unflatten(tree, [self._own(s, w, member) for s, w, member in triples])
        moved = jax.tree.map(lambda w, s: w - (rate * s).astype(w.dtype), parameters, steps)
        return moved, state._replace(rule=rule)

    def follow(self, state: OptState, weights: Weights) -> OptState:
        """After an update has ended at `weights`: averages go on."""
        return (
            state if self.averaging is None else state._replace(average=self.averaging.follow(state.average, weights))
        )

    def forget(self, state: OptState, parameters: Parameters, changed: Masks) -> OptState:
        """The state in which the entries marked in `changed`, dropped or grown, are as if they had never been."""
        weights, trained = parameters
        marks = replace(jax.tree.map(lambda w: jnp.zeros((), bool), weights), changed)
        nothing = jax.tree.map(lambda t: jnp.zeros((), bool), trained)
        cleared = lambda s, c: jnp.where(c, jnp.zeros_like(s), s)
        rule = optax.tree_utils.tree_map_params(self.rule(), cleared, state.rule, (marks, nothing))
        average = () if self.averaging is None else self.averaging.forget(state.average, marks)
        return state._replace(rule=rule, average=average)

    def members(self, prunables: Sequence[Prunable], parameters: Parameters) -> tuple[Member, ...]:
        """Which arrays belong to which group. SpecError where a group names nothing, or two name the same."""
        return members(self.groups, prunables, parameters)

    def _own(self, step: jax.Array, parameter: jax.Array, member: Member) -> jax.Array:
        """The step of one array, with decay and factor of its group."""
        group = None if member.group is None else self.groups[member.group]
        decay = self.weight_decay if member.weight else None
        if group is not None and group.weight_decay is not None:
            decay = group.weight_decay
        step = step if decay is None else step + decay * parameter
        return step if group is None else group.learning_rate_factor * step

    def _clipped(self, gradients: Any, norm: jax.Array, belong: Sequence[Member]) -> Any:
        """Groups with a norm of their own each by themselves, all others together."""
        apart = [i for i, group in enumerate(self.groups) if group.clip_norm is not None]
        if not apart:
            return self.clip(gradients, norm)
        leaves, tree = jax.tree.flatten(gradients)
        places = {i: [k for k, m in enumerate(belong) if m.group == i] for i in apart}
        for i, own in places.items():
            limit = optax.clip_by_global_norm(self.groups[i].clip_norm)
            for k, g in zip(own, limit.update([leaves[k] for k in own], limit.init(None))[0], strict=True):
                leaves[k] = g
        rest = [k for k, m in enumerate(belong) if m.group not in places]
        others = [leaves[k] for k in rest]
        for k, g in zip(rest, self.clip(others, optax.tree_utils.tree_norm(others)), strict=True):
            leaves[k] = g
        return jax.tree.unflatten(tree, leaves)

    # --------------------------------------------------------------------------------------------- between two calls

    def after_validation(self, state: OptState, worth: float, step: int) -> OptState:
        """What follows from a look at the weights after `step` updates; `worth`: lower is better, infinity where there
        is none. On the host; shapes and types of the state stay, so that the compiled update stays."""
        if self.plateau is not None:
            state = state._replace(plateau=self.plateau.after_validation(state.plateau, worth))
        if self.averaging is not None:
            state = state._replace(average=self.averaging.after_validation(state.average, worth, step))
        return state
