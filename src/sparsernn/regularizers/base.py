"""The contract of a regularizer."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import jax

from sparsernn.masks import Prunable
from sparsernn.registry import Registry
from sparsernn.regularizers import REGULARIZERS
from sparsernn.rules import Rule, holds
from sparsernn.spec import Checked, Part
from sparsernn.weights import Weights


class AbstractRegularizer(Part):
    """A term added to the loss: ``strength * penalty``.

    `init` may give arrays that are `trained` with the weights (positions of neurons) and arrays that are `fixed` (cost
    matrices); both are stored with the run and survive a re-initialization of the weights. Among the trained ones may
    be some that no gradient moves but `advance` alone (vectors of a power iteration): `stopped` names them.
    """

    registry = Registry("regularizer", REGULARIZERS)
    strength: Strength

    stopped: ClassVar[tuple[str, ...]] = ()
    """Names, in the dictionary of trained arrays, of those through which no gradient goes."""
    surrogate: ClassVar[bool] = False
    """The gradient that `penalty` gives is on purpose not the derivative of its value (it stops gradients of its own):
    the contract suite then asks for no finite differences."""

    rules: ClassVar[tuple[Rule, ...]] = (
        holds(
            lambda strength: isinstance(strength, Matched) or strength >= 0,
            "strength must not be negative, got {strength}",
        ),
    )

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...]) -> tuple[Any, Any]:
        """(trained, fixed) arrays. Default: none."""
        return {}, {}

    def retract(self, trained: Any) -> Any:
        """Put trained arrays back where they must lie (a sphere) after an update. Default: nothing."""
        return trained

    def advance(self, trained: Any, fixed: Any, weights: Weights, prunables: tuple[Prunable, ...]) -> Any:
        """The trained arrays after an update that has ended at masked `weights`: for those that follow a rule of their
        own, as one more step of a power iteration. Default: `retract`."""
        return self.retract(trained)

    @abc.abstractmethod
    def penalty(self, trained: Any, fixed: Any, weights: Weights, prunables: tuple[Prunable, ...]) -> jax.Array:
        """The scalar penalty of masked weights, before `strength`."""

    def still(self, trained: Any) -> Any:
        """The trained arrays with no gradient through those that `stopped` names."""
        if not self.stopped:
            return trained
        return {name: jax.lax.stop_gradient(a) if name in self.stopped else a for name, a in trained.items()}


@dataclass(frozen=True)
class Match(Checked):
    """Another penalty that this one is to equal when training begins: `to` a regularizer (whether or not it is used in
    the run), or the place (0, 1, ...) of one in the run's list."""

    to: AbstractRegularizer | int
    at: Literal["init"] = "init"


@dataclass(frozen=True)
class Matched(Checked):
    """A strength that is found before training: ``strength: {match: {to: {l1: {strength: 1e-4}}}}``.

    It is the number at which ``strength * penalty`` equals that of `match.to`, on the same masked weights before the
    first update (of the first round: later rounds keep it). See `sparsernn.training.matching`.
    """

    match: Match


Strength = float | Matched
"""A number, or how to find it."""
