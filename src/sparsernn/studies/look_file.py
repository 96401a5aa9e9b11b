"""A file to look at: read as it would be for training, or, where that is refused, as far as it can be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sparsernn.dynamics.oddities import missing
from sparsernn.dynamics.oddities.base import Oddity
from sparsernn.errors import DataError, SpecError
from sparsernn.files.axes import DoubtfulColumn
from sparsernn.files.columns import RawTable
from sparsernn.files.example import EXAMPLES
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.files.series import Series, read_loosely, read_series
from sparsernn.spec import build
from sparsernn.systems import SYSTEMS
from sparsernn.tasks.reconstruction import Reconstruction
from sparsernn.tasks.recording import series_of

UNEVEN, TRIALS = "uneven_time", "trials"
Source = str | Path | Sequence[str | Path]


class Way(NamedTuple):
    """What may be asked of a reader that refuses an uneven time, and the options that ask it."""

    fields: dict[str, object]
    options: tuple[tuple[str, str], ...]


WAYS = (
    Way({"gaps": "cut"}, (("--gaps", "cut"),)),
    Way({"resample": True}, (("--resample", ""),)),
    Way({"gaps": "cut", "resample": True}, (("--gaps", "cut"), ("--resample", ""))),
    Way({"time": "none"}, ()),
)
"""In the order in which they are tried: cutting at pauses invents nothing, the last shows the rows as they come."""


def series_to_look_at(
    source: Source, *, columns: Sequence[str | int] | None = None, dt: float | None = None, reading: Reading = AS_FOUND
) -> tuple[Series, list[Oddity]]:
    """The series and what is odd about the file itself. A file that is refused because values are missing or a column
    is constant is read loosely: missing values stay (NaN), constant columns too. One that is refused because its times
    are not even is read in the first of `WAYS` that works, one with a column that
    looks like the time or the trial as if it were. DataError and SpecError as of `read_series` where a file is
    refused for anything else, or cannot be read at all. The name of a recording that ships or of a known system (its
    first 100,000 rows) stands for it.
    """
    if known := _known(source):
        return series_of(
            build(Reconstruction, {known: str(source)} | ({} if columns is None else {"columns": columns}))
        ), []
    try:
        return read_series(source, columns=columns, dt=dt, reading=reading), []
    except DoubtfulColumn as error:
        way = Way({error.part: error.column}, ((f"--{error.part}", error.column),))
        how = replace(reading, **way.fields)  # type: ignore[arg-type]
        series, found = series_to_look_at(source, columns=columns, dt=dt, reading=how)
        return series, [_refused(TRIALS if error.part == "trial" else UNEVEN, error, source, way), *found]
    except DataError as error:
        refused = error
    try:
        return _judged(read_loosely(source, columns=columns, reading=reading), source, dt, refused), []
    except DataError as error:
        if str(error) != str(refused):  # the table itself has two faults: the times come first
            refused = error
    for way in WAYS:
        how = replace(reading, **way.fields)  # type: ignore[arg-type]
        try:
            try:
                series = read_series(source, columns=columns, dt=dt, reading=how)
                return series, [_refused(UNEVEN, refused, source, way), *_cut_out(series)]
            except DataError:
                table = read_loosely(source, columns=columns, reading=how)
                return _judged(table, source, dt, refused), [_refused(UNEVEN, refused, source, way)]
        except (DataError, SpecError):
            continue
    raise refused


def _known(source: Source) -> str | None:
    """The field of `Reconstruction` that a name belongs to which is no file."""
    if not isinstance(source, str | Path) or Path(source).exists():
        return None
    return "recording" if str(source) in EXAMPLES else "system" if str(source) in SYSTEMS else None


def _judged(table: RawTable, source: Source, dt: float | None, refused: DataError) -> Series:
    """A loose table as a series with its holes; the error stands where holes and constant columns do not explain it."""
    values = np.asarray(table.values, np.float64)
    if values.ndim != 2 or len(values) < max(2, values.shape[1]) or values.shape[1] == 0:
        raise refused
    finite = np.isfinite(values)
    low, high = np.where(finite, values, np.inf).min(axis=0), np.where(finite, values, -np.inf).max(axis=0)
    if finite.all() and (low < high).all():
        raise refused
    name = str(source) if isinstance(source, str | Path) else ", ".join(map(str, source))
    note = f"reconstruct refuses this file as it is: {_plain(refused, source)}"
    return Series(
        np.ascontiguousarray(values),
        table.names,
        table.dt if dt is None else float(dt),
        name,
        "",
        table.starts,
        table.units,
        (table.dt_source or "unknown") if dt is None else "given",
        table.time_unit,
        (*table.notes, note),
    )


def _refused(code: str, refused: DataError, source: Source, way: Way) -> Oddity:
    """The reader's own sentence: what is doubtful, then the ways out."""
    text, *ways = re.split(r"(?:; |(?<=\?) )(?=--|sort|choose)", _plain(refused, source), maxsplit=1)
    mend = ways[0] if ways else "--columns chooses what is to be learned"
    return Oddity(
        code, None, text, re.sub(r" \((in Python )?(reading\.\w+|columns=?|, )+\)", "", mend), options=way.options
    )


def _cut_out(series: Series) -> list[Oddity]:
    """Missing values that had to be cut out before the times could be made even."""
    said = [note for note in series.notes if "missing value" in note]
    mend = "--gaps cut takes the rows between as stretches of their own, --gaps interpolate fills them by lines"
    return [Oddity(missing.CODE, None, note, mend, options=(("--gaps", "cut"),)) for note in said]


def _plain(refused: DataError, source: Source) -> str:
    """The message without the name of the file, which stands above everything."""
    names = [str(source)] if isinstance(source, str | Path) else [str(one) for one in source]
    text = str(refused)
    for name in names:
        text = text.removeprefix(f"{name}: ")
    return text
