"""All detectors at once, in the order in which a user should hear of what they find."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sparsernn.dynamics.oddities.base import Oddity, matrix
from sparsernn.dynamics.oddities.duplicates import duplicates
from sparsernn.dynamics.oddities.few_levels import few_levels
from sparsernn.dynamics.oddities.flat import flat
from sparsernn.dynamics.oddities.missing import missing
from sparsernn.dynamics.oddities.noise_only import noise_only
from sparsernn.dynamics.oddities.nonstationary import nonstationary
from sparsernn.dynamics.oddities.outliers import outliers
from sparsernn.dynamics.oddities.periodic import periodic
from sparsernn.dynamics.oddities.spikes import spikes
from sparsernn.dynamics.oddities.too_short import too_short
from sparsernn.dynamics.oddities.wide import wide


def oddities(
    values: ArrayLike,
    starts: tuple[int, ...] = (0,),
    split: tuple[float, float, float] = (0.6, 0.2, 0.2),
    sequence: int = 100,
) -> list[Oddity]:
    """What is odd about a series (T, N), the gravest first. Values may be missing (NaN).

    What one fault explains is not said again under another code: after missing or refused values, and in columns that
    stand still, hold events or few levels, nothing is computed that these would decide; blocks that occur twice are no
    copies where the motion is periodic; a series that moves away is not asked whether it is noise.
    """
    array = matrix(values)
    found = [*missing(array), *_constant(array)]
    usable = np.isfinite(array).all(axis=1)
    array, starts = cut(array, starts)
    alive = np.ptp(array, axis=0) > 0 if len(array) else np.zeros(array.shape[1], bool)
    kept = np.flatnonzero(alive)
    if len(array) < 2 or not len(kept):
        return [*found, *too_short(array, starts, split, sequence)] if usable.any() else found
    array = array[:, kept]

    def put(more: list[Oddity]) -> list[Oddity]:
        named = [o if o.column is None else o._replace(column=int(kept[o.column])) for o in more]
        found.extend(named)
        return more

    wild = put(outliers(array))
    spoiled = {o.column for o in wild}
    put(wide(array))
    events = put(spikes(array))
    good = [i for i in range(array.shape[1]) if i not in spoiled]
    signal = [i for i in good if i not in {o.column for o in events}]
    short = too_short(array, starts, split, sequence)
    repeats: list[Oddity] = []
    moved: list[Oddity] = []
    if signal:
        repeats = periodic(array[:, signal], starts)
        moved = put(_of(nonstationary(array[:, signal], starts, split), signal))
        repeats = [] if moved else repeats
        put(repeats)
    short = short or too_short_by_rhythm(array[:, signal], starts, split, repeats, moved)
    put(short)
    if signal and not repeats:
        levels = put(_of(few_levels(array[:, signal], starts), signal))
        put([o for o in _of(flat(array[:, signal], starts), signal) if o.column not in {p.column for p in levels}])
    put(_known(duplicates(array, starts), kept, bool(repeats)))
    if signal and not (moved or repeats or events):
        put(_of(noise_only(array[:, signal], starts), signal))
    return found
