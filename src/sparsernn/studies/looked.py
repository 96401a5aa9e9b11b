"""What a look at a recording found, as a table, a page, and plain values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparsernn.errors import Undefined
from sparsernn.files.series import Series
from sparsernn.files.units import with_unit
from sparsernn.tasks.base import SPLITS

COARSE = 6.0
"""Rows of the median period below which a plot joins no dots."""
MOST_NAMES = 8
MOST_ALIKE = 3
"""Of what is said of each column, the first so many."""


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


class EmbeddingGeometry(NamedTuple):
    """D_stsp in nats on the test rows: between their halves (`floor`), of the `training` rows, of a run that has
    nothing in common with them (`ceiling`)."""

    floor: float | Undefined
    training: float | Undefined
    ceiling: float | Undefined


class Look(NamedTuple):
    """What `look` found. `series` may hold missing values. `period` in rows (None: nothing repeats), `half_period` the
    period that halves the variance; `noise` the sd of white noise in sd of each column (None: sampled too coarsely to
    tell); `peak` the period of the strongest frequency of each column, in rows; `rows` to train, validate, test;
    `command` the line to try, None where the data must be mended first, `takes` how long it will take."""

    series: Series
    stretches: tuple[int, ...]
    period: float | None
    half_period: float | None
    noise: tuple[float | None, ...]
    peak: tuple[float | None, ...]
    lags: tuple[int, ...] | None
    embedding: str
    split: tuple[int, int, int]
    geometry: EmbeddingGeometry
    warnings: tuple[Caution, ...]
    command: str | None
    takes: str | None

    def facts(self) -> list[tuple[str, str]]:
        """(what, in words) of everything but the warnings, for a table."""
        series, dt, unit = self.series, self.series.dt, self.series.time_unit
        pairs = zip(series.names, series.units or ("",) * 10**4, strict=False)
        shown = [with_unit(*pair) for pair in pairs]
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
            ("rhythm", self._turns(self.period, "nothing repeats regularly" if self.half_period else "unknown")),
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
        write_look(path, title, view, self.facts(), said, series.notes, self.command, self.takes)

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
            "takes": self.takes,
        } | ({"undefined": undefined} if undefined else {})


def _several(texts: Sequence[str]) -> str:
    """The first few of what is said of each column; once where it is the same for all."""
    if len(set(texts)) == 1:
        return texts[0]
    return ", ".join(texts[:MOST_ALIKE]) + (", …" if len(texts) > MOST_ALIKE else "")


def _number(value: float | Undefined) -> str:
    return "undefined" if isinstance(value, Undefined) else f"{value:.3g}"
