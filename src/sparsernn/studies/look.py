"""A look at a recording before anything is trained on it: what it holds, what is odd about it, which command to try."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.dynamics.dstsp.definition import definition_for
from sparsernn.dynamics.embedding import choose_lags, embed
from sparsernn.dynamics.oddities.base import Oddity, longest, stretches
from sparsernn.dynamics.oddities.check import Piece, oddities, without_holes
from sparsernn.dynamics.oddities.outliers import yardsticks
from sparsernn.dynamics.oddities.periodic import rhythm
from sparsernn.dynamics.power_spectrum import median_period, regular_period, white_noise
from sparsernn.errors import DataError, SpecError, Undefined
from sparsernn.files.series import Series
from sparsernn.studies.look_file import UNEVEN
from sparsernn.tasks.base import SPLITS
from sparsernn.tasks.reconstruction import Reconstruction

SPLIT = (0.6, 0.2, 0.2)
SEQUENCE = 100
"""Shortest training sequence that is chosen for a user."""
NOISY, SLOW, ROWS_A_TURN, LEAST_ROWS = 0.03, 300, 100, 3_000
"""White noise, in sd, from which on smoothing is advised; rows of a rhythm from which on fewer rows a turn are advised,
how many, and how many rows must be left."""
COARSE = 6.0
"""Rows of the median period below which noise and signal look alike from one row to the next."""
EMBEDDED_ROWS, GEOMETRY_ROWS, GEOMETRY_COLUMNS = 20_000, 10_000, 16
"""What embedding and D_stsp are computed on: rows in one piece, rows evenly spread, columns evenly spread."""
MOST_NAMES = 8
MOST_ALIKE = 3
"""Warnings of one code that are listed column by column; more are put into one."""


class Caution(NamedTuple):
    """A warning: its `code`, the name of the `column` (None: all, or the rows), a sentence, and what to `try_`."""

    code: str
    column: str | None
    text: str
    try_: str

    def to_dict(self) -> dict[str, str | None]:
        """For JSON: ``code``, ``column``, ``text``, ``try``."""
        return {"code": self.code, "column": self.column, "text": self.text, "try": self.try_}

    def __str__(self) -> str:
        place = "" if self.column is None else f"{self.column}: "
        return f"{self.code}: {place}{self.text}. Try: {self.try_}"


class Geometry(NamedTuple):
    """D_stsp in nats on the test rows: between their halves (`floor`), of the `training` rows, of a run that has
    nothing in common with them (`ceiling`)."""

    floor: float | Undefined
    training: float | Undefined
    ceiling: float | Undefined


class Look(NamedTuple):
    """What `look` found. `series` may hold missing values. `period` in rows (None: nothing repeats), `half_period` the
    period that halves the variance; `noise` the sd of white noise in sd of each column (None: sampled too coarsely to
    tell); `peak` the period of the strongest frequency of each column, in rows; `rows` to train, validate, test;
    `command` the line to try, None where the data must be mended first."""

    series: Series
    stretches: tuple[int, ...]
    period: float | None
    half_period: float | None
    noise: tuple[float | None, ...]
    peak: tuple[float | None, ...]
    lags: tuple[int, ...] | None
    embedding: str
    split: tuple[int, int, int]
    geometry: Geometry
    warnings: tuple[Caution, ...]
    command: str | None

    def facts(self) -> list[tuple[str, str]]:
        """(what, in words) of everything but the warnings, for a table."""
        series, dt, unit = self.series, self.series.dt, self.series.time_unit
        shown = [f"{n} [{u}]" if u else n for n, u in zip(series.names, series.units or ("",) * 10**4, strict=False)]
        more = f" and {len(shown) - MOST_NAMES} more" if len(shown) > MOST_NAMES else ""
        rows = f"{len(series.values):,}"
        if len(self.stretches) > 1:
            rows += f" in {len(self.stretches)} stretches of " + (
                f"{min(self.stretches):,} to {max(self.stretches):,}"
                if len(set(self.stretches)) > 1
                else f"{self.stretches[0]:,}"
            )
        interval = "unknown: give --dt" if dt is None else f"{dt:.6g} {unit}".rstrip()
        source = "" if dt is None or series.dt_source == "unknown" else f" ({series.dt_source})"
        known = [n for n in self.noise if n is not None]
        level = (
            "unknown"
            if not known and self.half_period is None
            else "cannot be told apart from the motion: sampled too coarsely"
            if not known
            else _several([f"{n:.2g}" for n in known]) + " sd"
        )
        found = self.geometry
        share = (
            f"floor {_number(found.floor)}, training rows {_number(found.training)}, ceiling {_number(found.ceiling)}"
        )
        return [
            ("columns", f"{len(shown)}: {', '.join(shown[:MOST_NAMES])}{more}"),
            ("rows", rows),
            ("interval", interval + source),
            ("rhythm", self._turns(self.period, "nothing repeats regularly")),
            ("half of the variance", self._turns(self.half_period, "unknown", "slower than ")),
            (
                "strongest frequency",
                _several([self._turns(p, "unknown" if self.half_period is None else "none") for p in self.peak]),
            ),
            ("white noise", level),
            (
                "embedding",
                self.embedding
                if self.lags is None
                else f"lags {', '.join(map(str, self.lags))} rows ({self.embedding})",
            ),
            ("train, validate, test", " + ".join(f"{n:,}" for n in self.split) + " rows"),
            ("D_stsp of the test rows", share),
        ]

    def _turns(self, rows: float | None, nothing: str, before: str = "") -> str:
        if rows is None:
            return nothing
        dt = self.series.dt
        spent = "" if dt is None else f" = {rows * dt:.4g} {self.series.time_unit}".rstrip()
        return f"{before}{rows:.4g} rows{spent}"

    def write(self, path: Path) -> None:
        """The page with pictures, a self-contained HTML file."""
        from sparsernn.report.figures.look.view import View
        from sparsernn.report.look_page import write_look  # plotly: not before every training

        series = self.series
        lag = self.lags[1] if self.lags is not None and len(self.lags) > 1 else None
        turn = self.period or self.half_period
        view = View(
            np.asarray(series.values, np.float64),
            series.names,
            series.units,
            series.dt,
            series.time_unit,
            series.starts,
            turn,
            lag or max(1, round((turn or 4) / 4)),
            self.half_period is not None and self.half_period < COARSE,
        )
        title = f"A look at {Path(series.source).name}"
        said = [w.to_dict() for w in self.warnings]
        write_look(path, title, view, self.facts(), said, series.notes, self.command)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; what is undefined is None, its reason under `undefined`."""
        series, dt = self.series, self.series.dt
        undefined = {f"d_stsp.{k}": str(v) for k, v in self.geometry._asdict().items() if isinstance(v, Undefined)}
        known = [n for n in self.noise if n is not None]
        return {
            "source": series.source,
            "rows": len(series.values),
            "columns": list(series.names),
            "units": list(series.units),
            "dt": dt,
            "dt_source": series.dt_source if dt is not None else "unknown",
            "time_unit": series.time_unit,
            "stretches": list(self.stretches),
            "gaps": len(self.stretches) - 1,
            "period": self.period,
            "period_time": None if self.period is None or dt is None else self.period * dt,
            "half_period": self.half_period,
            "noise": float(np.median(known)) if known else None,
            "noise_per_column": list(self.noise),
            "spectrum": [
                {"column": n, "period": p, "frequency": None if p is None or dt is None else 1 / (p * dt)}
                for n, p in zip(series.names, self.peak, strict=True)
            ],
            "embedding": {"lags": None if self.lags is None else list(self.lags), "why": self.embedding},
            "split": dict(zip(SPLITS, self.split, strict=True)),
            "d_stsp": {k: None if isinstance(v, Undefined) else v for k, v in self.geometry._asdict().items()},
            "warnings": [w.to_dict() for w in self.warnings],
            "notes": list(series.notes),
            "command": self.command,
        } | ({"undefined": undefined} if undefined else {})


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
    odd = [*found, *oddities(series.values, series.starts, shares, SEQUENCE)]
    piece = without_holes(np.asarray(series.values, np.float64), series.starts)
    values, starts = piece
    refused = any(o.refused for o in odd)
    moving = [i for i in range(values.shape[1]) if len(values) and np.ptp(values[:, i]) > 0] if not refused else []
    main = longest(values[:, moving], starts) if moving else np.empty((0, 0))
    codes = {o.code for o in odd}
    usable = len(main) >= 16 and bool((np.ptp(main, axis=0) > 0).all())
    half = median_period(main) if usable else None
    turn = _period(main, starts=(0,), moved="nonstationary" in codes) if usable else None
    sure = half is not None and (half >= COARSE or "noise_only" in codes)
    level = dict(zip(moving, white_noise(main), strict=True)) if usable and sure else {}
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
    )
    if refused or not moving or any(o.code == UNEVEN and not o.options for o in found):
        return looked
    return looked._replace(command=_command(looked, odd, moving, files or (series.source,), given))


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
    return cautions(odd, series.names)


def refusals(series: Series) -> list[str]:
    """What must not set the yardstick of a measure: a sentence for each column with a fill value, overflow, or a range
    made by a few rows. Empty where the series may be used."""
    finite = series.values[np.isfinite(series.values).all(axis=1)]
    return [str(c) for c in cautions(yardsticks(finite), series.names)]


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
    return None if found is None else float(found)


def _peak(column: NDArray[np.float64]) -> float | None:
    power = np.abs(np.fft.rfft((column - column.mean()) * np.hanning(len(column)))) ** 2
    place = int(np.argmax(power[1:])) + 1
    return len(column) / place if power[place] > 0 else None


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
) -> Geometry:
    edges = np.round(np.cumsum(split) * len(values)).astype(int)
    train, test = values[: edges[0]], values[edges[1] :]
    nothing = Undefined("too few rows, or values that no measure can use")
    if values.size == 0 or len(train) < 20 or len(test) < 20:
        return Geometry(nothing, nothing, nothing)
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
        return Geometry(
            stsp.floor(test, definition, len(test)),
            stsp.divergence(reference, train),
            stsp.ceiling(reference, len(train)),
        )
    except (DataError, SpecError) as error:
        reason = Undefined(str(error))
        return Geometry(reason, reason, reason)


def _several(texts: Sequence[str]) -> str:
    """The first few of what is said of each column; once where it is the same for all."""
    if len(set(texts)) == 1:
        return texts[0]
    return ", ".join(texts[:MOST_ALIKE]) + (", …" if len(texts) > MOST_ALIKE else "")


def _number(value: float | Undefined) -> str:
    return "undefined" if isinstance(value, Undefined) else f"{value:.3g}"


# ------------------------------------------------------------------------------------------------------------- command


def _command(
    looked: Look, odd: Sequence[Oddity], moving: Sequence[int], files: Sequence[str], given: Sequence[str]
) -> str:
    """The line to try, with what mends the oddities that an option mends."""
    series, options = looked.series, list(given)
    chosen: dict[str, str] = {}
    for oddity in odd:
        for name, value in oddity.options:
            if name == "--detrend" and name in chosen:
                value = str(min(int(value), int(chosen[name])))
            if name in ("--smooth", "--sequence") and name in chosen:
                value = str((max if name == "--smooth" else min)(int(value), int(chosen[name])))
            chosen[name] = value
    leave = {o.column for o in odd if o.code == "duplicates"} | (set(range(len(series.names))) - set(moving))
    kept = [i for i in range(len(series.names)) if i not in leave]
    if len(kept) < len(series.names) and kept and "--columns" not in options:
        options += ["--columns", columns_text([series.names[i] for i in kept])]
    known = [n for i, n in enumerate(looked.noise) if n is not None and i in kept]
    if known and float(np.median(known)) > NOISY and not {"noise_only", "too_short"} & {o.code for o in odd}:
        chosen.setdefault("--smooth", "1")
    turn = looked.period or looked.half_period or 0.0
    every = int(turn / ROWS_A_TURN)
    moved = {"nonstationary", "too_short", "noise_only"} & {o.code for o in odd}
    if looked.period and turn > SLOW and not moved and len(series.values) // every >= LEAST_ROWS:
        chosen.setdefault("--every", str(every))
    chosen |= _short(looked, kept, chosen)
    for name, value in chosen.items():
        if name not in options:
            options += [name, value] if value else [name]
    return shlex.join(["sparsernn", "reconstruct", *files, *options, "--out", "my-run"])


def _short(looked: Look, kept: Sequence[int], chosen: dict[str, str]) -> dict[str, str]:
    """Lags and sequence that so few rows leave room for."""
    fewest = min(looked.split) // int(chosen.get("--every", 1))
    out: dict[str, str] = {}
    if len(kept) == 1 and looked.lags is None:
        out["--lags"] = "0,1" if fewest >= 6 else "0"
        fewest -= 1
    elif len(kept) == 1 and looked.lags is not None:
        longest_lag = max(looked.lags)
        if fewest - longest_lag < 12:
            out["--lags"] = "0,1"
            longest_lag = 1
        fewest -= longest_lag
    if fewest < int(chosen.get("--sequence", SEQUENCE)) + 2:
        out["--sequence"] = str(max(1, min(fewest - 2, max(fewest // 2, 1))))
    return out


def columns_text(names: Sequence[str]) -> str:
    """Names as --columns takes them: by comma, quoted where they hold one."""
    return ",".join(f'"{n.replace(chr(34), 2 * chr(34))}"' if "," in n or '"' in n else n for n in names)
