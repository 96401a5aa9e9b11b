"""Which missing connections come: a score per entry, the highest first."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any

import jax

from sparsernn.registry import Registry
from sparsernn.sparsifiers import GROWS
from sparsernn.sparsifiers.base import Snapshot
from sparsernn.spec import Part
from sparsernn.weights import get


class AbstractGrow(Part):
    """A rule of growth. New weights are 0. Equal scores come in the order of `sparsernn.sparsifiers.select`."""

    registry = Registry("grow", GROWS)

    @abc.abstractmethod
    def scores(self, key: jax.Array, path: str, mask: Any, snapshot: Snapshot) -> Any:
        """Scores of one matrix, of the shape of its `mask` after the drop; those inside the mask do not matter."""


@dataclass(frozen=True)
class RandomGrowth(AbstractGrow):
    """Uniformly random among the missing ones."""

    def scores(self, key: jax.Array, path: str, mask: Any, snapshot: Snapshot) -> Any:
        return jax.random.bits(key, mask.shape)


@dataclass(frozen=True)
class Gradient(AbstractGrow):
    """``|dL/dw|`` (`Snapshot.gradients`), largest first. Source: RigL, arXiv 1911.11134."""

    def scores(self, key: jax.Array, path: str, mask: Any, snapshot: Snapshot) -> Any:
        return get(snapshot.gradients, path)
