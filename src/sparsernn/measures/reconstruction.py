"""How well a network that runs freely has the geometry, the spectrum and the near future of a recorded system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as changed
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np

from sparsernn.dynamics import divergence as stsp
from sparsernn.dynamics.lyapunov import largest_exponent
from sparsernn.dynamics.prediction import prediction_error
from sparsernn.dynamics.spectra import spectral_distance
from sparsernn.errors import Undefined
from sparsernn.linear import Knockout
from sparsernn.masks import Masks, Prunable
from sparsernn.measures.base import AbstractMeasure, Number
from sparsernn.models.network import Network
from sparsernn.rules import at_least
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.tasks.reconstruction import Reconstruction
from sparsernn.weights import Weights, get, replace

TRANSIENT = 0.25
"""Free runs are this much longer than what is scored; the first part is dropped (1.25 T, first 20 %; 2406.04934)."""
BLOCK, CHUNK = 256, 250
"""Removals that advance together and steps between two looks at them: both stay in a core's cache."""
STILL = 1e-3
"""A run whose second half moves less than this (sd, all columns, in sd of the data) has collapsed."""


@dataclass(frozen=True)
class ReconstructionQuality(AbstractMeasure):
    """Free runs from `starts` data points, each 1.25 T long, the first fifth dropped, against the T rows of a split.

    Keys: `d_stsp` (mean over starts; nats; `sparsernn.dynamics.divergence`), `d_h` (mean Hellinger distance of smoothed
    power spectra), `prediction_error` (mean squared error `horizon` steps ahead, from up to 2,000 rows),
    `inside_fraction`, `collapsed` and `escaped` (shares of the starts whose run stood still, or left the data's box for
    more than half of its time); on the test split `largest_exponent` (Lyapunov; nats per time unit, or per
    step where dt is unknown); `d_stsp_sd` over starts; and what to hold them against: `d_stsp_floor`, `d_h_floor` (a
    second true run of the same length where the system is known, else split halves of the stretch), `d_stsp_ceiling`,
    `d_stsp_of_training_data` (the last rows of the training stretch against this split: what a perfect copy of the
    training data would score, drift included).
    `preset="hemmer2024"` takes the paper's definitions, else the defaults for length and dimension; `bins` overrides.
    A single weight is judged by `d_stsp` of runs without it, on at most `removal_rows` rows of the validation split.
    Cost: starts * 1.25 T steps; without each of n weights: the same n times, batched.
    """

    starts: int = 4
    horizon: int = 20
    bins: int | None = None
    preset: Literal["hemmer2024"] | None = None
    removal_rows: int = 30_000

    better: ClassVar[dict[str, Literal["lower", "higher"]]] = {
        "d_stsp": "lower",
        "d_h": "lower",
        "prediction_error": "lower",
    }

    rules = (at_least(1, "starts"), at_least(1, "horizon"), at_least(2, "bins"), at_least(10, "removal_rows"))

    def suits(self, task: AbstractTask) -> str | None:
        return None if isinstance(task, Reconstruction) else "it needs the task reconstruction"

    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        assert isinstance(task, Reconstruction)
        truth = _truth(self, task, split)
        runs = self.generate(network, weights, truth.values)
        spatial = [stsp.divergence(truth.reference, run) for run in runs]
        spectral = [spectral_distance(truth.values, run).mean for run in runs]
        inside = np.array([stsp.inside_fraction(truth.reference, run) for run in runs])
        still = [np.isfinite(run).all() and run[len(run) // 2 :].std(axis=0).max() < STILL for run in runs]
        found: dict[str, Number] = {
            "d_stsp": _mean(spatial),
            "d_stsp_sd": _sd(spatial),
            "d_stsp_floor": truth.d_stsp_floor,
            "d_stsp_ceiling": stsp.ceiling(truth.reference, len(truth.values)),
            "d_stsp_of_training_data": truth.d_stsp_of_training_data,
            "d_h": _mean(spectral),
            "d_h_floor": truth.d_h_floor,
            "prediction_error": self.prediction_error(network, weights, truth.values),
            "inside_fraction": float(inside.mean()),
            "collapsed": float(np.mean(still)),
            "escaped": float((inside < 0.5).mean()),
        }
        if split == "test":
            found["largest_exponent"] = self.largest_exponent(network, weights, task)
        return found

    def generate(self, network: Network, weights: Weights, values: np.ndarray) -> np.ndarray:
        """Free runs (starts, T, N) float64 from rows spread over the first half of `values` (T, N)."""
        length = len(values)
        rows = np.linspace(0, length // 2, self.starts, endpoint=False).astype(int)
        states = network.start(weights, jnp.asarray(values[rows], dtype=float))
        steps = length + int(TRANSIENT * length)
        outputs = network.run(weights, states, steps).outputs[steps - length :]
        return np.asarray(outputs, dtype=float).swapaxes(0, 1)

    def prediction_error(self, network: Network, weights: Weights, values: np.ndarray) -> Number:
        """Mean squared error of the `horizon`-th step of free runs from up to 2,000 rows of `values`."""
        count = len(values) - self.horizon
        if count < 1:
            return Undefined(f"the stretch is shorter than the horizon of {self.horizon} steps")
        rows = np.unique(np.linspace(0, count - 1, min(count, 2000)).astype(int))
        states = network.start(weights, jnp.asarray(values[rows], dtype=float))
        ahead = np.asarray(network.run(weights, states, self.horizon).outputs, dtype=float).swapaxes(0, 1)
        error = prediction_error(ahead, values[rows[:, None] + np.arange(1, self.horizon + 1)])[-1]
        return float(error) if np.isfinite(error) else Undefined(f"a run overflows within {self.horizon} steps")

    def largest_exponent(self, network: Network, weights: Weights, task: Reconstruction) -> Number:
        """Of the free run from the first test row, in nats per time unit (per step where dt is unknown)."""
        recording = task.load()
        states = network.start(weights, jnp.asarray(recording.test[0], dtype=float))
        return largest_exponent(network.system(weights, states, recording.dt or 1.0))

    def without(
        self,
        network: Network,
        weights: Weights,
        task: AbstractTask,
        prunable: Prunable,
        indices: np.ndarray,
        starts: int,
        tell: Callable[[int, int], None] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        assert isinstance(task, Reconstruction)
        values = np.asarray(task.load().validation)[: self.removal_rows]
        reference = stsp.prepare(values, self._definition(values))
        length = len(values)
        steps = length + int(TRANSIENT * length)
        rows = np.linspace(0, length // 2, starts, endpoint=False).astype(int)
        # the intact network is one more removal, of nothing: runs that are equal then stay equal, in spite of chaos
        nothing = np.array([[0], [prunable.target], [0]])
        removals = np.hstack([nothing, np.unravel_index(indices, prunable.shape)])
        count = removals.shape[1]
        block = min(BLOCK, count)
        scores = np.empty((count, starts))
        matrix = get(weights, prunable.path)
        for column, row in enumerate(rows):
            first = np.tile(values[row], (block, 1))  # NumPy: a JAX operation out here would be compiled for itself
            for begin in range(0, count, block):
                some = removals[:, begin : begin + block]
                padded = np.pad(some, ((0, 0), (0, block - some.shape[1])), mode="edge")
                holed = replace(weights, {prunable.path: Knockout(matrix, *padded)})
                found = _streamed(network, holed, first, reference, steps, length)
                scores[begin : begin + block, column] = found[: some.shape[1]]
                if tell:
                    tell(column * len(indices) + min(begin + block, count) - 1, starts * len(indices))
        return scores[1:], scores[0]

    def evidence(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Any]:
        """`data` and `model` (T, N): the split and the first free run, in the task's standardized units."""
        assert isinstance(task, Reconstruction)
        values = _truth(self, task, split).values
        single = ReconstructionQuality(1, self.horizon, self.bins, self.preset)
        return {"data": values, "model": single.generate(network, weights, values)[0]}

    def _definition(self, values: np.ndarray) -> stsp.Definition:
        length, dim = values.shape
        return stsp.definition_for(length, dim, self.preset, bins=self.bins)


class Truth(NamedTuple):
    """A split prepared for comparisons."""

    values: np.ndarray
    reference: stsp.Reference
    d_stsp_floor: Number
    d_stsp_of_training_data: Number
    d_h_floor: Number


@lru_cache(maxsize=8)
def _truth(measure: ReconstructionQuality, task: Reconstruction, split: Split) -> Truth:
    recording = task.load()
    values = np.asarray(getattr(recording, split), dtype=float)
    definition = measure._definition(values)
    reference = stsp.prepare(values, definition)
    training = stsp.divergence(reference, recording.train[-len(values) :])
    if task.system is not None:
        rows = (len(values) + max(recording.lags or (0,)) + 2) * 2 * task.every
        fresh = changed(
            task,
            rows=rows,
            seed=task.seed + 1,
            lags=recording.lags,
            standardize=False,
            split=(0.5, 0.25, 0.25),
            sequence=1,
        )
        second = ((fresh.load().train - recording.mean) / recording.scale)[: len(values)]
        d_h_floor = spectral_distance(values[: len(second)], second).mean
        return Truth(values, reference, stsp.floor(values, definition, len(values), second), training, d_h_floor)
    half = len(values) // 2
    d_h_floor = spectral_distance(values[:half], values[half : 2 * half]).mean
    return Truth(values, reference, stsp.floor(values, definition, len(values)), training, d_h_floor)


def _streamed(
    network: Network, weights: Weights, first: np.ndarray, reference: stsp.Reference, steps: int, kept: int
) -> np.ndarray:
    """D_stsp of the last `kept` of `steps` steps of every run (runs, N); undefined scores the ceiling.

    The next chunk is computed while the last one is counted; no trajectory is stored.
    """
    accumulator = reference.accumulator(len(first), kept)
    states = network.start(weights, first)
    edges = [*range(0, steps - kept, CHUNK), *range(steps - kept, steps, CHUNK), steps]
    waiting = None
    for begin, end in pairwise(edges):
        outputs, states = network.run(weights, states, end - begin)
        if waiting is not None:
            accumulator.add(np.asarray(waiting))
        waiting = outputs if begin >= steps - kept else None
    accumulator.add(np.asarray(waiting))
    scores = np.asarray(accumulator.divergences(), dtype=float)
    ceiling = reference.ceiling(kept)
    return np.where(np.isfinite(scores), scores, np.inf if isinstance(ceiling, Undefined) else ceiling)


def _mean(values: list[Number]) -> Number:
    undefined = next((v for v in values if isinstance(v, Undefined)), None)
    return undefined if undefined is not None else float(np.mean(np.array(values, dtype=float)))


def _sd(values: list[Number]) -> Number:
    if len(values) < 2:
        return Undefined("one start only")
    mean = _mean(values)
    return mean if isinstance(mean, Undefined) else float(np.std(np.array(values, dtype=float), ddof=1))
