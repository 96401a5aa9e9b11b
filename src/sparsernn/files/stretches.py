"""Rows that follow one another: cutting where they do not, filling what is missing, even steps for uneven times."""

from __future__ import annotations

import itertools
from typing import Literal, NamedTuple

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.time_axis import grid

MANY = 4
"""A trial column that changes more often than in every fourth row is none."""


class RowBlocks(NamedTuple):
    """Values (T, N), the number of each row in the file, the number of its stretch, its time (None: unknown)."""

    values: np.ndarray
    at: np.ndarray
    stretch: np.ndarray
    time: np.ndarray | None = None

    def starts(self) -> tuple[int, ...]:
        """The first row of every stretch."""
        return (0, *(np.flatnonzero(np.diff(self.stretch)) + 1).tolist())

    def bounds(self) -> list[tuple[int, int]]:
        """[begin, end) of every stretch."""
        edges = [*self.starts(), len(self.values)]
        return list(itertools.pairwise(edges))

    def take(self, rows: np.ndarray) -> RowBlocks:
        """Some of the rows, by mask or index."""
        return RowBlocks(
            self.values[rows], self.at[rows], self.stretch[rows], None if self.time is None else self.time[rows]
        )


def parted(rows: RowBlocks, breaks: np.ndarray) -> RowBlocks:
    """The same rows with a boundary before every row where `breaks` (T,) is true."""
    marks = np.asarray(breaks, dtype=bool).copy()
    marks[1:] |= np.diff(rows.stretch) != 0
    return rows._replace(stretch=np.cumsum(marks))


def by_trial(rows: RowBlocks, codes: np.ndarray, name: str, source: str) -> tuple[RowBlocks, str]:
    """A boundary wherever the column of trials changes. DataError where that is in nearly every row."""
    same = (codes[1:] == codes[:-1]) | (np.isnan(codes[1:]) & np.isnan(codes[:-1]))
    breaks = np.concatenate([[False], ~same])
    if np.count_nonzero(breaks) * MANY > len(codes) and len(codes) > MANY:
        raise DataError(
            f'{source}: the trial column "{name}" changes {np.count_nonzero(breaks):,} times in {len(codes):,} rows: '
            "sort the rows by trial, or choose another column with --trial (in Python reading.trial)"
        )
    rows = parted(rows, breaks)
    return rows, f'column "{name}" parts the rows into {len(rows.starts()):,} trials and is left out'


def without_single_rows(rows: RowBlocks) -> tuple[RowBlocks, str]:
    """The rows without stretches of a single one, from which nothing can follow."""
    keep = np.ones(len(rows.values), dtype=bool)
    single = [a for a, b in rows.bounds() if b - a == 1]
    if not single or len(single) == len(keep):
        return rows, ""
    keep[single] = False
    return rows.take(keep), f"{len(single):,} rows that stand alone between two boundaries are left out"


def closed(
    rows: RowBlocks, how: Literal["cut", "interpolate"], names: tuple[str, ...], source: str
) -> tuple[RowBlocks, list[str]]:
    """Missing values (NaN) cut out, with a boundary in their place, or filled linearly, in time where it is known.

    Rows at the beginning or end of a stretch have nothing to be filled from and are cut off.
    """
    missing = np.isnan(rows.values)
    if not missing.any():
        return rows, []
    if how == "cut":
        keep = ~missing.any(axis=1)
        breaks = np.concatenate([[False], ~keep[:-1]])
        rows = parted(rows, breaks & keep).take(keep)
        if not len(rows.values):
            raise DataError(f"{source}: every row has a missing value, so that nothing is left when they are cut out")
        count = np.count_nonzero(~keep)
        return rows, [f"{count:,} rows with missing values are cut out, which leaves {len(rows.starts()):,} stretches"]
    values, keep, longest, where = rows.values.copy(), np.ones(len(rows.values), dtype=bool), 0, 0
    for a, b in rows.bounds():
        gone = missing[a:b]
        if not gone.any():
            continue
        whole = np.flatnonzero(gone.all(axis=0))
        if len(whole):
            raise DataError(
                f'{source}: column "{names[whole[0]]}" has no value in rows {rows.at[a]:,} to {rows.at[b - 1]:,}: '
                "nothing to interpolate between; leave the column out, or --gaps cut (in Python reading.gaps)"
            )
        x = np.arange(b - a, dtype=float) if rows.time is None else rows.time[a:b]
        for i in np.flatnonzero(gone.any(axis=0)):
            known = np.flatnonzero(~gone[:, i])
            values[a:b, i] = np.interp(x, x[known], values[a:b, i][known])
            keep[a : a + known[0]] = False
            keep[a + known[-1] + 1 : b] = False
            runs = np.diff(known) - 1
            if len(runs) and runs.max() > longest:
                longest, where = int(runs.max()), int(rows.at[a + known[int(runs.argmax())]] + 1)
    count = np.count_nonzero(missing & keep[:, None])
    notes = [f"{count:,} missing values are filled linearly; the longest gap has {longest:,} rows, from row {where:,}"]
    if not keep.all():
        notes.append(f"{np.count_nonzero(~keep):,} rows at the ends have missing values and are left out")
    if not count:
        notes = notes[1:]
    return rows._replace(values=values).take(keep), notes


def resampled(rows: RowBlocks, source: str) -> tuple[RowBlocks, float, str]:
    """Even steps by linear interpolation in time, stretch by stretch.

    Pauses longer than five usual steps part stretches, rows of one time are averaged. Returns the rows, the
    step and a sentence.
    """
    assert rows.time is not None
    parts = [(rows.time[a:b], rows.values[a:b], rows.at[a:b]) for a, b in rows.bounds()]
    grids = [grid(t) for t, _, _ in parts]
    steps = [dt for _, dt, stretches, _ in grids for _ in stretches]
    if not steps:
        raise DataError(f"{source}: the times do not rise, so that they cannot be resampled")
    weights = [b - a for _, _, stretches, _ in grids for a, b in stretches]
    dt = steps[0] if len(set(steps)) == 1 else float(np.average(steps, weights=weights))
    values: list[np.ndarray] = []
    at: list[np.ndarray] = []
    label: list[np.ndarray] = []
    repeats = sum(count for *_, count in grids)
    for (t, x, row), (keep, _, stretches, _) in zip(parts, grids, strict=True):
        firsts = np.flatnonzero(keep)
        counts = np.diff([*firsts, len(t)])
        x = np.add.reduceat(x, firsts, axis=0) / counts[:, None] if len(firsts) < len(t) else x
        t, row = t[keep], row[keep]
        for a, b in stretches:
            count = int(np.floor((t[b - 1] - t[a]) / dt + 1e-6)) + 1
            if count > 100 * len(rows.values) + 1000:
                raise DataError(f"{source}: even steps of {dt:.6g} would make {count:,} rows; thin the times out first")
            new = np.minimum(t[a] + dt * np.arange(count), t[b - 1])
            values.append(np.stack([np.interp(new, t[a:b], column) for column in x[a:b].T], axis=1))
            at.append(row[a:b][np.minimum(np.searchsorted(t[a:b], new, side="right") - 1, b - a - 1)])
            label.append(np.full(count, len(label)))
    done = RowBlocks(np.concatenate(values), np.concatenate(at), np.concatenate(label))
    note = f"resampled linearly to even steps of {dt:.6g}: {len(rows.values):,} rows become {len(done.values):,}"
    note += f", rows of one time are averaged ({repeats:,} repeats)" if repeats else ""
    note += f", {len(done.starts()):,} stretches" if len(label) > 1 else ""
    return done, dt, note
