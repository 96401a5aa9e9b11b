"""How many of the dropped weights grow again in which matrix."""

from __future__ import annotations

import abc
from dataclasses import dataclass

import jax.numpy as jnp

from sparsernn.masks import Masks
from sparsernn.registry import Registry
from sparsernn.sparsifiers import REDISTRIBUTIONS
from sparsernn.spec import Part
from sparsernn.weights import IntLike, Weights, get


class AbstractRedistribution(Part):
    """Decides in which matrices how many of the dropped weights grow again.

    Their total stays the same, and no matrix gets more than it has room for.
    """

    registry = Registry("redistribution", REDISTRIBUTIONS)

    @abc.abstractmethod
    def grown(self, dropped: dict[str, IntLike], remaining: Masks, weights: Weights) -> dict[str, IntLike]:
        """Return how many weights grow in each matrix.

        Args:
            dropped: path to the number that has gone; may be traced.
            remaining: path to the mask after the drop.
            weights: of the network.

        Returns:
            Path to the number that grows; the total is that of `dropped`.
        """


@dataclass(frozen=True)
class Keep(AbstractRedistribution):
    """Every matrix gets back what it lost: its number of weights is constant."""

    def grown(self, dropped: dict[str, IntLike], remaining: Masks, weights: Weights) -> dict[str, IntLike]:
        return dropped


@dataclass(frozen=True)
class ByMagnitude(AbstractRedistribution):
    """Matrices get back weights in proportion to the mean ``|w|`` of the weights that they still have.

    Shares are rounded down; what a full matrix cannot take goes to the others by the same rule (equally where all their
    means are 0), and the few left over by rounding to the matrix of largest mean that has room. Cost: O(entries).
    Source: in the spirit of sparse momentum, arXiv 1907.04840 (there by mean |momentum|); by mean |w| in Selfish-RNN,
    arXiv 2101.09048. Neither says how to round.
    """

    def grown(self, dropped: dict[str, IntLike], remaining: Masks, weights: Weights) -> dict[str, IntLike]:
        paths = sorted(remaining)
        ones = jnp.stack([jnp.sum(remaining[p], dtype=jnp.int32) for p in paths])
        room = jnp.array([remaining[p].size for p in paths], jnp.int32) - ones
        sums = jnp.stack([jnp.sum(jnp.where(remaining[p], abs(get(weights, p)), 0)) for p in paths])
        mean = sums / jnp.maximum(ones, 1)
        missing = jnp.sum(jnp.stack([jnp.asarray(dropped[p], jnp.int32) for p in paths]), dtype=jnp.int32)
        given = jnp.zeros_like(room)
        for _ in paths:  # every pass fills a matrix or leaves less than one weight a matrix
            share = jnp.where(given < room, mean, 0)
            share = jnp.where(share.sum() > 0, share, given < room)
            more = jnp.floor(missing * (share / jnp.maximum(share.sum(), 1e-30))).astype(jnp.int32)
            more = jnp.minimum(more, room - given)
            given, missing = given + more, missing - more.sum(dtype=jnp.int32)
        for i in jnp.argsort(-mean):
            more = jnp.clip(missing, -given[i], (room - given)[i])
            given, missing = given.at[i].add(more), missing - more
        return dict(zip(paths, given, strict=True))
