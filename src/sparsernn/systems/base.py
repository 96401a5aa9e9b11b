"""The contract of a known system."""

from __future__ import annotations

import abc
from typing import ClassVar

import numpy as np

from sparsernn.spec import Part, Registry
from sparsernn.systems import SYSTEMS


class AbstractKnownSystem(Part):
    """A dynamical system whose equations are known, to make data and to test tools against.

    Members are frozen dataclasses of plain floats; `dt` is the sampling interval in the system's time units.
    """

    registry = Registry("system", SYSTEMS)
    dim: ClassVar[int]
    dt: float

    @abc.abstractmethod
    def simulate(self, rows: int, seed: int = 0) -> np.ndarray:
        """`rows` samples on the attractor, (rows, dim) float64, transient dropped; same seed same bits."""
