"""The contract of a regularizer."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar, Literal

import jax

from sparsernn.masks import Prunable
from sparsernn.registry import Registry
from sparsernn.regularizers import REGULARIZERS
from sparsernn.rules import Rule, holds
from sparsernn.spec import Checked, Part
from sparsernn.weights import PyTree, Weights


class AbstractRegularizer(Part):
    """A term that is added to the loss: ``strength * penalty``.

    It may have arrays of its own, which `init` makes: `trained` ones, which learn with the weights (positions of
    neurons), and `fixed` ones (cost matrices). Both are stored with the run and stay when weights begin anew. Trained
    arrays that `stopped` names are moved by `advance` alone, not by a gradient (vectors of a power iteration).

    >>> from sparsernn.regularizers.l2 import L2
    >>> part = L2(strength=0.1)
    >>> matrix = Prunable("recurrent", "recurrent", gates=1, target=2, source=2)
    >>> trained, fixed = part.init(jax.random.key(0), (matrix,))
    >>> float(part.penalty(trained, fixed, {"recurrent": jax.numpy.ones((1, 2, 2))}, (matrix,)))
    4.0
    """

    registry = Registry("regularizer", REGULARIZERS)
    strength: Strength

    stopped: ClassVar[tuple[str, ...]] = ()
    """Names of the trained arrays through which no gradient goes."""
    surrogate: ClassVar[bool] = False
    """Whether the gradient of `penalty` is, on purpose, not the derivative of its value (because it stops some
    gradients itself). The contract tests then do not compare it with finite differences."""

    rules: ClassVar[tuple[Rule, ...]] = (
        holds(
            lambda strength: isinstance(strength, Matched) or strength >= 0,
            "strength must not be negative, got {strength}",
        ),
    )

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...]) -> tuple[PyTree, PyTree]:
        """Return its own arrays before the first update: (trained, fixed). Default: ({}, {}), there are none."""
        return {}, {}

    def retract(self, trained: PyTree) -> PyTree:
        """Put trained arrays back, after an update, to where they must lie (a sphere). Default: leave them."""
        return trained

    def advance(self, trained: PyTree, fixed: PyTree, weights: Weights, prunables: tuple[Prunable, ...]) -> PyTree:
        """Return the trained arrays after an update that has ended at masked `weights`. Default: `retract`.

        Arrays with a rule of their own are moved here, for instance by one more step of a power iteration.
        """
        return self.retract(trained)

    @abc.abstractmethod
    def penalty(self, trained: PyTree, fixed: PyTree, weights: Weights, prunables: tuple[Prunable, ...]) -> jax.Array:
        """Return the penalty of masked weights, a scalar, without the factor `strength`.

        Args:
            trained, fixed: its own arrays, as of `init`.
            weights: of the network, masked.
            prunables: the matrices that may be made sparse, which are those to penalize.
        """

    def still(self, trained: PyTree) -> PyTree:
        """Return the trained arrays, with gradients stopped at those that `stopped` names."""
        if not self.stopped:
            return trained
        return {name: jax.lax.stop_gradient(a) if name in self.stopped else a for name, a in trained.items()}


@dataclass(frozen=True)
class Match(Checked):
    """Another penalty that this one has to equal when training begins.

    Args:
        to: a regularizer, whether or not the run uses it; or the place (0, 1, ...) of one in the run's list.
        at: the time at which they are equal, "init".
    """

    to: AbstractRegularizer | int
    at: Literal["init"] = "init"


@dataclass(frozen=True)
class Matched(Checked):
    """A strength that is found before training, written as ``strength: {match: {to: {l1: {strength: 1e-4}}}}``.

    It is chosen so that ``strength * penalty`` equals that of ``match.to``, on the masked weights before the first
    update of the first round. Later rounds keep it. See `sparsernn.training.matching`.
    """

    match: Match


Strength = float | Matched
"""A number, or how it is found."""
