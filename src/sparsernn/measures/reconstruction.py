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
from sparsernn.measures.base import AbstractMeasure, Number, Removals
from sparsernn.measures.horizons import by_horizon
from sparsernn.models.network import Network
from sparsernn.rules import at_least
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.tasks.reconstruction import Reconstruction
from sparsernn.weights import Weights, get, replace

TRANSIENT = 0.25
"""Free runs are this much longer than what is scored; the first part is dropped (1.25 T, first 20 %; 2406.04934)."""
UNDEFINED_SCORES = {"hemmer2024": 20.0}
"""What the published code puts in the place of a D_stsp that does not exist when it judges weights."""
JUDGED_POINTS, JUDGED_DRAWS = 1_000, 500
"""Points and draws of a Gaussian mixture by which single weights are judged."""
FLOORS = 5
"""True runs that make a floor."""
BLOCK, CHUNK = 256, 250
"""Removals that advance together and steps between two looks at them: both stay in a core's cache."""
STILL = 1e-3
"""A run whose second half moves less than this (sd, all columns, in sd of the data) has collapsed."""


@dataclass(frozen=True)
class ReconstructionQuality(AbstractMeasure):
    """Free runs from `starts` data points, each 1.25 T long, the first fifth dropped, against the T rows of a split.

    Keys: `d_stsp` (mean over starts; nats; `sparsernn.dynamics.divergence`), `d_h` (mean Hellinger distance of smoothed
    power spectra), `prediction_error` (mean squared error `horizon` steps ahead, from up to 2,000 rows),
    `error_at_H` (the same H = 1, 2, 5, … 200 steps ahead, from up to 250 rows; on the test split), `inside_fraction`;
    shares of the starts whose run `collapsed` (no column moves any more), has `frozen` (some column
    does not; D_H is then undefined) or `escaped` (left the data's box for good); on the test split `largest_exponent`
    (Lyapunov; nats per time unit, or per step where dt is unknown); `d_stsp_sd` over starts; and what to hold them
    against: `d_stsp_floor`, `d_h_floor` (mean over five more true runs of the same length where the system is known,
    with `d_stsp_floor_sd`, else split halves of the stretch), `d_stsp_ceiling`, `largest_exponent_true` (of a known
    system, over 100,000 steps), `d_stsp_of_training_data` (the last rows of the training stretch against this split:
    what a perfect copy of the training data would score, drift included).
    `preset="hemmer2024"` takes the paper's definitions, else the defaults for length and dimension; `bins` overrides.

    A single weight is judged by the `d_stsp` of runs without it, on at most `removal_rows` rows of the validation
    split: harm = D_stsp without it from a start - mean D_stsp of the intact network from many starts. After some time
    chaos has parted the two runs of one start, so pairing them would only put the noise of few intact runs into every
    score. Where a removal changes nothing at all, the harm is exactly 0. Undefined counts as the ceiling (preset: 20).
    Cost: starts * 1.25 T steps; without each of n weights: the same n times, batched, and 256 intact runs.
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
    judges_by: ClassVar[str] = "d_stsp"

    rules = (at_least(1, "starts"), at_least(1, "horizon"), at_least(2, "bins"), at_least(10, "removal_rows"))

    def suits(self, task: AbstractTask) -> str | None:
        return None if isinstance(task, Reconstruction) else "it needs the task reconstruction"

    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        assert isinstance(task, Reconstruction)
        truth = _truth(self, task, split)
        runs = self.generate(network, weights, truth.values)
        assessed = [stsp.assess(truth.reference, run) for run in runs]
        spatial = [found.d_stsp for found in assessed]
        spectral = [spectral_distance(truth.values, run).mean for run in runs]
        moving = truth.values[len(truth.values) // 2 :].std(axis=0) >= STILL  # data may come to rest, a run with them
        still = np.array([np.isfinite(run).all() & (run[len(run) // 2 :].std(axis=0) < STILL) & moving for run in runs])
        found: dict[str, Number] = {
            "d_stsp": _mean(spatial),
            "d_stsp_sd": _sd(spatial),
            "d_stsp_floor": truth.d_stsp_floor,
            "d_stsp_floor_sd": truth.d_stsp_floor_sd,
            "d_stsp_ceiling": stsp.ceiling(truth.reference, len(truth.values)),
            "d_stsp_of_training_data": truth.d_stsp_of_training_data,
            "d_h": _mean(spectral),
            "d_h_floor": truth.d_h_floor,
            "prediction_error": self.prediction_error(network, weights, truth.values),
            "inside_fraction": float(np.mean([found.inside_fraction for found in assessed])),
            "collapsed": float(still.all(axis=1).mean()),
            "frozen": float(still.any(axis=1).mean()),
            "escaped": float(np.mean([found.escaped for found in assessed])),
        }
        if split == "test":
            starts = tuple(task.load().starts[split])
            found |= by_horizon(
                truth.values, starts, lambda rows, steps: _ahead(network, weights, truth.values[rows], steps)
            )
            found["largest_exponent"] = self.largest_exponent(network, weights, task)
            found["largest_exponent_true"] = _true_exponent(task)
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
    ) -> Removals:
        assert isinstance(task, Reconstruction)
        values = np.asarray(task.load().validation)[: self.removal_rows]
        definition = self._definition(values)
        if definition.estimator == "gmm" and self.preset is None:  # thousands of runs: a twentieth of the work for each
            definition = changed(definition, points=JUDGED_POINTS, draws=JUDGED_DRAWS)
        reference = stsp.prepare(values, definition)
        length = len(values)
        steps = length + int(TRANSIENT * length)
        # with each start goes the intact network as one more removal, of nothing: runs that are equal stay equal
        nothing = np.array([[0], [prunable.target], [0]])
        removals = np.hstack([nothing, np.unravel_index(indices, prunable.shape)])
        count = removals.shape[1]
        block = min(BLOCK, count)
        matrix = get(weights, prunable.path)

        def scored(some: np.ndarray, first: np.ndarray) -> np.ndarray:
            """D_stsp without each of `some` (3, block), each from its own row of `first` (block, N)."""
            holed = replace(weights, {prunable.path: Knockout(matrix, *some)})
            return _streamed(network, holed, first, reference, steps, length, self.preset)

        def beginnings(number: int) -> np.ndarray:
            return values[np.linspace(0, length // 2, number, endpoint=False).astype(int)]

        intact = scored(np.repeat(nothing, block, axis=1), beginnings(block))
        harm = np.empty((count - 1, starts))
        for column, start in enumerate(beginnings(starts)):
            first = np.tile(start, (block, 1))  # NumPy: a JAX operation out here would be compiled for itself
            scores = np.empty(count)
            for begin in range(0, count, block):
                some = removals[:, begin : begin + block]
                found = scored(np.pad(some, ((0, 0), (0, block - some.shape[1])), mode="edge"), first)
                scores[begin : begin + block] = found[: some.shape[1]]
                if tell:
                    tell(column * len(indices) + min(begin + block, count) - 1, starts * len(indices))
            harm[:, column] = np.where(scores[1:] == scores[0], 0.0, scores[1:] - intact.mean())
        return Removals(harm, intact)

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


def _ahead(network: Network, weights: Weights, first: np.ndarray, steps: int) -> np.ndarray:
    """(steps, runs, N): free runs from the rows `first` (runs, N)."""
    states = network.start(weights, jnp.asarray(first, dtype=float))
    return np.asarray(network.run(weights, states, steps).outputs, dtype=float)


class Truth(NamedTuple):
    """A split prepared for comparisons."""

    values: np.ndarray
    reference: stsp.Reference
    d_stsp_floor: Number
    d_stsp_floor_sd: Number
    d_stsp_of_training_data: Number
    d_h_floor: Number


@lru_cache(maxsize=8)
def _truth(measure: ReconstructionQuality, task: Reconstruction, split: Split) -> Truth:
    recording = task.load()
    values = np.asarray(getattr(recording, split), dtype=float)
    definition = measure._definition(values)
    reference = stsp.prepare(values, definition)
    training = stsp.divergence(reference, recording.train[-len(values) :])
    spatial, spectral = [], []
    if task.system is not None:
        rows = (len(values) + max(recording.lags or (0,)) + 2) * 2 * task.every
        for i in range(1, FLOORS + 1):
            fresh = changed(
                task,
                rows=rows,
                seed=task.seed + i,
                lags=recording.lags,
                standardize=False,
                split=(0.5, 0.25, 0.25),
                sequence=1,
            )
            second = ((fresh.load().train - recording.mean) / recording.scale)[: len(values)]
            spatial.append(stsp.floor(values, definition, len(values), second))
            spectral.append(spectral_distance(values[: len(second)], second).mean)
    else:
        half = len(values) // 2
        spatial.append(stsp.floor(values, definition, len(values)))
        spectral.append(spectral_distance(values[:half], values[half : 2 * half]).mean)
    return Truth(values, reference, _mean(spatial), _sd(spatial), training, _mean(spectral))


@lru_cache(maxsize=8)
def _true_exponent(task: Reconstruction) -> Number:
    """The largest exponent of a known system, seen as one sees a network."""
    if task.system is None:
        return Undefined("the system behind a recording is not known")
    if task.every > 1:
        return Undefined("rows are left out")
    return largest_exponent(task.system.system(), steps=100_000)


def _streamed(
    network: Network,
    weights: Weights,
    first: np.ndarray,
    reference: stsp.Reference,
    steps: int,
    kept: int,
    preset: str | None,
) -> np.ndarray:
    """D_stsp of the last `kept` of `steps` steps of every run (runs, N); undefined scores the ceiling (preset: 20).

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
    ceiling = UNDEFINED_SCORES[preset] if preset else reference.ceiling(kept)
    return np.where(np.isfinite(scores), scores, ceiling)


def _mean(values: list[Number]) -> Number:
    undefined = next((v for v in values if isinstance(v, Undefined)), None)
    return undefined if undefined is not None else float(np.mean(np.array(values, dtype=float)))


def _sd(values: list[Number]) -> Number:
    if len(values) < 2:
        return Undefined("one value only")
    mean = _mean(values)
    return mean if isinstance(mean, Undefined) else float(np.std(np.array(values, dtype=float), ddof=1))
