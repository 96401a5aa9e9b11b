"""The columns of one table, looked at as axes: times, counters, trials."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.calendar_columns import calendar
from sparsernn.files.columns import RawTable
from sparsernn.files.time_axis import (
    FEWEST,
    STRAIGHT,
    UNITS,
    called_counter,
    called_time,
    called_trial,
    judge,
    unit_in,
)
from sparsernn.files.time_text import Times, from_datetimes

EPOCHS = (("s", 3e8, 5e9), ("ms", 3e11, 5e12), ("us", 3e14, 5e15), ("ns", 3e17, 5e18))
"""What seconds and their parts since 1970 look like."""
MOSTLY = 0.9
"""The share of steps of one sign from which on a column is going one way."""
CHANGES = 4
"""A column whose number changes in more than every fourth row names no trials."""


class DoubtfulColumn(DataError):
    """A column that looks like the `part` ("time" or "trial") of a recording, and nothing says whether it is."""

    def __init__(self, message: str, column: str = "", part: str = "") -> None:
        super().__init__(message)
        self.column, self.part = column, part


class Axes:
    """The columns of one table, looked at as axes."""

    def __init__(self, table: RawTable, at: dict[int, int], listed: Sequence[str], source: str, several: bool) -> None:
        self.values, self.at, self.listed, self.source = table.values, at, listed, source
        self.several = several
        self.units = dict(zip(at, table.units, strict=True)) if table.units else {}
        self.inside = np.ones(max(len(table.values) - 1, 0), dtype=bool)  # steps that cross no boundary
        self.inside[[s - 1 for s in table.starts if s > 0]] = False
        self.bounds = list(zip(table.starts, [*table.starts[1:], len(table.values)], strict=True))

    def column(self, place: int) -> np.ndarray:
        """The numbers of a column (T,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(self.values[:, self.at[place]], dtype=float)

    def find(
        self, free: list[int], wanted: int | None, table: RawTable, unit: str
    ) -> tuple[np.ndarray | None, str, bool, list[int], str, list[str]]:
        """The time, its name, whether it counts rows only, the columns left out, its unit, sentences."""
        counters = self.counters(free)
        notes = [f'column "{self.listed[p]}" counts the rows: it is left out and gives no time' for p in counters]
        left = list(counters)
        if wanted is not None:
            t, found = self.times(wanted, unit)
            return t, self.listed[wanted], False, [*left, wanted], found, notes
        counting = set(counters)
        rest = [p for p in free if p not in counting]
        called = [p for p in rest if self.is_time(p)]
        if table.time is not None:
            notes += [f'column "{self.listed[p]}" is a time too and is left out' for p in called]
            return table.time, table.time_name, table.counts, left + called, table.time_unit, notes
        by_word = {self.listed[p].strip().lower(): p for p in rest}
        if (dates := calendar({word: self.column(p) for word, p in by_word.items()})) is not None:
            read = from_datetimes(dates.stamps, unit)
            parts = [by_word[word] for word in dates.words]
            gone = [*parts, *(p for p in called if p not in parts)]
            notes += [f'column "{self.listed[p]}" is a time too and is left out' for p in gone[len(parts) :]]
            return read.values, ", ".join(self.listed[p] for p in parts), False, left + gone, read.unit, notes
        if not called:
            called = [p for p in rest if self.nameless(p) and self.several and self.runs_evenly(p)][:1]
        if called:
            best = next((p for p in called if self.even(self.times(p, unit)[0])), called[0])
            notes += [f'column "{self.listed[p]}" is a time too and is left out' for p in called if p != best]
            t, found = self.times(best, unit)
            return t, self.listed[best], False, left + called, found, notes
        if counters and table.dt is None:  # rows may be missing
            return self.column(counters[0]), self.listed[counters[0]], True, left, "", notes
        return None, "", False, left, "", notes

    def times(self, place: int, unit: str) -> tuple[np.ndarray, str]:
        """The times of a column and their unit: numbers, numbers since 1970, or dates written as numbers (20200131)."""
        t, name = self.column(place), self.listed[place]
        known = t[np.isfinite(t)]
        told = unit_in(name) or UNITS.get(self.units.get(place, ""), "")
        if called_time(name) and len(known) and (dates := _dates_as_numbers(known, unit)) is not None:
            t = t.copy()
            t[np.isfinite(t)] = dates.values
            return t, dates.unit
        if unit or not len(known):
            return t, unit or told
        if told:
            return t, told
        low, high = known.min(), known.max()
        return t, next((u for u, a, b in EPOCHS if a < low and high < b), "") if called_time(name) else ""

    def is_time(self, place: int) -> bool:
        """Whether a column is the time by its name and its course."""
        kind = called_time(self.listed[place])
        if not kind:
            return False
        t = self.column(place)
        steps = np.diff(t)[self.inside]
        steps = steps[np.isfinite(steps)]
        if len(t) < FEWEST:
            return self.even(t)
        one_way = len(steps) > 0 and steps.any() and max((steps >= 0).mean(), (steps <= 0).mean()) >= MOSTLY
        if kind == "strong" and not one_way:
            raise DataError(
                f'{self.source}: column "{self.listed[place]}" is called a time but '
                + ("stands still" if len(steps) and not steps.any() else "runs to and fro")
                + "; sort the rows by it, or, if it is no time, --time none (in Python reading.time); --columns chooses"
            )
        return bool(one_way)

    def even(self, t: np.ndarray) -> bool:
        """Whether times are even in every stretch, rising or falling."""
        if not np.isfinite(t).all():
            return False
        parts = [t[a:b] if t[b - 1] >= t[a] else -t[a:b] for a, b in self.bounds if b - a > 1]
        return bool(parts) and all(judge(part).fault == "" for part in parts)

    def runs_evenly(self, place: int) -> bool:
        """Whether a column without a name is a time: even and rising (in the first column also falling), or even with
        a few pauses."""
        t = self.column(place)
        if len(t) < STRAIGHT or not np.isfinite(t).all():
            return False
        if place == 0 and t[-1] < t[0]:
            return self.even(t)
        axes = [judge(t[a:b]) for a, b in self.bounds if b - a > 1]
        few = sum(len(axis.breaks) for axis in axes) <= 0.05 * len(t)
        return bool(axes) and all(axis.fault == "" or (axis.fault == "pause" and few) for axis in axes)

    def counters(self, free: list[int]) -> list[int]:
        """Columns that count rows: whole numbers in a column called so or without a name."""
        return [p for p in free if (self.nameless(p) or called_counter(self.listed[p])) and self.counts(p)]

    def counts(self, place: int) -> bool:
        """Whether a column counts the rows."""
        t, name = self.column(place), self.listed[place].lower()
        if len(t) < FEWEST or not np.isfinite(t).all() or not np.array_equal(t, np.rint(t)):
            return False
        steps = np.diff(t)[self.inside]
        index = name in ("index", "level_0") or name.startswith("unnamed:")
        if not self.nameless(place):
            if index:  # rows may have been dropped, or shuffled
                return bool((steps > 0).mean() >= MOSTLY) or (name != "index" and len(np.unique(t)) == len(t))
            return len(steps) > 0 and bool((steps == steps[0]).all()) and steps[0] > 0
        if len(t) < STRAIGHT or not self.several:
            return False
        return bool((steps == 1).mean() >= 0.95 and (steps >= 1).all())

    def rises_by_fits(self, t: np.ndarray) -> bool:
        """Whether numbers never fall and their steps are as different from one to the next as any two."""
        steps = np.diff(t)[self.inside]
        if len(steps) < 2 * STRAIGHT or not np.isfinite(steps).all() or (steps < 0).any() or (steps > 0).mean() < 0.2:
            return False
        return bool(np.abs(np.diff(steps)).mean() > 0.5 * np.abs(steps - np.median(steps)).mean() + 1e-300)

    def nameless(self, place: int) -> bool:
        """Whether a column has no name but its place."""
        return self.listed[place] == f"x{place}"

    def refuse_trials(self, variables: list[int]) -> None:
        """DoubtfulColumn for a variable that is called a trial: whole numbers that stand still between few changes."""
        if len(variables) < 2:
            return
        for place in variables:
            t, name = self.column(place), self.listed[place]
            if not called_trial(name) or len(t) < FEWEST or not np.isfinite(t).all() or (t != np.rint(t)).any():
                continue
            changes = int(np.count_nonzero(np.diff(t)))
            if not 0 < changes <= len(t) // CHANGES:
                continue
            others = ",".join(self.listed[p] for p in variables if p != place)
            raise DoubtfulColumn(
                f'{self.source}: column "{name}" is called a trial and changes {changes:,} times: stretches, or a '
                f'variable? --trial "{name}" parts the rows there, --columns "{others}" leaves it out, --columns with '
                "its name keeps it (in Python reading.trial, columns)",
                name,
                "trial",
            )

    def refuse_straight(self, variables: list[int]) -> None:
        """DataError for a variable that rises by the same in every row, and for a first one without a name that never
        falls and rises by fits and starts, as times do that are not even."""
        if len(self.values) < STRAIGHT or len(variables) < 2:
            return
        if variables[0] == 0 and self.nameless(0) and self.rises_by_fits(self.column(0)):
            others = ",".join(self.listed[p] for p in variables if p)
            raise DataError(
                f"{self.source}: the first column has no name, never falls and rises unevenly: a time that is not "
                "even, or a variable? --time x0 takes it as the time (--resample makes it even), "
                f'--columns "{others}" leaves it out, "x0,{others}" keeps it (in Python reading.time, columns)'
            )
        for place in variables:
            t, name = self.column(place), self.listed[place]
            if not np.isfinite(t).all() or not t[-1] > t[0] or (axis := judge(t)).dt is None or axis.fault:
                continue
            others = ",".join(self.listed[p] for p in variables if p != place)
            raise DoubtfulColumn(
                f'{self.source}: column "{name}" rises by {axis.dt:.6g} in every row: a time or a counter, hardly a '
                f'variable; --time "{name}" takes it as the time, --columns "{others}" leaves it out, --columns with '
                "its name keeps it (in Python reading.time, columns)",
                name,
                "time",
            )


def _dates_as_numbers(t: np.ndarray, unit: str) -> Times | None:
    """20200131 and 202001 as dates, None for other numbers."""
    if np.abs(t).max(initial=0) > 1e8 or not np.array_equal(t, np.rint(t)):
        return None
    n = t.astype(np.int64)
    if ((n >= 17000101) & (n <= 22991231)).all():
        year, month, day = n // 10000, n // 100 % 100, n % 100
    elif ((n >= 170001) & (n <= 229912)).all():
        year, month, day = n // 100, n % 100, np.ones_like(n)
    else:
        return None
    if not ((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all():
        return None
    months = (year - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (month - 1)
    return from_datetimes(months.astype("datetime64[D]") + (day - 1), unit)
