"""A recording as a network sees it: cut into splits, filtered, embedded, standardized; never across a boundary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sparsernn.dynamics.dstsp.comparison import refuse_yardsticks
from sparsernn.dynamics.embedding import choose_lags
from sparsernn.errors import DataError, SpecError
from sparsernn.tasks.base import SPLITS, Split
from sparsernn.tasks.observed import Recording
from sparsernn.tasks.prepared import embedded, filtered

if TYPE_CHECKING:
    from sparsernn.files.reading import Reading
    from sparsernn.files.series import Series
    from sparsernn.systems.base import AbstractKnownSystem
    from sparsernn.tasks.reconstruction import Reconstruction

MANY = 5
"""Stretches from which on whole ones go to train, validation and test."""
OFF = 0.1
"""How far (share of all rows) a boundary between stretches may lie from the share asked for, to be taken for it."""


def cut(length: int, starts: Sequence[int], shares: Sequence[float]) -> tuple[dict[Split, list[slice]], bool]:
    """Which rows belong to train, validation and test, by stretch; and whether all stretches are whole.

    From `MANY` stretches on (trials, say) whole ones go to the three in order, divided at the boundaries nearest to the
    shares, if each gets one and no boundary lies more than a tenth (`OFF`) of all rows from its share. Otherwise
    (few stretches, or one of them makes most of the recording) the rows are divided in time, and the stretches in which
    an edge falls are cut there.
    """
    edges = np.round(np.cumsum(shares)[:-1] * length).astype(int)
    bounds = np.array([*starts, length])
    whole = False
    if len(starts) >= MANY:
        nearest = bounds[np.argmin(np.abs(bounds[:, None] - edges), axis=0)]
        whole = bool(0 < nearest[0] < nearest[1] < length and np.abs(nearest - edges).max() <= OFF * length + 1)
        edges = nearest if whole else edges
    found: dict[Split, list[slice]] = {}
    for split, (low, high) in zip(SPLITS, pairwise([0, *edges, length]), strict=True):
        inside = [int(b) for b in bounds if low < b < high]
        found[split] = [slice(a, b) for a, b in pairwise([int(low), *inside, int(high)])]
    return found, whole


@lru_cache(maxsize=16)
def load(task: Reconstruction) -> Recording:
    """The recording of a task: read, cut, filtered, embedded, standardized. DataError or SpecError if it cannot be."""
    series = series_of(task)
    if task.system is None:  # before any filter smears them over their neighbors
        refuse_yardsticks(series.values, series.source, series.names)
    pieces, whole = cut(len(series.values), series.starts, task.split)
    several = len(series.starts) > 1
    notes: list[str] = []
    # cut first: filters and delays must not carry values from one stretch into another
    parts = {s: [series.values[rows] for rows in pieces[s]] for s in SPLITS}
    width, name = max((task.detrend, "detrend"), (task.smooth, "smooth"))
    parts = _long_enough(
        parts,
        width,
        lambda split, longest: SpecError(
            f"{name}: a width of {width:g} rows, the {'longest' if several else 'shortest'} stretch has {longest}"
        ),
        f"a filter of {width:g} rows",
        notes,
    )
    parts = {s: [filtered(p, task.detrend, task.smooth)[0][:: task.every] for p in parts[s]] for s in SPLITS}
    names = series.names
    lags, embedding = None, "none"
    if task.lags is not None:
        lags, embedding = _lags(parts["train"], task)
        parts = _long_enough(
            parts,
            max(lags) + 2,
            lambda split, longest: DataError(
                f"{series.source}: the {split} stretch has {longest} rows, fewer than the longest lag of {max(lags)}; "
                "give shorter lags=; `sparsernn look` on it names a command to try"
            ),
            f"the longest lag of {max(lags)}",
            notes,
        )
        parts = {s: [embedded(p, lags) for p in parts[s]] for s in SPLITS}
        names = tuple(f"{names[0]}(t{lag:+d})" if lag else names[0] for lag in lags)
    longest_of = "stretches have" if several else "stretch has"
    parts = _long_enough(
        parts,
        task.sequence + 2,
        lambda split, longest: DataError(
            f"{series.source}: the {split} {longest_of} {'at most ' if several else ''}{longest} rows, fewer than one "
            f"training sequence ({task.sequence} + 2); {_shorter(parts)}use a longer recording or another split="
        ),
        f"one training sequence ({task.sequence} + 2)",
        notes,
    )
    joined = {s: np.concatenate(parts[s]) if len(parts[s]) > 1 else parts[s][0] for s in SPLITS}
    mean, scale = _scales(joined, names, series.source, task.standardize)
    train, validation, test = (((joined[s] - mean) / scale) for s in SPLITS)
    return Recording(
        train,
        validation,
        test,
        mean,
        scale,
        names,
        None if series.dt is None else series.dt * task.every,
        lags,
        embedding,
        series.source,
        {s: tuple(int(n) for n in np.cumsum([0, *(len(p) for p in parts[s][:-1])])) for s in SPLITS},
        series.units if lags is None else series.units * len(lags),
        series.time_unit,
        series.names,
        series.sha256,
        whole,
        (*(_told(parts, whole) if several else ()), *notes),
    )


def _long_enough(
    parts: dict[Split, list[np.ndarray]],
    least: float,
    refusal: Callable[[str, int], Exception],
    what: str,
    notes: list[str],
) -> dict[Split, list[np.ndarray]]:
    """The pieces of at least `least` rows by split; what is left out is noted. ``refusal(split, longest)`` is raised
    where a split keeps none."""
    kept: dict[Split, list[np.ndarray]] = {}
    count = rows = 0
    for split in SPLITS:
        lengths = [len(p) for p in parts[split]]
        kept[split] = [p for p in parts[split] if len(p) >= least]
        if not kept[split]:
            raise refusal(split, max(lengths))
        count += len(lengths) - len(kept[split])
        rows += sum(n for n in lengths if n < least)
    if count:
        notes.append(f"{count:,} stretch{'es' * (count > 1)} of together {rows:,} rows left out: shorter than {what}")
    return kept


def _shorter(parts: dict[Split, list[np.ndarray]]) -> str:
    """Which sequence the longest stretch of every split has room for; nothing where none has."""
    room = min(max(len(part) for part in parts[split]) for split in SPLITS) - 2
    if room < 1:
        return ""
    return f"sequence={max(1, room // 2)} reads it, `sparsernn look` on it names a whole command; or "


def _told(parts: dict[Split, list[np.ndarray]], whole: bool) -> list[str]:
    counts = ", ".join(f"{len(parts[s])} to {s}" for s in SPLITS)
    how = "whole, in order" if whole else "divided in time"
    return [f"several stretches, {how}: {counts}; nothing is learned or compared across their boundaries"]


def _scales(
    joined: dict[Split, np.ndarray], names: Sequence[str], source: str, standardize: bool
) -> tuple[np.ndarray, np.ndarray]:
    for split, part in joined.items():
        flat = np.ptp(part, axis=0) == 0
        if flat.any():
            raise DataError(
                f"{source}: column {names[int(np.argmax(flat))]} is constant over the {split} stretch (rows in time: "
                "train, validation, test); leave it out, or cut the recording elsewhere with another split"
            )
    mean, scale = np.zeros(len(names)), np.ones(len(names))
    if standardize:
        with np.errstate(all="ignore"):
            mean, scale = joined["train"].mean(axis=0), joined["train"].std(axis=0)
        wild = ~(np.isfinite(mean) & np.isfinite(scale) & (scale > 1e-150))
        if wild.any():
            raise DataError(
                f"{source}: column {names[int(np.argmax(wild))]} has values too large or too small to be standardized; "
                "rescale it"
            )
    return mean, scale


_stamps: dict[str, tuple[tuple[str, int, int], ...]] = {}


def forget_changed(task: Reconstruction) -> None:
    """Have a task's files read again if they are not those of the last time: a program may have written others in
    their places. To be called when a run begins, not within one."""
    for file in [] if task.file is None else [task.file] if isinstance(task.file, str) else task.file:
        place = Path(file)
        beside = place.parent.glob(f"{place.stem}.*") if place.parent.is_dir() else []  # a header has its signals there
        stats = [(p.name, p.stat()) for p in sorted(beside) if p.is_file()]
        stamp = tuple((name, s.st_mtime_ns, s.st_size) for name, s in stats)
        if _stamps.setdefault(file, stamp) != stamp:
            _stamps[file] = stamp
            load.cache_clear()
            _read.cache_clear()


def series_of(task: Reconstruction) -> Series:
    """The series behind a task as its file, recording or system gives it, before anything is cut or filtered; cached.
    DataError or SpecError if it cannot be read."""
    if task.system is not None:
        return _simulated(task.system, task.rows, task.seed, task.columns)
    series = _read(task.recording, task.file, task.columns, task.dt, task.reading)
    return series if task.dt is None else series._replace(dt=task.dt)


@lru_cache(maxsize=16)
def _simulated(system: AbstractKnownSystem, rows: int, seed: int, columns: tuple[str | int, ...] | None) -> Series:
    from sparsernn.files.series import Series

    values = system.simulate(rows, seed=seed)
    names: tuple[str, ...] = tuple("xyzuvw"[i] if i < 6 else f"x{i}" for i in range(values.shape[1]))
    if columns is not None:
        unknown = [str(c) for c in columns if c not in (*names, *range(len(names)))]
        if unknown:
            raise SpecError(f"columns: {', '.join(unknown)} not in {', '.join(names)}")
        picked = [c if isinstance(c, int) else names.index(c) for c in columns]
        values, names = values[:, picked], tuple(names[c] for c in picked)
    return Series(values, names, system.dt, f"simulated {type(system).__name__}", "")


@lru_cache(maxsize=2)
def _read(
    recording: str | None,
    file: str | tuple[str, ...] | None,
    columns: tuple[str | int, ...] | None,
    dt: float | None,
    reading: Reading,
) -> Series:
    from sparsernn.files.example import example_recording
    from sparsernn.files.series import read_series

    if recording is not None:
        return example_recording(recording)
    assert file is not None
    return read_series(file, columns=columns, dt=dt, reading=reading)


def _lags(train: list[np.ndarray], task: Reconstruction) -> tuple[tuple[int, ...], str]:
    if train[0].shape[1] != 1:
        raise SpecError(
            f"lags: delay embedding takes one column, the data have {train[0].shape[1]}; choose one by columns"
        )
    if task.lags != "auto":
        assert task.lags is not None
        return task.lags, "given"
    starts = [int(row) for row in np.cumsum([0, *(len(part) for part in train[:-1])])]
    chosen = choose_lags(np.concatenate([part[:, 0] for part in train]), starts=starts)
    return tuple(int(lag) for lag in chosen.lags), f"{chosen.method}: {chosen.why}"
