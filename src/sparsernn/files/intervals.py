"""The interval between the rows: from times, even or made even, from the file, or from the user."""

from __future__ import annotations

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.columns import RawTable
from sparsernn.files.reading import Reading
from sparsernn.files.roles import Roles
from sparsernn.files.stretches import RowBlocks, parted, resampled
from sparsernn.files.time_axis import JITTER, Axis, agree, canonical, judge

SHUFFLED = 0.05
"""The share of steps back from which on rows are out of order rather than parted."""


def known_times(rows: RowBlocks, roles: Roles, reading: Reading, source: str) -> tuple[RowBlocks, list[str]]:
    """The rows whose time is known. DataError for missing times, unless gaps are to be cut."""
    assert rows.time is not None
    known = np.isfinite(rows.time)
    if known.all():
        return rows, []
    count = np.count_nonzero(~known)
    if reading.gaps != "cut" and not reading.resample:
        raise DataError(
            f'{source}: column "{roles.time_name}" has no time in {count:,} rows, the first is row '
            f"{rows.at[int(np.argmin(known))]:,} (data rows counted from 0); --gaps cut cuts them out (in Python "
            "reading.gaps), --time none takes the rows as they follow one another"
        )
    breaks = np.concatenate([[False], ~known[:-1]])
    if reading.gaps == "cut":
        rows = parted(rows, breaks & known)
    if not known.any():
        raise DataError(f'{source}: column "{roles.time_name}" has no time at all; leave it out with --time none')
    return rows.take(known), [f'{count:,} rows without a time in column "{roles.time_name}" are left out']


def even(
    rows: RowBlocks, roles: Roles, reading: Reading, names: tuple[str, ...], source: str
) -> tuple[RowBlocks, float | None, list[str]]:
    """RowBlocks at even times and their step. DataError where they are not and no way out was chosen."""
    assert rows.time is not None
    axes = [judge(rows.time[a:b]) for a, b in rows.bounds()]
    steps = [axis.dt for axis in axes if axis.dt is not None]
    faults = [axis for axis in axes if axis.fault]
    dt = steps[0] if steps else None
    like = not steps or all(
        abs(a.dt - steps[0]) <= a.slack + axes[0].slack + 2 * JITTER * steps[0] for a in axes if a.dt
    )
    if not faults and like:
        if dt is not None and len(steps) > 1:
            dt = min(set(steps), key=lambda s: (len(repr(s)), s))
        return rows, dt, []
    shuffled = [a for a in faults if a.back > SHUFFLED * len(rows.values)]
    if shuffled:
        raise DataError(
            f'{source}: column "{roles.time_name}" runs to and fro: {shuffled[0].why}; sort the rows by it, or take '
            f"them as they follow one another with {_without_time(roles, names)}"
        )
    if reading.resample:
        if not np.isfinite(rows.values).all():
            refuse_missing(rows, names, source)
        rows, dt, said = resampled(rows, source)
        return rows, dt, [said]
    cut = [*faults, *[a for a in axes if not a.fault]]
    if reading.gaps == "cut" and like and all(a.fault in ("", "pause", "restart") for a in cut):
        breaks = np.zeros(len(rows.values), dtype=bool)
        for (begin, _), axis in zip(rows.bounds(), axes, strict=True):
            breaks[[begin + row for row in axis.breaks]] = True
        rows = parted(rows, breaks)
        return rows, dt, [f'cut where column "{roles.time_name}" jumps: {len(rows.starts()):,} stretches']
    raise DataError(_ways_out(faults[0] if faults else None, steps, roles, names, source, len(axes)))


def _ways_out(
    fault: Axis | None, steps: list[float], roles: Roles, names: tuple[str, ...], source: str, stretches: int
) -> str:
    kind = "counts the rows, but not evenly" if roles.counts_rows else "is the time, but not even"
    why = f"its step differs between stretches: {min(steps):.6g} to {max(steps):.6g}" if fault is None else fault.why
    ways = []
    if fault is not None and fault.fault in ("pause", "restart"):
        ways.append("--gaps cut makes a stretch of every piece (in Python reading.gaps)")
    ways.append("--resample interpolates to even steps (reading.resample)")
    ways.append(f"{_without_time(roles, names)} takes the rows as they follow one another")
    return f'{source}: column "{roles.time_name}" {kind}: {why}; {"; ".join(ways)}'


def _without_time(roles: Roles, names: tuple[str, ...]) -> str:
    if roles.counts_rows:
        return "--time none"
    others = ",".join(f'"{n}"' if "," in n else n for n in names[:20])
    return f"--time none --columns '{others}'"


def interval(
    table: RawTable, roles: Roles, step: float | None, dt: float | None, reading: Reading, source: str
) -> tuple[float | None, str, str, list[str]]:
    """The sampling interval, its unit, where it is from, and sentences."""
    wished = canonical(reading.time_unit)
    place = "the index" if table.indexed else f'the column "{roles.time_name}"'
    notes = []
    if roles.counts_rows or step is None:
        step = None
    else:
        unit = f" {roles.time_unit}" if roles.time_unit else ""
        took = "" if dt is None else f"; {dt:g} is taken instead, as given"
        notes.append(f"{place} is the time, every {step:.6g}{unit}, and is left out{took}")
    if dt is not None:
        return float(dt), wished or roles.time_unit or table.time_unit, "given", notes
    if step is not None:
        if table.dt is not None and not agree(step, roles.time_unit, table.dt, table.time_unit, JITTER):
            raise DataError(
                f"{source} says that it is sampled every {table.dt:g} {table.time_unit}".rstrip()
                + f", but {place} rises by {step:g} {roles.time_unit}".rstrip()
                + "; --dt says which is right (in Python dt)"
            )
        return step, roles.time_unit, place, notes
    if table.dt is not None:
        return table.dt, wished or table.time_unit, table.dt_source or "the file", notes
    return None, "", "unknown", notes


def refuse_missing(rows: RowBlocks, names: tuple[str, ...], source: str) -> None:
    """DataError for values that are missing, with where and how many."""
    finite = np.isfinite(rows.values)
    if finite.all():
        return
    row, column = np.argwhere(~finite)[0]
    where = f'the first in row {rows.at[row]:,} (data rows counted from 0), column "{names[column]}"'
    if np.isinf(rows.values).any():
        advice = "infinite ones are no gaps: mend the file, or choose other columns with --columns"
    else:
        advice = "--gaps cut cuts there, --gaps interpolate fills them linearly (in Python reading.gaps)"
    raise DataError(f"{source}: {np.count_nonzero(~finite):,} values are missing or not finite, {where}; {advice}")
