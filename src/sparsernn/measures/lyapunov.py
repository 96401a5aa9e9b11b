"""Lyapunov spectrum of a trained network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from sparsernn.dynamics.lyapunov import Spectrum, spectrum
from sparsernn.errors import Undefined
from sparsernn.masks import Masks
from sparsernn.measures.base import AbstractMeasure, Number
from sparsernn.models.network import Network
from sparsernn.rules import at_least
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.weights import Weights

FEWEST = 100
"""Steps below which no exponents are given."""


@dataclass(frozen=True)
class Lyapunov(AbstractMeasure):
    """The `count` largest Lyapunov exponents of the network as a dynamical system, nats per step.

    On a task with inputs the network is driven by what drives it through the split (`AbstractTask.stream`), from rest,
    and its state is never reset: exponents are conditional on these inputs. On a recorded system it runs freely from
    the split's first row. The state is all that a step passes on, an LSTM's memory cells too. At most `steps` steps
    after `transient` that are not counted; fewer where the split is shorter (key `steps`).
    Keys: `exponent_1`, `exponent_1_error`, ... , `kaplan_yorke` (dimension), `steps`. The number of exponents is that
    of the state where `count` is more. Undefined where a run overflows or is too short (100 steps).
    Cost: 1 + `count` steps a step, and QR; see `sparsernn.dynamics.lyapunov`.
    """

    count: int = 3
    steps: int = 2_000
    transient: int = 200

    rules = (at_least(1, "count"), at_least(FEWEST, "steps"), at_least(0, "transient"))

    def unsupported_reason(self, task: AbstractTask) -> str | None:
        return None if task.inputs or task.tokens or task.observed else "the task drives no network"

    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        steps, found = self._spectrum(network, weights, task, split)
        if isinstance(found, Undefined):
            return {"exponent_1": found, "exponent_1_error": found, "kaplan_yorke": found, "steps": float(steps)}
        numbers: dict[str, Number] = {}
        for i, (value, error) in enumerate(zip(found.exponents, found.error, strict=True), 1):
            lost = Undefined("contracted to nothing")
            numbers[f"exponent_{i}"] = float(value) if np.isfinite(value) else lost
            numbers[f"exponent_{i}_error"] = float(error) if np.isfinite(error) else lost
        return numbers | {"kaplan_yorke": found.kaplan_yorke, "steps": float(steps)}

    def _spectrum(
        self, network: Network, weights: Weights, task: AbstractTask, split: Split
    ) -> tuple[int, Spectrum | Undefined]:
        inputs, steps = task.stream(split), self.steps
        if inputs is not None:
            steps = min(steps, len(inputs) - self.transient)
            if steps < FEWEST:
                return 0, Undefined(f"the {split} split has {len(inputs)} steps; {self.transient + FEWEST} are needed")
            inputs = inputs[: self.transient + steps]
        system = network.system(weights, self._start(network, weights, task, split), 1.0, inputs)
        return steps, spectrum(system, min(self.count, system.dim), steps, self.transient)

    @staticmethod
    def _start(network: Network, weights: Weights, task: AbstractTask, split: Split) -> Any:
        first = next(iter(task.examples(split, 1))).first
        if first is None:
            return network.zeros(())
        return network.first_states(weights, jnp.asarray(first[0], dtype=float), task.observed)
