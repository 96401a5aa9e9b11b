"""The contract of a known system."""

from __future__ import annotations

import abc
from functools import partial
from typing import ClassVar

import jax
import numpy as np

from sparsernn.integrate import rk4_step
from sparsernn.registry import Registry
from sparsernn.spec import Part
from sparsernn.system import System
from sparsernn.systems import SYSTEMS
from sparsernn.weights import PyTree


class AbstractKnownSystem(Part):
    """A dynamical system whose equations are known, to make data and to test tools against.

    Members are frozen dataclasses of plain floats. `dt` is the sampling interval, in the system's unit of time; `dim`
    the number of variables.

    >>> from sparsernn.systems.lorenz63 import Lorenz63
    >>> [round(float(v), 2) for v in Lorenz63().field(Lorenz63().params, np.array([1.0, 1.0, 25.0]))]
    [0.0, 2.0, -65.67]
    """

    registry = Registry("system", SYSTEMS)
    dim: ClassVar[int]
    dt: float

    @property
    @abc.abstractmethod
    def params(self) -> tuple[float, ...]:
        """The numbers that `field` takes."""

    @abc.abstractmethod
    def field(self, params: PyTree, z: jax.Array) -> jax.Array:
        """Return the time derivative (..., dim) of states z (..., dim)."""

    def system(self, substeps: int = 10) -> System:
        """Return the map from one sample to the next, with a start on the attractor: `substeps` Runge-Kutta steps."""
        return System(partial(self._advance, substeps), self.params, None, self.dim, self.dt, self.simulate(2)[1])

    def _advance(self, substeps: int, params: PyTree, x: PyTree, z: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, substeps, lambda _, z: rk4_step(self.field, params, z, self.dt / substeps), z)

    @abc.abstractmethod
    def simulate(self, rows: int, seed: int = 0) -> np.ndarray:
        """Return samples every `dt` on the attractor, (rows, dim) float64, the transient left out.

        The same seed gives the same bits.

        Args:
            rows: number of samples.
            seed: of the point that it starts from.
        """
