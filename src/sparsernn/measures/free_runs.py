"""Free runs of any model beside a stretch of data: where they begin, what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.dynamics.power_spectrum import spectral_distance
from sparsernn.dynamics.stillness import pause, still
from sparsernn.measures.base import Number, mean_of, sd_of
from sparsernn.measures.truth import Truth
from sparsernn.models.network import Network
from sparsernn.weights import Weights

TRANSIENT = 0.25
"""Free runs are this much longer than what is scored; the first part is dropped (1.25 T, first 20 %; 2406.04934)."""
CHUNK = 250
"""Steps between two looks at removals that advance together: they stay in a core's cache."""
UNDEFINED_SCORES = {"hemmer2024": 20.0}
"""What the published code puts in the place of a D_stsp that does not exist when it judges weights."""


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
    plans = [plan_of(len(part), number, trials) for part in stretches]
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


def plan_of(length: int, number: int, trials: bool) -> Plan:
    """How a stretch of so many rows is run beside from `number` starts."""
    if trials:
        return Plan(np.arange(number) % max(1, length // 8), 0, length - 1)
    rows = np.linspace(0, length // 2, number, endpoint=False).astype(int)
    return Plan(rows, int(TRANSIENT * length), length)


def scores(truth: Truth, runs: np.ndarray) -> dict[str, Number]:
    """What is said of the free runs (number, T, N) of any model beside the split."""
    starts = truth.starts
    closely = [stsp.assess_closely(truth.reference, run, starts) for run in runs]
    assessed, errors = [found for found, _ in closely], [error for _, error in closely]
    spatial = [found.d_stsp for found in assessed]
    spectral = [spectral_distance(truth.values, run, starts=starts, generated_starts=starts).mean for run in runs]
    middle, unit = truth.values.mean(axis=0), truth.values.std(axis=0)  # 0 and 1 only where the task standardizes
    data, *parts = (np.split((run - middle) / unit, starts[1:]) for run in (truth.values, *runs))
    pauses = [pause(part) for part in data]
    resting = np.array([still(part, rows) for run in parts for part, rows in zip(run, pauses, strict=True)])
    found: dict[str, Number] = {
        "d_stsp": mean_of(spatial),
        "d_stsp_sd": sd_of(spatial),
        "d_h": mean_of(spectral),
        "inside_fraction": float(np.mean([found.inside_fraction for found in assessed])),
        "collapsed": float(resting.all(axis=1).mean()),
        "frozen": float(resting.any(axis=1).mean()),
        "escaped": float(np.mean([found.escaped for found in assessed])),
    }
    drawn = [error for error in errors if error is not None]
    if drawn:  # the draws are the same ones for every start, so their errors do not average out
        found["d_stsp_error"] = float(np.mean(drawn))
    return found


def streamed(
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
    plans = [plan_of(len(part), of, trials) for part in stretches]
    most = max(plan.skip + plan.kept for plan in plans)
    for part, plan in zip(stretches, plans, strict=True):
        rows = plan.rows[which]
        given = int(rows[0]) + 1 if trials else 0
        # NumPy: a JAX operation out here would be compiled for itself
        states = network.first_states(weights, part[rows])
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
