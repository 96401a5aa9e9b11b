"""What a cell is tried in: networks for several kinds of tasks, with weights, inputs and states."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.models.base import AbstractCell
from sparsernn.models.network import Forcing, Network, Ports

TIME, SIZE = 6, 3


class Case(NamedTuple):
    """A task's ports, and how many cells are stacked."""

    ports: Ports
    layers: int


CASES = {
    "reconstruction": Case(Ports(0, 3, True), 1),
    "driven": Case(Ports(2, 3, True), 1),
    "stack": Case(Ports(4, 5, False), 2),
}


class Tried:
    """A network of the cell with weights, inputs, states and forcing, all float64; every function compiled once."""

    def __init__(self, cell: AbstractCell, case: Case):
        self.cell, self.ports = cell, case.ports
        self.network = Network((cell,) * case.layers)
        self.draw: Any = np.random.default_rng(7).normal
        draw = self.draw
        with jax.enable_x64(False), jax.default_matmul_precision(None):  # compiled for `check_init` already
            fresh = self.network.init(jax.random.key(0), case.ports)
        self.weights = jax.tree.map(lambda a: np.asarray(a, np.float64) + 0.3 * draw(size=a.shape), fresh)
        ports = case.ports
        self.xs = draw(size=(TIME, SIZE, ports.inputs)) if ports.inputs else None
        self.first = draw(size=(SIZE, ports.outputs)) if ports.observed else None
        signal, alpha = draw(size=(TIME, SIZE, ports.outputs)), np.array([0, 0.3, 0, 1, 0, 0.5])
        self.forcing = Forcing(jnp.asarray(signal), jnp.asarray(alpha)) if ports.observed else None
        self.prunables = self.network.prunables(ports)
        paths = tuple(p.path for p in self.prunables)
        self.step = jax.jit(self.network.step)
        self.impose = jax.jit(self.network.impose)
        self.sources = jax.jit(lambda weights, *rest: self.network.input_sd(weights, paths, *rest))
        self.unroll = jax.jit(lambda weights, states: self.network.unroll(weights, self.xs, states, self.forcing))
        self.begin = jax.jit(self._begin, static_argnums=1)
        self.loss_and_gradient = jax.jit(jax.value_and_grad(self._loss))

    def _begin(self, weights: Any, leading: tuple[int, ...] = ()) -> Any:
        if self.first is None:
            return self.network.zeros((*leading, SIZE))
        return self.network.first_states(weights, jnp.broadcast_to(self.first, (*leading, *self.first.shape)))

    def _loss(self, weights: Any) -> Any:
        return jnp.square(self.network.unroll(weights, self.xs, self._begin(weights), self.forcing).outputs).sum()

    def loss(self, weights: Any) -> Any:
        return self.loss_and_gradient(weights)[0]

    def gradient(self, weights: Any) -> Any:
        return self.loss_and_gradient(weights)[1]

    def read(self, weights: Any, states: Any) -> Any:
        return self.network.read(weights, self.network.cells[-1].outputs(states[-1]))

    def x(self, t: int) -> Any:
        return None if self.xs is None else self.xs[t]

    def states(self, *leading: int) -> Any:
        """Random states, not those of any start."""
        return jax.tree.map(lambda a: self.draw(size=(*leading, *a.shape)), self.network.zeros(()))
