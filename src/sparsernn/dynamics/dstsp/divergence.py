"""D_stsp, the state-space divergence: how much the places visited by one series differ from those of another.

D = Σ p ln(p / q) over state space, the reference's distribution p first, in nats; blind to the order in time. 0 for the
same series, at least the `floor` for two stretches of one dynamics, the `ceiling` for a run that collapsed to a point
or escaped. Source: arXiv 2406.04934 and Koppe et al. 2019 (doi:10.1371/journal.pcbi.1007263); which of the published
variants, and what is done about their faults, is said by a `Definition`.

    reference = prepare(series)                       # once, O(T)
    divergence(reference, generated)                  # one run
    many = reference.accumulator(runs=500, steps=37_500)
    many.add(chunk)                                   # (steps, runs, N), again and again: no trajectory is stored
    many.divergences()                                # (runs,)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from sparsernn.dynamics.dstsp.binning import BinnedAccumulator, BinnedReference, prepare_binned
from sparsernn.dynamics.dstsp.box import checked_reference
from sparsernn.dynamics.dstsp.definition import Definition, definition_for
from sparsernn.dynamics.dstsp.mixture import MixtureAccumulator, MixtureReference, prepare_mixture
from sparsernn.errors import SpecError, Undefined
from sparsernn.missing import unmasked

__all__ = [
    "Accumulator",
    "Assessment",
    "Definition",
    "Reference",
    "assess",
    "assess_closely",
    "ceiling",
    "definition_for",
    "divergence",
    "floor",
    "halfway",
    "prepare",
]

NEAR = 0.1
"""How far (share of the rows) a boundary between stretches may be from the half to divide a series there."""
Reference = BinnedReference | MixtureReference
Accumulator = BinnedAccumulator | MixtureAccumulator


def prepare(values: ArrayLike, definition: Definition | None = None) -> Reference:
    """A reference series (T, N) made ready for comparisons; without a definition the default for its size.

    Raises `DataError` for a wrong shape, values that are not finite, or a constant column.
    """
    array = checked_reference(values)
    definition = definition or definition_for(*array.shape)
    if definition.estimator == "binning":
        return prepare_binned(array, definition)
    return prepare_mixture(array, definition)


class Assessment(NamedTuple):
    """`d_stsp` in nats; `inside_fraction`: share of the points in the definition's box; `escaped`: share of the run's
    stretches that have left for good (`sparsernn.dynamics.dstsp.box.Leaving`), 0 or 1 for one stretch."""

    d_stsp: float | Undefined
    inside_fraction: float
    escaped: float


def assess(reference: Reference, generated: ArrayLike, starts: Sequence[int] = (0,)) -> Assessment:
    """A generated series (T', N) against the reference; `starts` are the first rows of its stretches.

    Values that are not finite, and points far outside, count as escape: a run that leaves for good scores the ceiling,
    and escape after some steps scores at least as much as collapse to a point after as many. For excursions binning
    charges about ln(1 / share inside), the mixture the escaped share of the ceiling. Of several stretches those that
    leave are charged the ceiling by their rows. Under a definition with escape
    "dropped" such points are ignored, and the D_stsp of a run of which nothing is left is `Undefined`.
    Raises `SpecError` where the shapes do not fit.
    """
    return assess_closely(reference, generated, starts)[0]


def assess_closely(
    reference: Reference, generated: ArrayLike, starts: Sequence[int] = (0,)
) -> tuple[Assessment, float | None]:
    """`assess`, and the Monte-Carlo standard error of its `d_stsp`: None for binning, which draws nothing."""
    array = unmasked(generated)
    if array.ndim != 2 or array.shape[1] != reference.dim or len(array) == 0:
        raise SpecError(
            f"the generated series must have shape (time, {reference.dim}) like the reference, got {array.shape}"
        )
    accumulator = reference.accumulator(1, len(array))
    for part in np.split(array, np.asarray(starts)[1:]):
        accumulator.add(part[:, None, :])
        accumulator.close()
    value = float(accumulator.divergences()[0])
    error = float(accumulator.errors()[0]) if isinstance(accumulator, MixtureAccumulator) else None
    dropped = Undefined("the generated series never comes near the reference and this definition drops what is outside")
    found = Assessment(
        dropped if np.isnan(value) else value,
        float(accumulator.inside_fractions()[0]),
        float(accumulator.escaped()[0]),
    )
    return found, error


def divergence(reference: Reference, generated: ArrayLike, starts: Sequence[int] = (0,)) -> float | Undefined:
    """D_stsp of a generated series (T', N) against the reference, in nats: that of `assess`."""
    return assess(reference, generated, starts).d_stsp


def ceiling(reference: Reference, steps: int) -> float | Undefined:
    """D_stsp of a run of `steps` points that shares no place with the reference."""
    return reference.ceiling(steps)


def floor(
    values: ArrayLike,
    definition: Definition,
    steps: int,
    second: ArrayLike | None = None,
    starts: Sequence[int] = (0,),
    second_starts: Sequence[int] = (0,),
) -> float | Undefined:
    """D_stsp between two true series: what a perfect model of `steps` points should be expected to score.

    With a `second` true series (T'', N), whose stretches begin at `second_starts`: its first `steps` points against the
    whole reference. Without one: the last
    min(steps, T // 2) points of the reference against the points before them, under the same definition. Both
    stretches are then shorter than the series they stand for unless steps ≤ T / 2, and shorter series differ more
    (roughly as 1 / T): such a floor is an upper bound, by about two for steps = T. A drift of the
    recording is part of it. Where the reference has several stretches, beginning at `starts`, it is divided at the
    boundary between two of them that is nearest, if one is near (`halfway`).
    """
    array = checked_reference(values)
    if second is None:
        cut = halfway(len(array), starts, max(1, min(steps, len(array) // 2)))
        first_part, second_part = array[:cut], array[cut:]
        if len(first_part) < 2 or np.any(np.ptp(first_part, axis=0) == 0):
            return Undefined("the reference is too short, or constant for too long, to be split in two")
        later = [0, *(int(s) - cut for s in starts if s > cut)]
        return divergence(prepare(first_part, definition), second_part, later)
    return divergence(prepare(array, definition), unmasked(second)[:steps], [s for s in second_starts if s < steps])


def halfway(length: int, starts: Sequence[int], rows: int) -> int:
    """Where a series of `length` rows is divided so that about the last `rows` are apart: at the boundary of two
    stretches if one lies within a tenth of the length, else exactly there."""
    cut = length - rows
    inner = [int(s) for s in starts[1:]]
    nearest = min(inner, key=lambda s: abs(s - cut), default=cut)
    return nearest if abs(nearest - cut) <= NEAR * length else cut
