"""How much of the true state is fed back while a network learns a dynamical system."""

from __future__ import annotations

import abc
from dataclasses import dataclass

import jax.numpy as jnp

from sparsernn.models.network import Forcing
from sparsernn.registry import Registry
from sparsernn.rules import at_least, within
from sparsernn.spec import Part, scaling
from sparsernn.tasks.base import Batch
from sparsernn.training import FORCINGS


class AbstractForcing(Part):
    """A plan of ``alpha[t]`` in [0, 1]: after step t the observed part of the state moves that far to the data."""

    registry = Registry("forcing", FORCINGS)

    @abc.abstractmethod
    def alphas(self, steps: int) -> jnp.ndarray:
        """alpha (steps,) for the steps 1, 2, ... of a sequence."""


@dataclass(frozen=True)
class SparseIdentity(AbstractForcing):
    """Sparse teacher forcing: alpha = 1 after every `interval`-th step, else 0.

    The prediction before forcing enters the loss. Where the observation is the first units, the gradient through them
    is cut and the others keep theirs; through a linear read-out's pseudo-inverse gradients also reach the read-out.
    Choose `interval` near the lag at which a column's past tells little of it (first minimum of its mutual information;
    16 for Lorenz-63 at dt 0.01).
    Source: Mikhaeil et al. 2022 (arXiv 2110.07238), as used in arXiv 2406.04934.
    """

    interval: int = 16

    rules = (at_least(1, "interval"),)

    def alphas(self, steps: int) -> jnp.ndarray:
        return (jnp.arange(1, steps + 1) % self.interval == 0).astype(float)


@dataclass(frozen=True)
class Generalized(AbstractForcing):
    """Generalized teacher forcing: the same `alpha` after every step, ``z <- (1 - alpha) z + alpha z_data``.

    Source: Hess et al. 2023 (arXiv 2306.04406), with a constant alpha.
    """

    alpha: float = 0.1

    scales = scaling("alpha")
    rules = (within("[0, 1]", "alpha"),)

    def alphas(self, steps: int) -> jnp.ndarray:
        return jnp.full(steps, self.alpha)


def plan(forcing: AbstractForcing | None, batch: Batch) -> Forcing:
    """The forcing of one batch of a recorded system; ``None`` leaves the network alone after its first state."""
    steps = batch.targets.shape[0]
    return Forcing(batch.targets, jnp.zeros(steps) if forcing is None else forcing.alphas(steps))
