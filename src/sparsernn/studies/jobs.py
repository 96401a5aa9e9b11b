"""Pieces of a study: each trains something and says rows of numbers about it; what is on disk is not done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sparsernn.errors import DataError, SpecError, StoreError
from sparsernn.files import sealed
from sparsernn.files.atomic import canonical_json, parse_json, replacing
from sparsernn.progress import Progress
from sparsernn.runs.outcome import Ending
from sparsernn.runs.record import Record
from sparsernn.spec import identity
from sparsernn.training.run_spec import RunSpec
from sparsernn.training.side_by_side import run_all

ROWS, LINES = "rows", "rows.jsonl"
Row = dict[str, Any]


class Job(NamedTuple):
    """One training and what is said about it.

    Args:
        key: its name, one of a kind in a study, such as ``profile/sms/set/seed-3``.
        decides: all that decides the rows, in plain values as the study states them: defaults of this library are left
            out, so that rows stay valid when parts gain fields.
        spec: what is trained.
        rows: from the finished record to rows of plain values and `Undefined`.
        version: to be raised whenever rows would say other numbers than before.
    """

    key: str
    decides: Mapping[str, Any]
    spec: RunSpec
    rows: Callable[[Record], Sequence[Row]]
    version: int = 1


def carry_out(
    jobs: Sequence[Job], out: Path, progress: Progress, workers: int = 2, known: Iterable[Path] = ()
) -> list[Row]:
    """The rows of all jobs, in their order.

    `out` holds the runs (``runs``), one file of rows a job (``rows``), and all of them as lines (``rows.jsonl``). A job
    whose rows are there, made from the same spec and the same data, is not done again, and its run may be deleted.
    `known` are further files of lines, such as those that are published with this library: what they hold is taken
    over. A training that diverged has one row with its outcome and no numbers. Ctrl-C stops between compiled calls;
    what is reached is saved.

    Raises StoreError for damaged files, `Interrupted` where it was stopped.
    """
    names = [job.key for job in jobs]
    if len({*names}) < len(names):
        raise SpecError("two jobs of a study have one key")
    if not jobs:
        raise SpecError("nothing is left to train with these tasks, cells and parts; ask for more of them")
    claim(out)
    marks = {job.key: _mark(job) for job in jobs}
    found = _taken_over(known, marks)
    for job in jobs:
        place = _place(out, marks[job.key])
        if place.is_file():
            found[job.key] = _read(place)
        elif job.key in found:
            _keep(place, job.key, marks[job.key], found[job.key])
    missing = [job for job in jobs if job.key not in found]
    before = len(jobs) - len(missing)

    def ended(number: int, record: Record) -> None:
        job = missing[number]
        if record.outcome.name in (Ending.FINISHED, Ending.DIVERGED):
            finished = record.outcome.name == Ending.FINISHED
            rows = list(job.rows(record)) if finished else [{"outcome": record.outcome.name, "why": record.outcome.why}]
            rows = [rounded({"key": job.key, **row}) for row in rows]
            _keep(_place(out, marks[job.key]), job.key, marks[job.key], rows)
            found[job.key] = rows
            progress("trainings", before + sum(j.key in found for j in missing), len(jobs))

    if missing:
        run_all([job.spec for job in missing], out / "runs", progress, workers, ended)
    rows = [row for job in jobs for row in found.get(job.key, ())]
    write_lines(out / LINES, rows, marks)
    return rows


def claim(out: Path) -> None:
    """Make the directory of a study. StoreError, and nothing written, where it holds something else."""
    if out.exists() and not out.is_dir():
        raise StoreError(f"{out} is a file; give a directory for the study")
    if out.is_dir() and not (out / ROWS).is_dir() and any(out.iterdir()):
        raise StoreError(
            f"{out} holds something else (no {ROWS} in it) and would be written over; give an empty or a new directory"
        )
    try:
        (out / ROWS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{out} cannot be made ({error.strerror})") from None


def _keep(place: Path, key: str, mark: str, rows: list[Row]) -> None:
    with replacing(place) as file:
        file.write(sealed.dump("rows", {"key": key, "mark": mark, "rows": rows}))


def rounded(value: Any) -> Any:
    """Plain values with floats of six significant digits: more than any of them means, and half of the size."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, Mapping):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(entry) for entry in value]
    return value


def _mark(job: Job) -> str:
    """What the rows of a job are known by: its key, settings, version, and the data."""
    about = {"key": job.key, "decides": job.decides, "version": job.version, "data": job.spec.task.content_hash()}
    return identity(about)


def _place(out: Path, mark: str) -> Path:
    return out / ROWS / f"{mark[:16]}.json"


def _read(place: Path) -> list[Row]:
    try:
        return list(sealed.parse(place.read_bytes(), place)["rows"])
    except (DataError, KeyError) as error:
        raise StoreError(f"{error}; delete {place}, and the same command makes it anew") from None


def write_lines(path: Path, rows: Sequence[Row], marks: Mapping[str, str]) -> None:
    """One JSON object a line, each with the mark of what made it, and `of`, how many rows its job has."""
    of = Counter(row["key"] for row in rows)
    with replacing(path) as file:
        for row in rows:
            file.write(canonical_json({"mark": marks[row["key"]], "of": of[row["key"]], **row}) + b"\n")


def read_lines(path: Path) -> list[Row]:
    """The rows of a file of lines, with their marks. StoreError where it is none."""
    rows = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror})") from None
    for number, line in enumerate(lines, 1):
        try:
            row = parse_json(line, path)
        except DataError:
            row = None
        known = isinstance(row, dict) and all(isinstance(row.get(name), str) for name in ("key", "mark"))
        if not known or not isinstance(row.get("of"), int):
            raise StoreError(
                f"{path}, line {number}: expected a JSON object with key, mark and of, as a study writes them"
            )
        rows.append(row)
    return rows


def _taken_over(known: Iterable[Path], marks: Mapping[str, str]) -> dict[str, list[Row]]:
    """The rows of each job from the first file that has them."""
    found: dict[str, list[Row]] = {}
    for path in known:
        here: dict[str, list[Row]] = {}
        for row in read_lines(path):
            if marks.get(row["key"]) == row["mark"]:
                here.setdefault(row["key"], []).append(row)
        for key, rows in here.items():
            if len(rows) != rows[0]["of"]:
                raise StoreError(f"{path} has {len(rows)} of {rows[0]['of']} rows of {key}; take the whole file")
            found.setdefault(key, [{k: v for k, v in row.items() if k not in ("mark", "of")} for row in rows])
    return found
