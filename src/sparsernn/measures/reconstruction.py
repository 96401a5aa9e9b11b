"""How well a network that runs freely has the geometry, the spectrum and the near future of a recorded system."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from functools import lru_cache
from itertools import pairwise
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.dynamics.lyapunov import spectrum
from sparsernn.dynamics.power_spectrum import spectral_distance
from sparsernn.dynamics.prediction import prediction_error
from sparsernn.errors import Undefined
from sparsernn.linear import Knockout
from sparsernn.masks import Masks, Prunable
from sparsernn.measures.base import AbstractMeasure, Number, Removals
from sparsernn.measures.horizons import by_horizon
from sparsernn.models.network import Network
from sparsernn.rules import at_least
from sparsernn.system import System
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.tasks.reconstruction import Reconstruction, Recording
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
"""A run whose last quarter moves less than this (sd, all columns, in sd of the data) has collapsed, ..."""
RESTS = 2.0
"""... or its last half, three quarters, or all of it, where the data pause (move less than so many times this) for as
long somewhere: what pauses as they do has not stopped."""


@dataclass(frozen=True)
class ReconstructionQuality(AbstractMeasure):
    """Free runs from `starts` data points, each 1.25 T long, the first fifth dropped, against the T rows of a split.

    Keys: `d_stsp` (mean over starts; nats; `sparsernn.dynamics.dstsp.divergence`), `d_h` (mean Hellinger distance of
    smoothed power spectra), `prediction_error` (mean squared error `horizon` steps ahead, from up to 2,000 rows),
    `error_at_H` (the same H = 1, 2, 5, … 200 steps ahead, from up to 250 rows; on the test split), `inside_fraction`;
    shares of the starts whose run `collapsed` (no column moves any more), has `frozen` (some column
    does not; D_H is then undefined) or `escaped` (left the data's box for good); on the test split `largest_exponent`
    (Lyapunov; nats per time unit, or per step where dt is unknown); `d_stsp_sd` over starts; and what to hold them
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
        truth = truth_of(self, task, split)
        runs = self.generate(network, weights, truth.values, truth.starts, truth.trials)
        found = scores(truth, runs) | {
            "d_stsp_floor": truth.d_stsp_floor,
            "d_stsp_floor_sd": truth.d_stsp_floor_sd,
            "d_stsp_ceiling": stsp.ceiling(truth.reference, len(truth.values)),
            "d_stsp_of_training_data": truth.d_stsp_of_training_data,
            "d_h_floor": truth.d_h_floor,
            "prediction_error": self.prediction_error(network, weights, truth.values, truth.starts),
        }
        if split == "test":
            found |= by_horizon(
                truth.values, truth.starts, lambda rows, steps: _ahead(network, weights, truth.values[rows], steps)
            )
            found["largest_exponent"] = self.largest_exponent(network, weights, task)
            found["largest_exponent_true"] = _true_exponent(task)
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
            states = network.start(weights, jnp.asarray(values[rows], dtype=float))
            return network.run(weights, states, steps).outputs

        return free_runs(values, starts, self.starts, trials, ahead)

    def prediction_error(
        self, network: Network, weights: Weights, values: np.ndarray, starts: Sequence[int] = (0,)
    ) -> Number:
        """Mean squared error of the `horizon`-th step of free runs from up to 2,000 rows of `values`, within stretches
        that begin at `starts`."""
        bounds = pairwise([*starts, len(values)])
        possible = np.concatenate([np.arange(a, max(a, b - self.horizon)) for a, b in bounds])
        count = len(possible)
        if count < 1:
            return Undefined(f"the stretch is shorter than the horizon of {self.horizon} steps")
        rows = possible[np.unique(np.linspace(0, count - 1, min(count, 2000)).astype(int))]
        states = network.start(weights, jnp.asarray(values[rows], dtype=float))
        ahead = np.asarray(network.run(weights, states, self.horizon).outputs, dtype=float).swapaxes(0, 1)
        error = prediction_error(ahead, values[rows[:, None] + np.arange(1, self.horizon + 1)])[-1]
        return float(error) if np.isfinite(error) else Undefined(f"a run overflows within {self.horizon} steps")

    def largest_exponent(self, network: Network, weights: Weights, task: Reconstruction) -> Number:
        """Of the free run from the first test row, in nats per time unit (per step where dt is unknown)."""
        recording = task.load()
        states = network.start(weights, jnp.asarray(recording.test[0], dtype=float))
        return _largest(network.system(weights, states, recording.dt or 1.0), 10_000)

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
            return _streamed(network, holed, stretches, which, of, trials, reference, self.preset)

        harm, paired = np.empty((count - 1, starts)), np.empty(starts)
        if not trials:
            intact = scored(np.repeat(nothing, block, axis=1), np.arange(block), block)
        for column in range(starts):
            first = np.full(block, column)
            scores = np.empty(count)
            for begin in range(0, count, block):
                some = removals[:, begin : begin + block]
                found = scored(np.pad(some, ((0, 0), (0, block - some.shape[1])), mode="edge"), first, starts)
                scores[begin : begin + block] = found[: some.shape[1]]
                if tell:
                    tell(column * len(indices) + min(begin + block, count) - 1, starts * len(indices))
            if trials:  # they begin where they begin: there are no other starts that the intact network could have
                harm[:, column], paired[column] = scores[1:] - scores[0], scores[0]
                intact = paired
            else:
                harm[:, column] = np.where(scores[1:] == scores[0], 0.0, scores[1:] - intact.mean())
        return Removals(harm, intact)

    def evidence(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Any]:
        """`data` and `model` (T, N): the split and the first free run, in the task's standardized units; and `starts`,
        the first rows of the stretches of both, where there are several."""
        assert isinstance(task, Reconstruction)
        truth = truth_of(self, task, split)
        single = ReconstructionQuality(1, self.horizon, self.bins, self.preset)
        model = single.generate(network, weights, truth.values, truth.starts, truth.trials)[0]
        more = {"starts": np.array(truth.starts)} if len(truth.starts) > 1 else {}
        return {"data": truth.values, "model": model, **more}

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
    starts: tuple[int, ...]
    trials: bool


class Plan(NamedTuple):
    """How a stretch is run beside: from which `rows` of it, one a start; how many steps are dropped (`skip`) and at
    most `kept`."""

    rows: np.ndarray
    skip: int
    kept: int


def free_runs(
    values: np.ndarray, starts: Sequence[int], number: int, trials: bool, ahead: Callable[[np.ndarray, int], Any]
) -> np.ndarray:
    """(number, T, N) of any model: ``ahead(rows, steps)`` runs it freely from rows of `values`, (steps, rows, N)."""
    stretches = np.split(values, list(starts)[1:])
    plans = [_plans(len(part), number, trials) for part in stretches]
    steps = max(plan.skip + plan.kept for plan in plans)
    outputs = ahead(np.concatenate([begin + plan.rows for begin, plan in zip(starts, plans, strict=True)]), steps)
    alone = len(stretches) == 1 and not trials
    ran = np.asarray(outputs[steps - len(values) :] if alone else outputs, dtype=float).swapaxes(0, 1)
    if alone:
        return ran
    pools = np.empty((number, *values.shape))
    for i, (begin, part, plan) in enumerate(zip(starts, stretches, plans, strict=True)):
        for s, row in enumerate(plan.rows):
            run, given = ran[i * number + s], row + 1 if trials else 0
            pools[s, begin : begin + given] = part[:given]
            pools[s, begin + given : begin + len(part)] = run[plan.skip :][: len(part) - given]
    return pools


def scores(truth: Truth, runs: np.ndarray) -> dict[str, Number]:
    """What is said of the free runs (number, T, N) of any model beside the split."""
    starts = truth.starts
    closely = [stsp.assess_closely(truth.reference, run, starts) for run in runs]
    assessed, errors = [found for found, _ in closely], [error for _, error in closely]
    spatial = [found.d_stsp for found in assessed]
    spectral = [spectral_distance(truth.values, run, starts=starts, generated_starts=starts).mean for run in runs]
    middle, unit = truth.values.mean(axis=0), truth.values.std(axis=0)  # 0 and 1 only where the task standardizes
    data, *parts = (np.split((run - middle) / unit, starts[1:]) for run in (truth.values, *runs))
    pauses = [_pause(part) for part in data]
    still = np.array([_still(part, rows) for run in parts for part, rows in zip(run, pauses, strict=True)])
    found: dict[str, Number] = {
        "d_stsp": _mean(spatial),
        "d_stsp_sd": _sd(spatial),
        "d_h": _mean(spectral),
        "inside_fraction": float(np.mean([found.inside_fraction for found in assessed])),
        "collapsed": float(still.all(axis=1).mean()),
        "frozen": float(still.any(axis=1).mean()),
        "escaped": float(np.mean([found.escaped for found in assessed])),
    }
    drawn = [error for error in errors if error is not None]
    if drawn:  # the draws are the same ones for every start, so their errors do not average out
        found["d_stsp_error"] = float(np.mean(drawn))
    return found


def _plans(length: int, number: int, trials: bool) -> Plan:
    if trials:
        return Plan(np.arange(number) % max(1, length // 8), 0, length - 1)
    rows = np.linspace(0, length // 2, number, endpoint=False).astype(int)
    return Plan(rows, int(TRANSIENT * length), length)


def truth_of(measure: ReconstructionQuality, task: Reconstruction, split: Split) -> Truth:
    """A split of a task made ready for comparisons, once a process (again where a file holds other data by now)."""
    return _truth(measure, task, split, task.load().sha256)


@lru_cache(maxsize=8)
def _truth(measure: ReconstructionQuality, task: Reconstruction, split: Split, sha256: str) -> Truth:
    recording = task.load()
    values = np.asarray(getattr(recording, split), dtype=float)
    definition = measure._definition(values)
    reference = stsp.prepare(values, definition)
    starts = recording.starts[split]
    training = stsp.divergence(reference, *_last_of_training(recording, len(values)))
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
    elif recording.trials:  # other trials are another series of the same length; the halves of one would not be alike
        other: Split = "validation" if split == "test" else "test"
        second, others = np.asarray(getattr(recording, other)), recording.starts[other]
        spatial.append(stsp.floor(values, definition, len(second), second, second_starts=others))
        spectral.append(spectral_distance(values, second, starts=starts, generated_starts=others).mean)
    else:
        half = stsp.halfway(len(values), starts, len(values) - len(values) // 2)
        spatial.append(stsp.floor(values, definition, len(values), starts=starts))
        if len(starts) == 1:
            spectral.append(spectral_distance(values[:half], values[half : 2 * half]).mean)
        else:
            before = [row for row in starts if row < half]
            after = [0, *(row - half for row in starts if row > half)]
            parts = values[:half], values[half:]
            spectral.append(spectral_distance(*parts, starts=before, generated_starts=after).mean)
    return Truth(values, reference, _mean(spatial), _sd(spatial), training, _mean(spectral), starts, recording.trials)


def _last_of_training(recording: Recording, rows: int) -> tuple[np.ndarray, list[int]]:
    """The last `rows` rows of the training data, of trials the last whole ones with at least as many; and the first
    rows of their stretches."""
    begin = max(0, len(recording.train) - rows)
    if recording.trials:
        begin = max(row for row in recording.starts["train"] if row <= begin)
    return recording.train[begin:], [0, *(row - begin for row in recording.starts["train"] if row > begin)]


def _still(run: np.ndarray, pause: np.ndarray) -> np.ndarray:
    """(N,) which columns of a run (T, N) do not move any more, in their last `pause` (N,) rows (0: they may)."""
    if not np.isfinite(run).all():
        return np.zeros(len(pause), bool)
    return np.array([rows > 0 and run[-rows:, i].std() < STILL for i, rows in enumerate(pause)])


def _pause(data: np.ndarray) -> np.ndarray:
    """(N,) rows that a run must rest at its end to have stopped: quarters of the data (T, N), in sd, so many that the
    data themselves nowhere rest as long; 0 where they come to rest halfway, and a run may with them."""
    length = len(data)
    found = np.full(data.shape[1], length)
    sums = np.cumsum(np.concatenate([np.zeros((2, 1, data.shape[1])), [data, data**2]], axis=1), axis=1)
    for quarters in (3, 2, 1):
        rows = -(-length * quarters // 4)
        mean, square = (sums[:, rows:] - sums[:, :-rows]) / rows
        rests = square - mean**2 < (RESTS * STILL) ** 2
        found[(found > rows) & ~rests.any(axis=0)] = rows
    found[data[length // 2 :].std(axis=0) < STILL] = 0
    return found


@lru_cache(maxsize=8)
def _true_exponent(task: Reconstruction) -> Number:
    """The largest exponent of a known system, seen as one sees a network."""
    if task.system is None:
        return Undefined("the system behind a recording is not known")
    if task.every > 1:
        return Undefined("rows are left out")
    return _largest(task.system.system(), 100_000)


def _largest(system: System, steps: int) -> Number:
    found = spectrum(system, 1, steps)
    return found if isinstance(found, Undefined) else float(found.per_time[0])


def _streamed(
    network: Network,
    weights: Weights,
    stretches: Sequence[np.ndarray],
    which: np.ndarray,
    of: int,
    trials: bool,
    reference: stsp.Reference,
    preset: str | None,
) -> np.ndarray:
    """D_stsp of as many runs as `which` (runs,) has numbers, each begun in every stretch as that number `of` so many
    starts (of trials one and the same), and all its stretches counted together; undefined scores the ceiling (preset:
    20).

    The next chunk is computed while the last one is counted; no trajectory is stored.
    """
    total = sum(len(part) for part in stretches)
    accumulator = reference.accumulator(len(which), total)
    plans = [_plans(len(part), of, trials) for part in stretches]
    most = max(plan.skip + plan.kept for plan in plans)
    for part, plan in zip(stretches, plans, strict=True):
        rows = plan.rows[which]
        given = int(rows[0]) + 1 if trials else 0
        # NumPy: a JAX operation out here would be compiled for itself
        states = network.start(weights, part[rows])
        if given:
            accumulator.add(np.repeat(part[:given, None, :], len(which), axis=1))
        kept = len(part) - given if trials else plan.kept
        waiting = None
        for begin, end, used in _chunks(plan.skip, kept, most if len(stretches) > 1 else 0):
            outputs, states = network.run(weights, states, end - begin)
            if waiting is not None:
                accumulator.add(np.asarray(waiting[0])[waiting[1]])
            waiting = (outputs, used) if used.stop > used.start else None
        if waiting is not None:
            accumulator.add(np.asarray(waiting[0])[waiting[1]])
        accumulator.close()
    scores = np.asarray(accumulator.divergences(), dtype=float)
    ceiling = UNDEFINED_SCORES[preset] if preset else reference.ceiling(total)
    return np.where(np.isfinite(scores), scores, ceiling)


def _chunks(skip: int, kept: int, most: int) -> Iterator[tuple[int, int, slice]]:
    """(first step, end, rows of it that count) of the chunks of a run: `skip` steps, then `kept`.

    Of one stretch (most = 0) chunks end where the run does. Of several, no longer than `most`, all chunks have one
    length, so that few are compiled; what a run has too many is not counted.
    """
    steps = skip + kept
    if most == 0:
        for begin, end in pairwise([*range(0, skip, CHUNK), *range(skip, steps, CHUNK), steps]):
            yield begin, end, slice(0, end - begin if begin >= skip else 0)
        return
    size = min(CHUNK, most)
    for begin in range(0, steps, size):
        yield begin, begin + size, slice(min(max(skip - begin, 0), size), min(steps - begin, size))


def _mean(values: list[Number]) -> Number:
    undefined = next((v for v in values if isinstance(v, Undefined)), None)
    return undefined if undefined is not None else float(np.mean(np.array(values, dtype=float)))


def _sd(values: list[Number]) -> Number:
    if len(values) < 2:
        return Undefined("one value only")
    mean = _mean(values)
    return mean if isinstance(mean, Undefined) else float(np.std(np.array(values, dtype=float), ddof=1))
