"""How well a network that runs freely has the geometry, the spectrum and the near future of a recorded system."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from itertools import pairwise
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.dynamics.power_spectrum import cycles_in
from sparsernn.dynamics.prediction import prediction_error
from sparsernn.errors import Undefined
from sparsernn.linear import Knockout
from sparsernn.masks import Masks, Prunable
from sparsernn.measures.base import Ablations, AbstractMeasure, Number
from sparsernn.measures.free_runs import free_runs, scores, streamed
from sparsernn.measures.horizons import by_horizon, unknown
from sparsernn.measures.truth import largest_exponent, true_exponent, truth_of
from sparsernn.models.network import Network
from sparsernn.quantity import Quantity
from sparsernn.rules import at_least
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.tasks.observed import Observed
from sparsernn.weights import Weights, get, replace

JUDGED_POINTS, JUDGED_DRAWS = 1_000, 500
"""Points and draws of a Gaussian mixture by which single weights are judged."""
BLOCK = 256
"""Removals that advance together: they stay in a core's cache."""


@dataclass(frozen=True)
class ReconstructionQuality(AbstractMeasure):
    """Free runs from `starts` data points, each 1.25 T long, the first fifth dropped, against the T rows of a split.

    Keys: `d_stsp` (mean over starts; nats; `sparsernn.dynamics.dstsp.divergence`), `d_h` (mean Hellinger distance of
    smoothed power spectra), `prediction_error` (mean squared error `horizon` steps ahead, from up to 2,000 rows),
    `error_at_H` (the same H = 1, 2, 5, … 200 steps ahead, from up to 250 rows; on the test split), both of a delay
    embedding over its newest column alone, for the future of the others stands in the row; `inside_fraction`;
    shares of the starts whose run `collapsed` (no column moves any more), has `frozen` (some column
    does not; D_H is then undefined) or `escaped` (left the data's box for good); on the test split `largest_exponent`
    (Lyapunov; nats per time unit, or per step where dt is unknown) and `cycles` (of the median period in the split;
    below 20 a small D_H proves little); `d_stsp_sd` over starts; and what to hold them
    against: `d_stsp_floor`, `d_h_floor` (mean over five more true runs of the same length where the system is known,
    with `d_stsp_floor_sd`; of trials the other held-out ones; else split halves of the stretch), `d_stsp_ceiling`,
    `largest_exponent_true` (of a known system, over 100,000 steps), `d_stsp_of_training_data` (the last rows of the
    training stretch against this split: what a perfect copy of the training data would score, drift included). Where
    D_stsp is drawn (Gaussian mixture) also `d_stsp_error`, the Monte-Carlo standard error of `d_stsp`. D_H tells little
    of a stretch of few cycles (`sparsernn.dynamics.power_spectrum.blindness`).

    Several stretches: a start is the pool of free runs, one for every stretch of the split, and all of them count
    together; spectra are averages over pieces within stretches. Of trials (`Recording.trials`) a run begins where the
    trial does and lasts as long, for they are transients: the rows up to its beginning (the first row, for the second
    start the second, ...) are the data's own, nothing is dropped. Where the stretches are parts of one recording with
    gaps, every run is begun and its transient dropped as above.

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

    quantities = (
        Quantity("d_stsp", "lower", title="D_stsp", unit="nats", floor="d_stsp_floor", ceiling="d_stsp_ceiling"),
        Quantity("d_h", "lower", title="D_H", unit="0 to 1", floor="d_h_floor", ceiling=1.0),
        Quantity("prediction_error", "lower", unit="sd²"),
        Quantity("largest_exponent"),
        Quantity("largest_exponent_true", title="true exponent"),
    )
    judges_by: ClassVar[str] = "d_stsp"

    rules = (at_least(1, "starts"), at_least(1, "horizon"), at_least(2, "bins"), at_least(10, "removal_rows"))

    def unsupported_reason(self, task: AbstractTask) -> str | None:
        return None if isinstance(task, Observed) else "it needs an observed task, as reconstruction"

    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        assert isinstance(task, Observed)
        truth = truth_of(task, split, self.preset, self.bins)
        columns = unknown(task.load().lags)
        runs = self.generate(network, weights, truth.values, truth.starts, truth.trials)
        found = scores(truth, runs) | {
            "d_stsp_floor": truth.d_stsp_floor,
            "d_stsp_floor_sd": truth.d_stsp_floor_sd,
            "d_stsp_ceiling": stsp.ceiling(truth.reference, len(truth.values)),
            "d_stsp_of_training_data": truth.d_stsp_of_training_data,
            "d_h_floor": truth.d_h_floor,
            "prediction_error": self.prediction_error(network, weights, truth.values, truth.starts, columns),
        }
        if split == "test":

            def ahead(rows: np.ndarray, steps: int) -> np.ndarray:
                return _ahead(network, weights, truth.values[rows], steps)

            found |= by_horizon(truth.values, truth.starts, ahead, columns)
            if (cycles := cycles_in(truth.values, truth.starts)) is not None:
                found["cycles"] = cycles
            found["largest_exponent"] = self.largest_exponent(network, weights, task)
            found["largest_exponent_true"] = true_exponent(task)
        return found

    def generate(
        self,
        network: Network,
        weights: Weights,
        values: np.ndarray,
        starts: Sequence[int] = (0,),
        trials: bool = False,
    ) -> np.ndarray:
        """Free runs (self.starts, T, N) float64 beside `values` (T, N), whose stretches begin at the rows `starts`."""

        def ahead(rows: np.ndarray, steps: int) -> jax.Array:
            states = network.first_states(weights, jnp.asarray(values[rows], dtype=float))
            return network.run(weights, states, steps).outputs

        return free_runs(values, starts, self.starts, trials, ahead)

    def prediction_error(
        self,
        network: Network,
        weights: Weights,
        values: np.ndarray,
        starts: Sequence[int] = (0,),
        columns: slice = slice(None),
    ) -> Number:
        """Mean squared error over `columns` of the `horizon`-th step of free runs from up to 2,000 rows of `values`,
        within stretches that begin at `starts`."""
        bounds = pairwise([*starts, len(values)])
        possible = np.concatenate([np.arange(a, max(a, b - self.horizon)) for a, b in bounds])
        count = len(possible)
        if count < 1:
            return Undefined(f"the stretch is shorter than the horizon of {self.horizon} steps")
        rows = possible[np.unique(np.linspace(0, count - 1, min(count, 2000)).astype(int))]
        states = network.first_states(weights, jnp.asarray(values[rows], dtype=float))
        ahead = np.asarray(network.run(weights, states, self.horizon).outputs, dtype=float).swapaxes(0, 1)
        true = values[rows[:, None] + np.arange(1, self.horizon + 1)]
        error = prediction_error(ahead[..., columns], true[..., columns])[-1]
        return float(error) if np.isfinite(error) else Undefined(f"a run overflows within {self.horizon} steps")

    def largest_exponent(self, network: Network, weights: Weights, task: Observed) -> Number:
        """Of the free run from the first test row, in nats per time unit (per step where dt is unknown)."""
        recording = task.load()
        states = network.first_states(weights, jnp.asarray(recording.test[0], dtype=float))
        return largest_exponent(network.system(weights, states, recording.dt or 1.0), 10_000)

    def ablate(
        self,
        network: Network,
        weights: Weights,
        task: AbstractTask,
        prunable: Prunable,
        indices: np.ndarray,
        starts: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> Ablations:
        assert isinstance(task, Observed)
        recording = task.load()
        values = np.asarray(recording.validation)[: self.removal_rows]
        begins = [row for row in recording.starts["validation"] if row < len(values) - 1]
        stretches, trials = np.split(values, begins[1:]), recording.trials
        definition = self._definition(values)
        if definition.estimator == "gmm" and self.preset is None:  # thousands of runs: a twentieth of the work for each
            definition = changed(definition, points=JUDGED_POINTS, draws=JUDGED_DRAWS)
        reference = stsp.prepare(values, definition)
        # with each start goes the intact network as one more removal, of nothing: runs that are equal stay equal
        nothing = np.array([[0], [prunable.target], [0]])
        removals = np.hstack([nothing, np.unravel_index(indices, prunable.shape)])
        count = removals.shape[1]
        block = min(BLOCK, count)
        matrix = get(weights, prunable.path)

        def scored(some: np.ndarray, which: np.ndarray, of: int) -> np.ndarray:
            """D_stsp without each of `some` (3, block), each begun as number `which` (block,) `of` so many starts."""
            holed = replace(weights, {prunable.path: Knockout(matrix, *some)})
            return streamed(network, holed, stretches, which, of, trials, reference, self.preset)

        increase, paired = np.empty((count - 1, starts)), np.empty(starts)
        if not trials:
            baseline = scored(np.repeat(nothing, block, axis=1), np.arange(block), block)
        for column in range(starts):
            first = np.full(block, column)
            scores = np.empty(count)
            for begin in range(0, count, block):
                some = removals[:, begin : begin + block]
                found = scored(np.pad(some, ((0, 0), (0, block - some.shape[1])), mode="edge"), first, starts)
                scores[begin : begin + block] = found[: some.shape[1]]
                if progress:
                    progress(column * len(indices) + min(begin + block, count) - 1, starts * len(indices))
            if trials:  # they begin where they begin: there are no other starts that the intact network could have
                increase[:, column], paired[column] = scores[1:] - scores[0], scores[0]
                baseline = paired
            else:
                increase[:, column] = np.where(scores[1:] == scores[0], 0.0, scores[1:] - baseline.mean())
        return Ablations(increase, baseline)

    def evidence(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Any]:
        """`data` and `model` (T, N): the split and the first free run, in the task's standardized units; and `starts`,
        the first rows of the stretches of both, where there are several."""
        assert isinstance(task, Observed)
        truth = truth_of(task, split, self.preset, self.bins)
        single = ReconstructionQuality(1, self.horizon, self.bins, self.preset)
        model = single.generate(network, weights, truth.values, truth.starts, truth.trials)[0]
        more = {"starts": np.array(truth.starts)} if len(truth.starts) > 1 else {}
        return {"data": truth.values, "model": model, **more}

    def _definition(self, values: np.ndarray) -> stsp.Definition:
        length, dim = values.shape
        return stsp.definition_for(length, dim, self.preset, bins=self.bins)


def _ahead(network: Network, weights: Weights, first: np.ndarray, steps: int) -> np.ndarray:
    """(steps, runs, N): free runs from the rows `first` (runs, N)."""
    states = network.first_states(weights, jnp.asarray(first, dtype=float))
    return np.asarray(network.run(weights, states, steps).outputs, dtype=float)
