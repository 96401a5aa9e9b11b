"""A stretch of true data made ready to be compared with, and what true runs of the same system score beside it."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.dynamics.lyapunov import spectrum
from sparsernn.dynamics.power_spectrum import spectral_distance
from sparsernn.errors import Undefined
from sparsernn.measures.base import Number, mean_of, sd_of
from sparsernn.system import System
from sparsernn.tasks.base import Split
from sparsernn.tasks.observed import Observed, Recording

FLOORS = 5
"""True runs that make a floor."""


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


def truth_of(task: Observed, split: Split, preset: str | None = None, bins: int | None = None) -> Truth:
    """A split of a task made ready for comparisons, once a process (again where a file holds other data by now)."""
    return _truth(task, split, preset, bins, task.load().sha256)


@lru_cache(maxsize=8)
def _truth(task: Observed, split: Split, preset: str | None, bins: int | None, sha256: str) -> Truth:
    recording = task.load()
    values = np.asarray(getattr(recording, split), dtype=float)
    definition = stsp.definition_for(len(values), values.shape[1], preset, bins=bins)
    reference = stsp.prepare(values, definition)
    starts = recording.starts[split]
    training = stsp.divergence(reference, *_last_of_training(recording, len(values)))
    spatial, spectral = [], []
    fresh = [task.fresh(len(values), number) for number in range(1, 1 + FLOORS)]
    known = [second for second in fresh if second is not None]
    if known:
        for second in known:
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
    floors = mean_of(spatial), sd_of(spatial), training, mean_of(spectral)
    return Truth(values, reference, *floors, starts, recording.trials)


def _last_of_training(recording: Recording, rows: int) -> tuple[np.ndarray, list[int]]:
    """The last `rows` rows of the training data, of trials the last whole ones with at least as many; and the first
    rows of their stretches."""
    begin = max(0, len(recording.train) - rows)
    if recording.trials:
        begin = max(row for row in recording.starts["train"] if row <= begin)
    return recording.train[begin:], [0, *(row - begin for row in recording.starts["train"] if row > begin)]


@lru_cache(maxsize=8)
def true_exponent(task: Observed) -> Number:
    """The largest exponent of a known system, in nats per time unit, seen as one sees a network."""
    system = task.truth()
    return system if isinstance(system, Undefined) else largest_exponent(system, 100_000)


def largest_exponent(system: System, steps: int) -> Number:
    """In nats per time unit."""
    found = spectrum(system, 1, steps)
    return found if isinstance(found, Undefined) else float(found.per_time[0])
