"""The Lorenz system of 1963."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.rules import positive
from sparsernn.systems.base import AbstractKnownSystem
from sparsernn.systems.sampling import sample, start_near
from sparsernn.weights import PyTree


@dataclass(frozen=True)
class Lorenz63(AbstractKnownSystem):
    """Thermal convection in three variables; a chaotic butterfly at the default parameters.

    Largest exponent 0.906 nats per time unit, sum of the exponents -(sigma + 1 + beta) = -41/3 everywhere.
    Fixed points: the origin and (±s, ±s, rho - 1) with s = sqrt(beta (rho - 1)).
    Source: Lorenz 1963, doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2; dt as in arXiv:2406.04934.
    """

    sigma: float = 10.0
    rho: float = 28.0
    beta: float = 8 / 3
    dt: float = 0.01

    dim: ClassVar[int] = 3

    rules = (positive("dt"),)

    @property
    def params(self) -> tuple[float, float, float]:
        return self.sigma, self.rho, self.beta

    def field(self, params: PyTree, z: jax.Array) -> jax.Array:
        """Return ``x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z``, (..., 3) for z (..., 3)."""
        sigma, rho, beta = params
        x, y, height = z[..., 0], z[..., 1], z[..., 2]
        return jnp.stack([sigma * (y - x), x * (rho - height) - y, x * y - beta * height], axis=-1)

    def simulate(self, rows: int, seed: int = 0, transient: float = 50.0, substeps: int = 4) -> np.ndarray:
        """Return samples every `dt` on the attractor, (rows, 3) float64: columns x, y, z. Same seed, same bits.

        It starts at a point near (1, 1, 25) that depends on the seed; `transient` time units are left out. Steps of
        Runge and Kutta of dt / substeps: at the defaults they err by 3e-7 a sample at most, in values of up to 50.
        """
        return sample(self.field, self.params, start_near((1, 1, 25), 5, seed), self.dt, rows, transient, substeps)
