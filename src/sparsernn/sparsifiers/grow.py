"""Which missing connections come: a score per entry, the highest first."""

from __future__ import annotations

import abc
from dataclasses import dataclass

import jax

from sparsernn.registry import Registry
from sparsernn.sparsifiers import GROWS
from sparsernn.sparsifiers.base import Snapshot
from sparsernn.spec import Part
from sparsernn.weights import Array, get


class AbstractGrow(Part):
    """A rule of growth: which missing weights come first. They begin at 0.

    Entries with equal scores come in the order of `sparsernn.sparsifiers.select`.
    """

    registry = Registry("grow", GROWS)

    @abc.abstractmethod
    def scores(self, key: jax.Array, path: str, mask: Array, snapshot: Snapshot) -> Array:
        """Return a score for every entry of one matrix; the highest come.

        Args:
            key: for draws.
            path: of the matrix.
            mask: which of its weights exist after the drop, Booleans (gates, target, source).
            snapshot: what is known of the training.

        Returns:
            Numbers of the mask's shape. Those inside the mask do not matter.
        """


@dataclass(frozen=True)
class RandomGrowth(AbstractGrow):
    """Missing weights come at random, all with the same probability."""

    def scores(self, key: jax.Array, path: str, mask: Array, snapshot: Snapshot) -> Array:
        return jax.random.bits(key, mask.shape)


@dataclass(frozen=True)
class Gradient(AbstractGrow):
    """The missing weights come that the loss would move most: the score is ``|dL/dw|`` (`Snapshot.gradients`).

    Source: Evci et al. 2020, RigL, arXiv 1911.11134.
    """

    def scores(self, key: jax.Array, path: str, mask: Array, snapshot: Snapshot) -> Array:
        return get(snapshot.gradients, path)
