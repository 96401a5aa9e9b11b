"""D_stsp, the state-space divergence: how much the places that one series visits differ from those of another.

D = Σ p ln(p / q) over state space, in nats, with p of the reference and q of the generated series. It does not see the
order in time. It is 0 for the same series, at least the `floor` for two stretches of one dynamics, and the `ceiling`
for a run that has collapsed to a point or escaped. Source: arXiv 2406.04934 and Koppe et al. 2019
(doi:10.1371/journal.pcbi.1007263). A `Definition` says which of the published variants is meant, and what is done about
their faults.

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
"""A series is divided at the boundary of two stretches if that is at most this share of its rows away from the place
wanted."""
Reference = BinnedReference | MixtureReference
Accumulator = BinnedAccumulator | MixtureAccumulator


def prepare(values: ArrayLike, definition: Definition | None = None) -> Reference:
    """Prepare a reference series (T, N), once, for comparisons with many runs.

    Without a definition the default for its size is taken. DataError for a wrong shape, values that are not finite, or
    a constant column. Cost: O(T).
    """
    array = checked_reference(values)
    definition = definition or definition_for(*array.shape)
    if definition.estimator == "binning":
        return prepare_binned(array, definition)
    return prepare_mixture(array, definition)


class Assessment(NamedTuple):
    """A generated series in numbers.

    Args:
        d_stsp: in nats.
        inside_fraction: share of its points in the definition's box.
        escaped: share of its stretches that have left for good (see `box.Leaving`); 0 or 1 if there is one.
    """

    d_stsp: float | Undefined
    inside_fraction: float
    escaped: float


def assess(reference: Reference, generated: ArrayLike, starts: Sequence[int] = (0,)) -> Assessment:
    """Compare a generated series with the reference.

    Values that are not finite, and points far outside, count as escape. A run that leaves for good has the value of the
    ceiling; escape after some steps is at least as bad as collapse to a point after as many. A run that is outside for
    a while and comes back is charged about ln(1 / share inside) by binning, and the escaped share of the ceiling by the
    mixture. If a definition has escape "dropped", such points are ignored.

    Args:
        reference: as of `prepare`.
        generated: (T', N).
        starts: the first rows of its stretches. Stretches that leave count with the ceiling, weighted by their rows.

    Returns:
        An `Assessment`. Its `d_stsp` is Undefined if all points are dropped.

    Raises:
        SpecError: if the shapes do not fit.
    """
    return assess_closely(reference, generated, starts)[0]


def assess_closely(
    reference: Reference, generated: ArrayLike, starts: Sequence[int] = (0,)
) -> tuple[Assessment, float | None]:
    """Return what `assess` does, and the Monte-Carlo standard error of its `d_stsp`.

    The error is None for binning, which draws nothing.
    """
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
    """Return D_stsp of a generated series (T', N) against the reference, in nats. Arguments as of `assess`."""
    return assess(reference, generated, starts).d_stsp


def ceiling(reference: Reference, steps: int) -> float | Undefined:
    """Return D_stsp of a run of `steps` points that shares no place with the reference, in nats.

    Undefined for the mixture with escape "dropped".
    """
    return reference.ceiling(steps)


def floor(
    values: ArrayLike,
    definition: Definition,
    steps: int,
    second: ArrayLike | None = None,
    starts: Sequence[int] = (0,),
    second_starts: Sequence[int] = (0,),
) -> float | Undefined:
    """Return D_stsp between two true series, in nats: the value to expect of a perfect model with `steps` points.

    With a `second` true series, its first `steps` points are compared with the whole reference. Without one, the last
    min(steps, T // 2) points of the reference are compared with the points before them. Unless steps ≤ T / 2 both parts
    are then shorter than the series they stand for. Shorter series differ more (roughly as 1 / T), so such a floor is
    an upper bound, too large by a factor of about two for steps = T. A drift of the recording is part of it.

    Args:
        values: the reference (T, N).
        definition: which D_stsp is meant.
        steps: length of the runs that the floor is for.
        second: another true series (T'', N) of the same system.
        starts: the first rows of the reference's stretches. It is divided between two of them, if such a boundary is
            near (`halfway`).
        second_starts: the first rows of the stretches of `second`.

    Returns:
        Undefined if the reference is too short, or constant for too long, to be divided.
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
    """Return the row at which a series is divided, so that about its last `rows` rows become the second part.

    It is the boundary of two stretches if one is at most a tenth of the length away from there; otherwise it is exact.

    Args:
        length: number of rows of the series.
        starts: the first rows of its stretches.
        rows: wanted length of the second part.
    """
    cut = length - rows
    inner = [int(s) for s in starts[1:]]
    nearest = min(inner, key=lambda s: abs(s - cut), default=cut)
    return nearest if abs(nearest - cut) <= NEAR * length else cut
