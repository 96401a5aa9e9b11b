"""From data in a Python program to a trained, sparse network in one call."""

from __future__ import annotations

import inspect
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError, Interrupted, SpecError, StoreError
from sparsernn.files.arrays import write_recording
from sparsernn.files.reading import Reading
from sparsernn.files.series import Series, read_series
from sparsernn.report.progress import Progress, progress_bars
from sparsernn.spec import build
from sparsernn.studies.cost import expected
from sparsernn.studies.data import READING, in_python, reading_of, refuse_unknown, series_of, without_dashes
from sparsernn.studies.model import Model
from sparsernn.studies.place import claimed, same_recording
from sparsernn.studies.recording import Wish, specs
from sparsernn.training import side_by_side

RECORDING = "recording.safetensors"
"""What holds, beside the runs, data that lay in no file."""
WISHES = tuple(field.name for field in fields(Wish) if field.name not in ("source", "columns", "dt", "density"))


def reconstruct(
    data: Any,
    *,
    dt: float | None = None,
    names: Sequence[str] | None = None,
    columns: Sequence[str | int] | None = None,
    density: float = 0.25,
    seed: int = 0,
    out: str | Path | None = None,
    progress: bool | Progress | None = None,
    workers: int = 2,
    **wish: Any,
) -> Model:
    """Learn the system behind a recording with a recurrent network, make the network sparse, measure it: as the command
    ``sparsernn reconstruct`` does.

    `data`: an array (rows,), (rows, columns) or (trials, rows, columns), a list of trials, a DataFrame, the path of a
    file or a list of paths, or the name of a known system or recording (``lorenz63``, ``ecg``). `dt` is the interval
    between rows, `names` name the columns of an array, `columns` picks some. `density` is the share of the recurrent
    weights to keep (1 prunes nothing). `seed` is the first of `seeds` (default 1).

    `out` is the directory of the result (None: a new temporary one, `Model.directory`); data that lie in no file are
    kept there too. The same call with the same data goes on where it stopped (Ctrl-C, a crash), or returns at once what
    is finished; other data are refused. Every other option of the command is a keyword: `cell`, `hidden`, `epochs`,
    `rounds`, `criteria`, `detrend`, `smooth`, `every`, `lags`, `split`, `gaps`, `trial`, … ``help(sparsernn.Model)``
    says what can be done with the result. Of several criteria or seeds it is the network with the lowest D_stsp on the
    validation stretch; ``Model.load(out, which=…)`` gives the others.

    `progress`: bars on a terminal and in a notebook and lines elsewhere, with what was found and chosen; False is
    silent; a function is called with (what, done, of). `workers` trainings run at a time.

    Raises SpecError for keywords and values that cannot be used (all of them at once), DataError for data that cannot
    be, StoreError where `out` holds something else, Interrupted after Ctrl-C. A training that diverges is no error:
    `Model.outcome` and `Model.verdict` say so.

    >>> model = sparsernn.reconstruct(x, dt=0.1, names=["x", "y"], out="my-run", **quick)
    >>> model.numbers["d_stsp"] >= 0
    True
    """
    refuse_unknown("reconstruct", list(wish), [*inspect.signature(reconstruct).parameters])
    with in_python():
        reading = reading_of(wish)
        columns = (columns,) if isinstance(columns, str | int) else columns
        wish = {k: (v,) if k == "criteria" and isinstance(v, str) else v for k, v in wish.items()}
        wish |= {"density": density}
        asked = _checked({"source": "data"} | wish, seed, workers, out)
        series = series_of(data, names, dt, columns, reading)
        if series is None:
            asked = replace(asked, source=str(data), columns=columns, dt=dt, reading=reading)
        with _place(out, series) as (place, store):
            if series is not None:
                asked = replace(asked, source=str(place / RECORDING))
            wanted, notes = specs(asked)
            wanted = [replace(spec, seed=int(seed) + spec.seed) for spec in wanted]
            same_recording(store, wanted[0])
    notes = [without_dashes(note) for note in notes]
    with _telling(progress) as told:
        if progress is None or progress is True:
            for line in [*map(without_dashes, expected(wanted, place)), *notes]:
                print(line, file=sys.stderr)
        records = side_by_side.run_all(wanted, store, told, workers)
    if any(record.outcome.name == "interrupted" for record in records):
        raise Interrupted(
            f'stopped; what was reached is in {place}: the same call with out="{place}" goes on from there'
        )
    return Model._of(records, place, None, notes)


reconstruct.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        *(p for p in inspect.signature(reconstruct).parameters.values() if p.name != "wish"),
        *(
            inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type)
            for kind in (Wish, Reading)
            for f in fields(kind)
            if f.default is not MISSING and f.name in (*WISHES, *READING)
        ),
    ]
)


def _checked(wish: dict[str, Any], seed: Any, workers: Any, out: Any) -> Wish:
    """The wish. SpecError for all values of a wrong kind at once, before any work."""
    problems = []
    for name, value, least in (("seed", seed, 0), ("workers", workers, 1)):
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer) or value < least:
            problems.append(f"{name} is a whole number of {least} or more, got {value!r}")
    if not isinstance(out, str | Path | None):
        problems.append(f"out is the path of a directory, got {out!r}")
    try:
        asked = build(Wish, wish)
    except SpecError as error:
        problems += error.problems
    if problems:
        raise SpecError(problems)
    return asked


@contextmanager
def _place(out: str | Path | None, series: Series | None) -> Iterator[tuple[Path, Path]]:
    """The directory, with the series in it, and the store in it. What was made for it is taken away again if the block
    fails, where nothing was trained."""
    place = Path(tempfile.mkdtemp(prefix="sparsernn-")) if out is None else Path(out)
    kept, before = place / RECORDING, (place / RECORDING).exists()
    try:
        with claimed(place, ()) as store:
            try:
                if series is not None:
                    _keep(kept, series)
                yield place, store
            except BaseException:
                if not before and not any(store.glob("*/spec.json")):
                    kept.unlink(missing_ok=True)
                raise
    except BaseException:
        if out is None:
            with suppress(OSError):
                place.rmdir()
        raise


def _keep(path: Path, series: Series) -> None:
    """Write a series, unless it is there and whole. StoreError where another one is."""
    try:
        held = read_series(path)
    except (DataError, SpecError):  # not there, or damaged
        write_recording(path, series)
        return
    same = ("names", "dt", "starts", "units", "time_unit")
    if any(getattr(held, name) != getattr(series, name) for name in same) or not np.array_equal(
        held.values, series.values
    ):
        raise StoreError(
            f"{path} holds another recording (or other names, dt or stretches) than these data; give another out"
        )


@contextmanager
def _telling(progress: bool | Progress | None) -> Iterator[Progress]:
    if callable(progress):
        yield progress
        return
    with progress_bars(quiet=progress is False) as bars:
        yield bars
