"""All detectors at once, in the order in which a user should hear of what they find."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sparsernn.dynamics.oddities.base import Oddity, matrix
from sparsernn.dynamics.oddities.duplicates import duplicates
from sparsernn.dynamics.oddities.few_levels import few_levels
from sparsernn.dynamics.oddities.flat import flat
from sparsernn.dynamics.oddities.missing import MOST, missing
from sparsernn.dynamics.oddities.noise_only import MOST_COLUMNS, noise_only
from sparsernn.dynamics.oddities.nonstationary import nonstationary
from sparsernn.dynamics.oddities.outliers import outliers
from sparsernn.dynamics.oddities.periodic import periodic
from sparsernn.dynamics.oddities.spikes import spikes
from sparsernn.dynamics.oddities.too_short import too_short
from sparsernn.dynamics.oddities.wide import wide

MOST_ROWS = 2_000_000
"""Rows looked at; more do not change what is odd about them."""


class Piece(NamedTuple):
    """Rows without holes: `values` (T, N) and the first row of each stretch."""

    values: NDArray[np.float64]
    starts: tuple[int, ...]


def oddities(
    values: ArrayLike,
    starts: tuple[int, ...] = (0,),
    split: tuple[float, float, float] = (0.6, 0.2, 0.2),
    sequence: int = 100,
    *,
    prepared: Piece | None = None,
    noise_columns: int = MOST_COLUMNS,
) -> list[Oddity]:
    """What is odd about a series (T, N), the gravest first. Values may be missing (NaN).

    What one fault explains is not said again under another code: columns that are constant, ruled by outliers or hold
    events are left out of what follows; blocks that occur twice, few levels and pauses are natural in a motion that
    repeats itself; what moves away is not asked whether it is noise, what is noise not whether its test rows suffice.

    `prepared` is the same series filtered and thinned as a network will see it: what depends on the motion is then
    asked of it, what depends on the values as they were recorded of `values`.
    """
    array = matrix(values)
    found = missing(array)
    piece = without_holes(array, starts)
    if len(piece.values) < 2:
        return [*found, *too_short(piece.values, (0,), split, sequence)]
    array, starts = piece
    if len(array) > MOST_ROWS:
        array, starts = array[:MOST_ROWS], tuple(s for s in starts if s < MOST_ROWS)
    constant = set(np.flatnonzero(np.ptp(array, axis=0) == 0).tolist())
    found += [o for o in flat(array, starts) if o.column in constant]
    wild, events = outliers(array), spikes(array) if prepared is None else []
    ruled = {o.column for o in wild if o.refused}  # what may be the signal hides nothing
    events = [o for o in events if o.column not in ruled]
    found += [*wild, *wide(array), *events]
    out = {*constant, *ruled, *(o.column for o in events)}
    kept = [i for i in range(array.shape[1]) if i not in out]
    raw = array[:, kept]
    signal, begins = (raw, starts) if prepared is None else (prepared.values[:, kept], prepared.starts)
    blocks = False

    def named(more: list[Oddity]) -> list[Oddity]:
        return [o.of(kept) for o in more]

    if kept and len(signal) >= 2 and (np.ptp(signal, axis=0) > 0).all():
        moved = named(nonstationary(signal, begins, split))
        repeats = periodic(signal, begins) if not moved else []
        noise = [] if moved or repeats else named(noise_only(signal, begins, most_columns=noise_columns))
        wholly = any(o.column is None or len(kept) == 1 for o in noise)
        short = too_short(signal, begins, split, sequence, rhythm=not (moved or wholly or events))
        found += [*moved, *short, *noise, *repeats]
        if not repeats:
            rounded = named(few_levels(raw, starts)) if prepared is None else []
            coarse = {o.column for o in rounded}
            paused = [o for o in flat(array, starts) if o.column in kept and o.column not in coarse]
            found += [*rounded, *paused]
            blocks = not (coarse or paused)
    else:
        found += too_short(array, starts, split, sequence, rhythm=False)
    moving = [i for i in range(array.shape[1]) if i not in ruled and i not in constant]
    return found + [o.of(moving) for o in duplicates(array[:, moving], starts, blocks=blocks)]


def without_holes(array: NDArray[np.float64], starts: tuple[int, ...]) -> Piece:
    """The rows of a series (T, N) in which nothing is missing, columns left out of which more than half is; a hole
    begins a new stretch. (No columns: no rows.)"""
    holes: NDArray[np.bool_] = np.logical_not(np.isfinite(array))
    usable: NDArray[np.bool_] = np.atleast_1d(holes.sum(axis=0) <= MOST * len(array))
    if not holes.any():
        return Piece(array, starts)
    whole: NDArray[np.bool_] = np.asarray(np.logical_not(holes[:, usable]).all(axis=1))
    array = np.where(usable, array, 0.0)  # columns keep their numbers; a constant one is asked nothing
    begins = whole & np.append(True, np.logical_not(whole[:-1]))
    begins[[s for s in starts if s < len(array)]] = True
    # a stretch that begins in a hole begins after it
    rows = np.flatnonzero(whole)
    place = np.searchsorted(rows, np.flatnonzero(begins))
    return Piece(array[whole], tuple(sorted({0, *(int(p) for p in place if p < len(rows))})))
