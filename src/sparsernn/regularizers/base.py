"""The contract of a regularizer."""

from __future__ import annotations

import abc
from typing import Any

import jax

from sparsernn.masks import Prunable
from sparsernn.registry import Registry
from sparsernn.regularizers import REGULARIZERS
from sparsernn.spec import Part
from sparsernn.weights import Weights


class AbstractRegularizer(Part):
    """A term added to the loss: ``strength * penalty``.

    `init` may give arrays that are `trained` with the weights (positions of neurons) and arrays that are `fixed` (cost
    matrices); both are stored with the run and survive a re-initialization of the weights.
    """

    registry = Registry("regularizer", REGULARIZERS)
    strength: float

    def init(self, key: jax.Array, prunables: tuple[Prunable, ...]) -> tuple[Any, Any]:
        """(trained, fixed) arrays. Default: none."""
        return {}, {}

    def retract(self, trained: Any) -> Any:
        """Put trained arrays back where they must lie (a sphere) after an update. Default: nothing."""
        return trained

    @abc.abstractmethod
    def penalty(self, trained: Any, fixed: Any, weights: Weights, prunables: tuple[Prunable, ...]) -> jax.Array:
        """The scalar penalty of masked weights, before `strength`."""
