"""Data and trained networks that several rows share."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn import rng
from sparsernn.forcings.sparse_identity import SparseIdentity
from sparsernn.integrate import rk4_step
from sparsernn.models.network import Network, Ports
from sparsernn.optimizers.base import AbstractOptimizer
from sparsernn.optimizers.radam import RAdam
from sparsernn.sparsifiers.base import AbstractSparsifier, Dense
from sparsernn.tasks.reconstruction import Reconstruction
from sparsernn.training.loop import Carry, Operands, Trainer, init_carry, segment
from sparsernn.weights import Weights


@lru_cache
def lorenz(rows: int) -> np.ndarray:
    """Lorenz-63 at dt 0.01, standardized, (rows, 3) float64."""

    def field(_: None, z: np.ndarray) -> np.ndarray:
        x, y, w = z
        return np.array([10 * (y - x), x * (28 - w) - y, x * y - 8 / 3 * w])

    z, series = np.array([1.0, 2.0, 20.0]), np.empty((rows + 1000, 3))
    for t in range(len(series)):
        z = series[t] = rk4_step(field, None, z, 0.01)
    series = series[1000:]
    return (series - series.mean(axis=0)) / series.std(axis=0)


def trainer(
    network: Network,
    sequence: int,
    sparsifier: AbstractSparsifier | None = None,
    optimizer: AbstractOptimizer | None = None,
) -> Trainer:
    """The protocol of arXiv 2406.04934: batches of 16, forcing every 16 steps, noise 0.05, no clipping."""
    task = Reconstruction(
        recording="ecg", sequence=sequence
    )  # its data are never loaded: `data` below takes their place
    rule, ports = optimizer or RAdam((1e-2, 1e-4)), Ports(0, 3, True)
    return Trainer(task, network, ports, SparseIdentity(16), rule, sparsifier or Dense(), (), 20, 100, 16)


def beginning(trainer: Trainer, data: Any) -> tuple[Operands, Carry]:
    """What `segment` wants for the first update on `data`."""
    weights = trainer.network.init(rng.key(0, "init"), trainer.ports)
    sparse = trainer.sparsifier.init(rng.key(0, "masks"), trainer.prunables, trainer.clock(0), weights)
    return Operands(rng.key(0), 0, data, ()), init_carry(trainer, weights, (), sparse)


def trained(network: Network, updates: int = 1500) -> Weights:
    """Weights after a short training on Lorenz-63: enough for free runs that stay in the box and wander in it."""
    learner = trainer(network, 100)
    operands, carry = beginning(learner, jnp.asarray(lorenz(20_000), dtype=float))
    return jax.block_until_ready(segment(learner, operands, carry, 0, updates).weights)
