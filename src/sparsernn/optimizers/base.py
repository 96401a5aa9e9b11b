"""The contract of an optimizer: a rule of optax, and what is the same for all rules.

These are the learning rate of each epoch, clipping, weight decay, groups of arrays, and what is changed after
validation.
"""

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
from sparsernn.weights import PyTree, Weights, replace

Decay = Literal["constant", "exponential", "cosine", "steps"]
Parameters = tuple[Weights, PyTree]
"""All that is trained: the weights, and the trained arrays of the regularizers."""


class OptState(NamedTuple):
    """What an optimizer carries from update to update.

    Args:
        rule: the state of its rule, as optax has it.
        plateau: what `Plateau` has seen; () without one.
        average: the averages that `Averaging` holds; () without one.
    """

    rule: PyTree
    plateau: Any = ()
    average: Any = ()

    def evaluated(self, weights: Weights) -> Weights:
        """Return the weights that are evaluated, selected and saved: the averages if there are any, else `weights`."""
        return weights if self.average == () else averaged(self.average, weights)

    def columns(self) -> dict[str, int]:
        """Return what history.csv records: `averaged`, 1 if averages are evaluated. {} without averaging."""
        return {} if self.average == () else {"averaged": int(self.average.since >= 0)}


@dataclass(frozen=True)
class AbstractOptimizer(Part):
    """How weights move: ``w <- w - eta(e) * (rule(clip(gradient)) + weight_decay * w)``, with e the epoch.

    Args:
        learning_rate: eta of the first and of the last epoch, or one number for both.
        decay: how eta goes from the first, eta_0, to the last, eta_1, in E epochs. "exponential":
            ``eta_0 (eta_1/eta_0)^(e/E)``; "cosine": half a cosine; "constant": always eta_0; "steps": eta_0 for `hold`
            epochs, then times `factor` in every epoch.
        hold: see "steps". arXiv 1409.2329 has hold 4 and factor 0.5.
        factor: see "steps".
        clip_norm: gradients are scaled down to this global norm if theirs is larger. None: not clipped.
        clip_value: every entry of a gradient is cut to ± this value. None: not clipped.
        weight_decay: is taken off beside the rule (arXiv 1711.05101), for all weights. Trained arrays of regularizers
            decay only in a group that says so. None: no decay.
        groups: arrays with a learning rate, decay or clipping of their own.
        plateau: divides the learning rate when validation gets no better; the run needs `select`.
        averaging: averages the weights from a time on that validation decides; the run needs `select`.

    >>> from sparsernn.optimizers.adam import Adam
    >>> optimizer = Adam(learning_rate=(1e-2, 1e-4))
    >>> [round(float(optimizer.rate(epoch, epochs=2)), 4) for epoch in (0, 1, 2)]
    [0.01, 0.001, 0.0001]
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
        """The first and the last learning rate."""
        rate = self.learning_rate
        return rate if isinstance(rate, tuple) else (rate, rate)

    def rate(self, epoch: int | jax.Array, epochs: int) -> jax.Array:
        """Return the planned learning rate of an epoch (0, 1, ...; may be traced) of so many."""
        first, last = self.ends
        share = epoch / epochs
        if self.decay == "constant":
            return jnp.full((), first)
        if self.decay == "steps":
            return first * self.factor ** jnp.maximum(epoch + 1 - self.hold, 0)
        if self.decay == "cosine":
            return last + (first - last) * 0.5 * (1 + jnp.cos(jnp.pi * share))
        return first * (last / first) ** share

    def clip(self, gradients: PyTree, norm: jax.Array) -> PyTree:
        """Return clipped gradients; `norm` is their global norm."""
        if self.clip_norm is not None:
            factor = jnp.minimum(1.0, self.clip_norm / jnp.maximum(norm, 1e-30))
            return jax.tree.map(lambda g: g * factor, gradients)
        if self.clip_value is not None:
            limit = self.clip_value
            return jax.tree.map(lambda g: jnp.clip(g, -limit, limit), gradients)
        return gradients

    @property
    def needs_validation(self) -> bool:
        """Whether it needs `after_validation` to be called (for `plateau` or `averaging`)."""
        return self.plateau is not None or self.averaging is not None

    @abc.abstractmethod
    def rule(self) -> optax.GradientTransformation:
        """Return the rule of optax. It makes the steps that are subtracted, before they are multiplied with eta.

        It must work entry by entry, and an entry without a past must have a state of zeros: dropped and grown entries
        are set back to zeros.
        """

    # ------------------------------------------------------------------------------------------- in the compiled loop

    def init(self, parameters: Parameters, masks: Masks) -> OptState:
        """Return the state before the first update. The weights are masked."""
        return OptState(
            self.rule().init(parameters),
            () if self.plateau is None else self.plateau.init(),
            () if self.averaging is None else self.averaging.init(parameters[0], masks),
        )

    def rate_now(self, planned: jax.Array, state: OptState) -> jax.Array:
        """Return the learning rate in use: the planned one, divided as often as `plateau` has asked for it."""
        return planned if self.plateau is None else planned * state.plateau.rate_factor

    def move(
        self,
        gradients: PyTree,
        norm: jax.Array,
        state: OptState,
        parameters: Parameters,
        rate: jax.Array,
        prunables: Sequence[Prunable],
    ) -> tuple[Parameters, OptState]:
        """Make one update.

        Args:
            gradients: of the parameters, masked.
            norm: their global norm.
            state: of the optimizer.
            parameters: weights and trained arrays of regularizers.
            rate: the learning rate in use.
            prunables: of the network, by which groups find their arrays.

        Returns:
            Parameters and state afterwards.
        """
        belong = self.members(prunables, parameters)
        steps, rule = self.rule().update(self._clipped(gradients, norm, belong), state.rule, parameters)
        leaves, tree = jax.tree.flatten(steps)
        triples = zip(leaves, jax.tree.leaves(parameters), belong, strict=True)
        steps = jax.tree.unflatten(tree, [self._own(s, w, member) for s, w, member in triples])
        moved = jax.tree.map(lambda w, s: w - (rate * s).astype(w.dtype), parameters, steps)
        return moved, state._replace(rule=rule)

    def follow(self, state: OptState, weights: Weights) -> OptState:
        """Take the weights at which an update has ended into the averages, if there are any."""
        return (
            state if self.averaging is None else state._replace(average=self.averaging.follow(state.average, weights))
        )

    def forget(self, state: OptState, parameters: Parameters, changed: Masks) -> OptState:
        """Return the state without the past of the entries marked in `changed`, which were dropped or grown."""
        weights, trained = parameters
        marks = replace(jax.tree.map(lambda w: jnp.zeros((), bool), weights), changed)
        nothing = jax.tree.map(lambda t: jnp.zeros((), bool), trained)
        cleared = lambda s, c: jnp.where(c, jnp.zeros_like(s), s)
        rule = optax.tree_utils.tree_map_params(self.rule(), cleared, state.rule, (marks, nothing))
        average = () if self.averaging is None else self.averaging.forget(state.average, marks)
        return state._replace(rule=rule, average=average)

    def restart(self, state: OptState, parameters: Parameters) -> OptState:
        """Return the state with its rule as before the first update: no moments, and no count of updates."""
        return state._replace(rule=self.rule().init(parameters))

    def members(self, prunables: Sequence[Prunable], parameters: Parameters) -> tuple[Member, ...]:
        """Return the group of every array. SpecError if a group names no array, or two groups name the same one."""
        return members(self.groups, prunables, parameters)

    def _own(self, step: jax.Array, parameter: jax.Array, member: Member) -> jax.Array:
        """Return the step of one array, with the decay and the factor of its group."""
        group = None if member.group is None else self.groups[member.group]
        decay = self.weight_decay if member.weight else None
        if group is not None and group.weight_decay is not None:
            decay = group.weight_decay
        step = step if decay is None else step + decay * parameter
        return step if group is None else group.learning_rate_factor * step

    def _clipped(self, gradients: PyTree, norm: jax.Array, belong: Sequence[Member]) -> PyTree:
        """Clip groups that have a norm of their own each alone, and all other arrays together."""
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
        """Return the state after a validation.

        It runs on the host. Shapes and types of the state stay, so that nothing is compiled anew.

        Args:
            state: before.
            worth: the number that `select` names, as "lower is better"; infinity if it is undefined.
            step: number of updates so far.
        """
        if self.plateau is not None:
            state = state._replace(plateau=self.plateau.after_validation(state.plateau, worth))
        if self.averaging is not None:
            state = state._replace(average=self.averaging.after_validation(state.average, worth, step))
        return state
