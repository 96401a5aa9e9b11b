"""The arrays of a network: which ones it has, their first values, and which of them may be made sparse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp

from sparsernn.errors import SpecError
from sparsernn.linear import linear, lookup
from sparsernn.masks import Prunable
from sparsernn.models.base import AbstractCell
from sparsernn.models.network.dropout import Dropout
from sparsernn.models.network.ports import Ports
from sparsernn.rng import named
from sparsernn.rules import at_least, holds
from sparsernn.spec import Checked
from sparsernn.weights import Weights


@dataclass(frozen=True)
class Wiring(Checked):
    """The part of a network that makes and reads its weights. Fields: see `Network`."""

    cells: tuple[AbstractCell, ...]
    embedding: int | None = None
    tied: bool = False
    dropout: Dropout | None = None

    rules = (
        holds(lambda cells: len(cells) > 0, "cells: a network needs at least one cell"),
        at_least(1, "embedding"),
        holds(
            lambda cells, embedding, tied: not tied or embedding == cells[-1].hidden,
            lambda cells, embedding, **_: (
                f"tied: embedding and read-out are one matrix, so embedding must be the last cell's "
                f"hidden = {cells[-1].hidden}, got {embedding}"
            ),
        ),
    )

    def sizes(self, ports: Ports) -> list[tuple[int, int]]:
        """Return for every cell its number of inputs, and the length of the vector that its state begins from."""
        inputs = (self.embedding or 0) if ports.tokens else ports.inputs
        widths = [inputs, *(cell.hidden for cell in self.cells)]
        return [(widths[i], ports.outputs if ports.observed else ports.first) for i in range(len(self.cells))]

    def _reads_units(self, ports: Ports) -> bool:
        return ports.observed and self.cells[-1].readout == "identity"

    def check(self, ports: Ports) -> None:
        """Raise a SpecError if this network cannot do a task with these ports."""
        # a PLRNN further down begins with the observation as its first units, too
        narrow = [c.hidden for c in self.cells if c.readout == "identity" or c is self.cells[-1]]
        if ports.observed and min(narrow) < ports.outputs:
            raise SpecError(
                f"hidden={min(narrow)} is below the {ports.outputs} observed columns; "
                f"give at least {ports.outputs} hidden units, better several times as many"
            )
        if ports.observed and len(self.cells) > 1 and ports.inputs == 0:
            raise SpecError("without external inputs only one cell can be stacked; give a network of one cell")
        if ports.tokens and self.embedding is None:
            raise SpecError(
                f"the task's inputs are words of {ports.tokens:,}: give embedding, the length of a word's vector"
            )
        if not ports.tokens and self.embedding is not None:
            raise SpecError("embedding: this task's inputs are numbers, not words; leave it out")
        if self.tied and ports.outputs != ports.tokens:
            raise SpecError("tied: the outputs must be scores of the same words as the inputs; leave it out")

    def init(self, key: jax.Array, ports: Ports) -> Weights:
        """Draw the first weights; the same key gives the same bits. SpecError as of `check`."""
        self.check(ports)
        return self._init(key, ports)

    @partial(jax.jit, static_argnames=("self", "ports"))
    def _init(self, key: jax.Array, ports: Ports) -> Weights:
        weights: Weights = {}
        if ports.tokens and not self.tied:
            assert self.embedding is not None
            shape = (1, self.embedding, ports.tokens)
            weights["embedding"] = {"weights": jax.random.uniform(named(key, "embedding"), shape, float, -0.1, 0.1)}
        for i, (cell, sizes) in enumerate(zip(self.cells, self.sizes(ports), strict=True)):
            weights[f"cell{i}"] = cell.init(named(key, "cell", i), *sizes)
        if not self._reads_units(ports):
            hidden = self.cells[-1].hidden
            limit = 0.1 if ports.tokens else (6 / (hidden + ports.outputs)) ** 0.5
            shape = (1, ports.outputs, hidden)
            readout = jax.random.uniform(named(key, "readout"), shape, float, -limit, limit)
            weights["readout"] = {"weights": readout, "bias": jnp.zeros(ports.outputs)}
        return weights

    def prunables(self, ports: Ports) -> tuple[Prunable, ...]:
        """Return every matrix that may be made sparse, with its path in the network and the populations it connects."""
        found = []
        if ports.tokens and not self.tied:
            assert self.embedding is not None
            matrix = Prunable("embedding/weights", "embedding", 1, self.embedding, ports.tokens)
            found.append(matrix._replace(source_of="tokens", target_of="input"))
        for i, (cell, sizes) in enumerate(zip(self.cells, self.sizes(ports), strict=True)):
            before = f"cell{i - 1}" if i else "input"
            for p in cell.prunables(*sizes):
                sources = before if p.role == "input" else f"cell{i}"
                found.append(
                    p._replace(
                        path=f"cell{i}/{p.path}",
                        observed=p.observed if ports.observed else 0,
                        source_of=sources,
                        target_of=f"cell{i}",
                    )
                )
        if not self._reads_units(ports):
            last = len(self.cells) - 1
            matrix = Prunable("readout/weights", "readout", 1, ports.outputs, self.cells[-1].hidden)
            found.append(matrix._replace(source_of=f"cell{last}", target_of="output"))
        return tuple(found)

    def embed(self, weights: Weights, x: jax.Array) -> jax.Array:
        """Return inputs as the first cell takes them: tokens (...) as vectors (..., embedding), numbers unchanged."""
        if self.embedding is None:
            return x
        if self.tied:
            return lookup(weights["readout"]["weights"], x, of="rows")
        return lookup(weights["embedding"]["weights"], x)

    def read(self, weights: Weights, units: jax.Array) -> jax.Array:
        """Return the outputs (..., outputs) of the network, given the units of the last cell (..., hidden)."""
        if "readout" not in weights:
            return units[..., : self.cells[-1].observed(weights[f"cell{len(self.cells) - 1}"])]
        return linear(weights["readout"]["weights"], units)[..., 0, :] + weights["readout"]["bias"]
