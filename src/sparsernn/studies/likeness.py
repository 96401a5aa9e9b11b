"""Like with like: the two sides of a comparison, and whether the same was done to both."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

import numpy as np

from sparsernn.errors import SparseRNNError, SpecError
from sparsernn.files.columns import choose, matched
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.files.series import read_loosely, read_series
from sparsernn.files.table_out import comments_of
from sparsernn.runs.record import Record
from sparsernn.studies.free_run import Generated, like_test, preparation_of, prepared_of, test_stretch
from sparsernn.tasks.prepared import hash_of

RAW: dict[str, Any] = {"detrend": 0.0, "smooth": 0.0, "every": 1, "lags": None, "standardized": False}
"""What was done to a recording that nothing was done to."""
WORDS = {
    "detrend": "slow drift removed",
    "smooth": "smoothed",
    "every": "rows left out",
    "lags": "delay-embedded",
    "standardized": "in standard deviations",
}


class Side(NamedTuple):
    """One series of a comparison: `values` (T, N), what is known of them, and `about`: what was done to them, as
    `preparation_of` gives it (None: the file does not say). `label` names it; `notes` are for the user; `record` is the
    run it comes from, if it was given as one."""

    values: np.ndarray
    names: tuple[str, ...]
    dt: float | None
    starts: tuple[int, ...]
    about: dict[str, Any] | None
    label: str
    notes: tuple[str, ...] = ()
    record: Record | None = None


def of_run(directory: Path, columns: Sequence[str | int] | None, *, data: bool) -> Side:
    """The test stretch of a run (`data`), or a free run of it that is as long."""
    record = Record(directory)
    made: Generated = test_stretch(record) if data else like_test(record)
    picked = choose(made.names, columns, str(directory))
    label = f"{directory}, {'test stretch' if data else 'a free run'}"
    notes = () if (changed := prepared_of(record).changed_since()) is None else (changed,)
    return Side(
        made.values[:, picked],
        tuple(made.names[i] for i in picked),
        made.dt,
        made.starts,
        preparation_of(made.comments),
        label,
        notes,
        record,
    )


def of_file(
    path: Path,
    columns: Sequence[str | int] | None = None,
    dt: float | None = None,
    reading: Reading = AS_FOUND,
    *,
    loosely: bool = False,
) -> Side:
    """A file; `loosely` one that is to be judged, and may be constant or not finite."""
    about = preparation_of(comments_of(path))
    if loosely:
        table = read_loosely(path, columns=columns, reading=reading)
        return Side(
            table.values, table.names, dt or table.dt, tuple(table.starts), about, str(path), tuple(table.notes)
        )
    series = read_series(path, columns=columns, dt=dt, reading=reading)
    return Side(series.values, series.names, series.dt, series.starts, about, str(path), series.notes)


def alike(reference: Side, other: Side) -> Side:
    """`other` with its columns in the order of the reference's. SpecError, naming the command that works, where
    something else was done to one than to the other: rate, filters, embedding, units."""
    _same_preparation(reference, other)
    if reference.dt is not None and other.dt is not None and abs(reference.dt - other.dt) > 1e-6 * reference.dt:
        raise SpecError(
            f"{reference.label} is sampled every {reference.dt:g}, {other.label} every {other.dt:g}: resample one of "
            "them, or give --dt where the files are wrong"
        )
    if len(reference.names) == len(other.names):  # else the comparison says so
        order = matched(reference.names, other.names, reference.label, other.label)
        other = other._replace(values=other.values[:, order], names=reference.names)
    return other


def _same_preparation(reference: Side, other: Side) -> None:
    first, second = reference.about, other.about
    if reference.record is not None and second is None:
        prepared = prepared_of(reference.record)
        if not prepared.preparation or hash_of([Path(other.label)]) != prepared.file_sha256:
            return  # of any program: taken to be like the run's data, as it is held against them
        second = RAW
    if first is None and second is None:
        return
    first, second = first or RAW, second or RAW
    unlike = [name for name in RAW if first.get(name, RAW[name]) != second.get(name, RAW[name])]
    if not unlike:
        return
    done = _done(first if any(first.get(n, RAW[n]) != RAW[n] for n in unlike) else second, unlike)
    odd, plain = (reference, other) if first is not RAW and second is RAW else (other, reference)
    raise SpecError(
        f"{reference.label} and {other.label} are not alike: {odd.label} has {done}, {plain.label} "
        f"{'has not' if RAW in (first, second) else 'something else'}; {_advice(reference, other)}"
    )


def _done(about: dict[str, Any], unlike: list[str]) -> str:
    return ", ".join(f"{WORDS[name]} ({name} {_shown(about.get(name))})" for name in unlike)


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _advice(reference: Side, other: Side) -> str:
    made = next((side for side in (other, reference) if side.about is not None and side.record is None), None)
    run = next((side.record for side in (other, reference) if side.record is not None), None)
    if (made is not None and made.about is not None and made.about.get("standardized")) or made is None:
        place = quote(str(run.directory)) if run is not None else "RUN"
        return f"compare the run with its own test data: sparsernn compare {place}"
    assert made.about is not None
    return (
        "hold it against the run's own test data, prepared alike: sparsernn compare "
        f"{_place(str(made.about['run']), Path(made.label))} {quote(made.label)}"
    )


def _place(run: str, beside: Path) -> str:
    """The directory of a run by its identity, looked for where commands put runs; else words for it."""
    if run.isalnum():
        for base in (Path(), beside.parent):
            for pattern in (run, f"runs/{run}", f"*/runs/{run}", f"*/{run}"):
                for found in sorted(glob.glob(f"{glob.escape(str(base))}/{pattern}/spec.json")):
                    try:
                        return quote(str(Record(Path(found).parent).directory))
                    except SparseRNNError:
                        continue
    return f"RUN (the directory of run {run})"
