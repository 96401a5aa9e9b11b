"""The contract of a known system."""

from __future__ import annotations

import abc
from functools import partial
from typing import Any, ClassVar

import jax
import numpy as np

from sparsernn.integrate import rk4_step
from sparsernn.registry import Registry
from sparsernn.spec import Part
from sparsernn.system import System
from sparsernn.systems import SYSTEMS


class AbstractKnownSystem(Part):
    """A dynamical system whose equations are known, to make data and to test tools against.

    Members are frozen dataclasses of plain floats; `dt` is the sampling interval in the system's time units.
    """

    registry = Registry("system", SYSTEMS)
    dim: ClassVar[int]
    dt: float

    @property
    @abc.abstractmethod
    def params(self) -> tuple[float, ...]:
        """What `field` takes."""

    @abc.abstractmethod
    def field(self, params: Any, z: Any) -> Any:
        """The time derivative, (..., dim) to (..., dim)."""

    def system(self, substeps: int = 10) -> System:
        """As a map of one sampling interval, from a point on the attractor: Runge-Kutta steps of dt / substeps."""
        return System(partial(self._advance, substeps), self.params, None, self.dim, self.dt, self.simulate(2)[1])

    def _advance(self, substeps: int, params: Any, x: Any, z: Any) -> Any:
        return jax.lax.fori_loop(0, substeps, lambda _, z: rk4_step(self.field, params, z, self.dt / substeps), z)

    @abc.abstractmethod
    def simulate(self, rows: int, seed: int = 0) -> np.ndarray:
        """`rows` samples on the attractor, (rows, dim) float64, transient dropped; same seed same bits."""
