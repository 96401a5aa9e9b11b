"""The contract of a forcing."""

from __future__ import annotations

import abc

import jax

from sparsernn.forcings import FORCINGS
from sparsernn.registry import Registry
from sparsernn.spec import Part


class AbstractForcing(Part):
    """How far the observed part of the state is moved to the data after each step t: ``alpha[t]`` in [0, 1].

    With 0 the state is left alone, with 1 the data take its place. The network decides which part is the observed one
    and where gradients are stopped (`models/network/forcing.py`).

    >>> from sparsernn.forcings.sparse_identity import SparseIdentity
    >>> SparseIdentity(interval=2).alphas(5).tolist()
    [0.0, 1.0, 0.0, 1.0, 0.0]
    """

    registry = Registry("forcing", FORCINGS)

    @abc.abstractmethod
    def alphas(self, steps: int) -> jax.Array:
        """Return alpha (steps,), for the steps 1, 2, ... of a sequence of `steps` steps (a plain integer)."""
