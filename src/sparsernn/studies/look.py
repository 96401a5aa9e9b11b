"""A look at a recording before anything is trained on it: what it holds, what is odd about it, which command to try."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.dynamics.dstsp.definition import definition_for
from sparsernn.dynamics.embedding import choose_lags, embed
from sparsernn.dynamics.oddities.base import Oddity, longest, stretches
from sparsernn.dynamics.oddities.check import Piece, oddities, without_holes
from sparsernn.dynamics.oddities.nonstationary import bent
from sparsernn.dynamics.oddities.periodic import rhythm
from sparsernn.dynamics.power_spectrum import median_period, noise_level, regular_period, white_noise
from sparsernn.errors import DataError, SpecError, Undefined
from sparsernn.files.series import Series
from sparsernn.studies.defaults import SEQUENCES, are_leads, is_record
from sparsernn.studies.look_file import UNEVEN
from sparsernn.studies.looked import Caution, EmbeddingGeometry, Look
from sparsernn.studies.suggestion import command
from sparsernn.tasks.reconstruction import Reconstruction

SPLIT = (0.6, 0.2, 0.2)
EMBEDDED_ROWS, GEOMETRY_ROWS, GEOMETRY_COLUMNS = 20_000, 10_000, 16
"""What embedding and D_stsp are computed on: rows in one piece, rows evenly spread, columns evenly spread."""
NEAR_LINE = 1.12
"""Times a rhythm's period within which its strongest line is looked for."""
MOST_ALIKE = 3
"""Warnings of one code that are listed column by column; more are put into one."""


def look(
    series: Series,
    *,
    found: Sequence[Oddity] = (),
    given: Sequence[str] = (),
    files: Sequence[str] = (),
    split: Sequence[float] = SPLIT,
) -> Look:
    """Look at a series; no network is made. About 2 s for 100,000 rows of 3 columns.

    `found` is what reading the file has found already (`sparsernn.studies.look_file`), `given` the options with which
    it was read and `files` its names (default: the series' source), for the suggested command. Nothing is computed
    across the boundary of two stretches. Rhythm and noise are those of the longest stretch, D_stsp is computed on
    10,000 rows and 16 columns at most, evenly spread.
    """
    shares = (float(split[0]), float(split[1]), float(split[2]))
    heart = series.dt is not None and are_leads(series.names) and [is_record(f) for f in files] == [True]
    if heart:
        note = f"an electrocardiogram by its leads: reconstruct takes {series.names[0]} and prepares it as one"
        series = series._replace(notes=(*series.notes, f"{note} (drift, smoothing, thinning, delays)"))
    odd = [*found, *oddities(series.values, series.starts, shares, SEQUENCES[0])]
    piece = without_holes(np.asarray(series.values, np.float64), series.starts)
    values, starts = piece
    refused = any(o.refused for o in odd)
    moving = [i for i in range(values.shape[1]) if len(values) and np.ptp(values[:, i]) > 0] if not refused else []
    main = longest(values[:, moving], starts) if moving else np.empty((0, 0))
    codes = {o.code for o in odd}
    usable = len(main) >= 16 and bool((np.ptp(main, axis=0) > 0).all())
    half = median_period(main) if usable else None
    turn = _period(main, starts=(0,), moved="nonstationary" in codes) if usable else None
    noise = None if not usable else white_noise(main) if "noise_only" in codes else noise_level(main)
    level = {} if noise is None else dict(zip(moving, noise, strict=True))
    tops = dict(zip(moving, (_peak(column) for column in main.T), strict=True)) if usable else {}
    lags, why = _embedding(values[:, moving], starts, shares, series.names) if usable else (None, "none")
    count = np.diff(np.round(np.cumsum((0.0, *shares)) * len(values))).astype(int)
    everything = range(len(series.names))
    looked = Look(
        series,
        tuple(s.stop - s.start for s in stretches(len(values), starts)),
        turn,
        half,
        tuple(float(level[i]) if i in level else None for i in everything),
        tuple(tops.get(i) for i in everything),
        lags,
        why,
        (int(count[0]), int(count[1]), int(count[2])),
        _geometry(values[:, moving], starts, shares, lags),
        tuple(cautions(odd, series.names)),
        None,
        None,
    )
    if refused or not moving or any(o.code == UNEVEN and not o.options for o in found):
        return looked
    line, takes = command(looked, odd, moving, files or (series.source,), given, prepared=heart)
    return looked._replace(command=line, takes=takes)


def warnings_for(series: Series, task: Reconstruction) -> list[Caution]:
    """The same warnings on a series as `task` prepares it (cut, detrended, smoothed, thinned), in 3 s at most: a drift
    that is subtracted is none. For `sparsernn reconstruct`, before it trains."""
    values = np.asarray(series.values, np.float64)
    prepared = _prepared(values, series.starts, task)
    split, sequence = (task.split[0], task.split[1], task.split[2]), task.sequence
    plain = task.smooth == 0 and task.every == 1 and task.detrend == 0
    if plain:
        odd = oddities(values, series.starts, split, sequence, noise_columns=3)
    else:
        odd = oddities(values, series.starts, split, sequence, prepared=prepared, noise_columns=3)
    if task.detrend and np.isfinite(values).all():
        odd = [*odd, *bent(values, task.detrend, tuple(series.starts), split)]
    return cautions(odd, series.names)


def cautions(found: Sequence[Oddity], names: Sequence[str]) -> list[Caution]:
    """With the names of the columns; a code found in many columns is said once."""
    out: list[Caution] = []
    for code in dict.fromkeys(o.code for o in found):
        alike = [o for o in found if o.code == code]
        said = {o.said(names).split(" (")[0] for o in alike}
        if len(alike) > MOST_ALIKE or (len(alike) > 1 and len(said) == 1):
            columns = [names[o.column] for o in alike if o.column is not None]
            listed = ", ".join(columns[:MOST_ALIKE]) + (
                f" and {len(columns) - MOST_ALIKE} more" * (len(columns) > MOST_ALIKE)
            )
            first = "each" if len(said) == 1 else f"{columns[0]}"
            out.append(Caution(code, None, f"{listed}: {first}: {alike[0].said(names)}", alike[0].mend))
            continue
        for o in alike:
            out.append(Caution(code, None if o.column is None else names[o.column], o.said(names), o.mend))
    return out


def _prepared(values: NDArray[np.float64], starts: Sequence[int], task: Reconstruction) -> Piece:
    edges = np.round(np.cumsum(task.split)[:-1] * len(values)).astype(int)
    parts, begins, length = [], [], 0
    for rows in stretches(len(values), (*starts, *map(int, edges))):
        part = values[rows]
        if task.detrend:
            part = part - gaussian_filter1d(part, task.detrend, axis=0)
        if task.smooth:
            part = gaussian_filter1d(part, task.smooth, axis=0)
        parts.append(part[:: task.every])
        if rows.start in (0, *starts):  # the cuts of the split are no gaps
            begins.append(length)
        length += len(parts[-1])
    return Piece(np.concatenate(parts), tuple(begins))


def _period(main: NDArray[np.float64], starts: tuple[int, ...], moved: bool) -> float | None:
    exact = None if moved else rhythm(main, starts)
    if exact is not None and exact.period is not None:
        return exact.period
    found = regular_period(main) if len(main) >= 50 else None
    if found is None:
        return None
    near = [p for column in main.T if (p := _peak(column, (found / NEAR_LINE, found * NEAR_LINE))) is not None]
    return float(np.median(near)) if near else float(found)


def _peak(column: NDArray[np.float64], periods: tuple[float, float] = (0.0, np.inf)) -> float | None:
    """The period of the strongest frequency of a column (T,), between `periods` rows, to some hundredths of a bin: the
    top of a parabola through the logarithms of three bins under a Hann window. None where there is none."""
    length = len(column)
    power = np.abs(np.fft.rfft((column - column.mean()) * np.hanning(length))) ** 2
    first = max(1, int(np.ceil(length / periods[1])))
    last = len(power) - 1 if periods[0] == 0 else min(len(power) - 1, int(length / periods[0]))
    if last < first:
        return None
    place = int(np.argmax(power[first : last + 1])) + first
    if not power[place] > 0:
        return None
    if not 1 < place < len(power) - 1 or power[place - 1 : place + 2].min() <= 0:
        return length / place
    low, top, high = np.log(power[place - 1 : place + 2])
    bend = low - 2 * top + high
    return float(length / (place + (0.5 * (low - high) / bend if bend < 0 else 0.0)))


def _embedding(
    values: NDArray[np.float64], starts: tuple[int, ...], split: tuple[float, float, float], names: Sequence[str]
) -> tuple[tuple[int, ...] | None, str]:
    if values.shape[1] != 1:
        return None, f"none: {values.shape[1]} columns are a state"
    edge = max(2, round(split[0] * len(values)))
    train = longest(values[:edge, 0], tuple(s for s in starts if s < edge))[:EMBEDDED_ROWS]
    try:
        chosen = choose_lags(train)
    except (DataError, SpecError) as error:
        return None, f"none: {error}"
    return tuple(int(lag) for lag in chosen.lags), f"{chosen.method}: {chosen.why}"


def _geometry(
    values: NDArray[np.float64], starts: tuple[int, ...], split: tuple[float, float, float], lags: Sequence[int] | None
) -> EmbeddingGeometry:
    edges = np.round(np.cumsum(split) * len(values)).astype(int)
    train, test = values[: edges[0]], values[edges[1] :]
    nothing = Undefined("too few rows, or values that no measure can use")
    if values.size == 0 or len(train) < 20 or len(test) < 20:
        return EmbeddingGeometry(nothing, nothing, nothing)
    try:
        if lags is not None:
            cut = tuple(s - edges[1] for s in starts if s > edges[1])
            train, test = (
                embed(longest(train[:, 0], tuple(s for s in starts if s < edges[0])), lags),
                embed(longest(test[:, 0], cut), lags),
            )
        used = np.unique(np.linspace(0, test.shape[1] - 1, GEOMETRY_COLUMNS).round().astype(int))
        train, test = (part[:: -(-len(part) // GEOMETRY_ROWS)][:, used] for part in (train, test))
        definition = definition_for(min(len(train), len(test)), len(used))
        reference = stsp.prepare(test, definition)
        return EmbeddingGeometry(
            stsp.floor(test, definition, len(test)),
            stsp.divergence(reference, train),
            stsp.ceiling(reference, len(train)),
        )
    except (DataError, SpecError) as error:
        reason = Undefined(str(error))
        return EmbeddingGeometry(reason, reason, reason)
