"""The contract of a forcing."""

from __future__ import annotations

import abc

import jax

from sparsernn.forcings import FORCINGS
from sparsernn.registry import Registry
from sparsernn.spec import Part


class AbstractForcing(Part):
    """A plan of ``alpha[t]`` in [0, 1]: after step t the observed part of the state moves that far to the data.

    0 leaves the network alone, 1 puts the data in its place. What the observed part is, and where gradients are cut,
    the network says (`models/network/forcing.py`).
    """

    registry = Registry("forcing", FORCINGS)

    @abc.abstractmethod
    def alphas(self, steps: int) -> jax.Array:
        """alpha (steps,) for the steps 1, 2, ... of a sequence. `steps` is a plain integer; traced once a shape."""
