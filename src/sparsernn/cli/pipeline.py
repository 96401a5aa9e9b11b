"""What `demo` and `reconstruct` do with their specs: train, a page after every stage, tables, weights, exit code."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sparsernn.report.write import WrittenReport
    from sparsernn.runs.store import Record
    from sparsernn.training.run_spec import RunSpec

PAGE_SECONDS, PAGE_SHARE = 10.0, 0.1
"""Pages between stages may take so long together, or that share of the time since the beginning; the first is always
written."""
UNDER_WAY = ("interrupted", "failed", "paused", "running")


def say(quiet: bool, text: str) -> None:
    """A line on standard output, unless that belongs to JSON."""
    if not quiet:
        typer.echo(text)


def carry_out(
    wanted: Sequence[RunSpec],
    out: Path,
    title: str,
    notes: Sequence[str],
    json: bool,
    workers: int = 2,
    before: str = "",
    known: bool = False,
    told: bool = False,
    claiming: Callable[[], None] = lambda: None,
) -> None:
    """Train all specs below `out`, with a page after every stage, then the whole report; leave with the right code.

    `before` is said, and `claiming` called, once `out` is found usable. `known`: its runs are known to be of these
    data. `told`: the notes were said already and are not said again. A command that fails before anything was trained
    leaves no directory behind.
    """
    from sparsernn.cli.progress import progress_bars
    from sparsernn.studies.place import claimed
    from sparsernn.training import side_by_side

    with claimed(out, () if known else wanted) as store:
        claiming()
        if before:
            say(json, before)
        with progress_bars(quiet=json) as progress:
            pages = Pages(wanted, out, title, notes)
            records = side_by_side.run_all(wanted, store, progress, workers, pages.at_stage)
    conclude(records, out, title, notes, json, told)


# ------------------------------------------------------------------------------------------ pages between stages


class Pages:
    """The page after every stage: complete for what is known, marked as "so far". One writer at a time: a stage that
    ends while another thread writes is shown by that thread, once it is through."""

    def __init__(self, wanted: Sequence[RunSpec], out: Path, title: str, notes: Sequence[str]):
        self.wanted, self.out, self.title, self.notes = wanted, out, title, notes
        self.latest: dict[int, Record] = {}
        self.told, self.shown = 0, 0
        self.writing, self.counting = threading.Lock(), threading.Lock()
        self.began, self.spent = time.monotonic(), 0.0

    def at_stage(self, number: int, record: Record) -> None:
        """To be told of each stage that has ended, by any thread."""
        with self.counting:
            self.latest[number] = record
            self.told += 1
        while self.shown < self.told and self._left() and self.writing.acquire(blocking=False):
            try:
                began = time.monotonic()
                self._write()
                self.spent += time.monotonic() - began
            finally:
                self.writing.release()

    def _left(self) -> bool:
        """Whether some of the stages wanted have not ended: the last page is not written twice."""
        with self.counting:
            over = len(self.latest) == len(self.wanted) and all(self._over(i) for i in self.latest)
        allowed = max(PAGE_SECONDS, PAGE_SHARE * (time.monotonic() - self.began))
        return not over and (self.shown == 0 or self.spent < allowed)

    def _over(self, number: int) -> bool:
        record, spec = self.latest[number], self.wanted[number]
        return record.outcome.name != "finished" or record.round >= (spec.rounds.count if spec.rounds else 0)

    def _write(self) -> None:
        from sparsernn.errors import SparseRNNError
        from sparsernn.report.write import write_report

        with self.counting:
            known, self.shown = dict(self.latest), self.told
        if all(self._finished_before(record) for record in known.values()):
            return
        with suppress(SparseRNNError):  # the report at the end meets it again, and says so
            records = [known[i] for i in sorted(known)]
            write_report(records, self.out, self.title, self.notes, so_far=self.so_far(known))

    def _finished_before(self, record: Record) -> bool:
        """Whether the page there is already later than this stage: the same command again, going through what is on
        disk."""
        page, outcome = self.out / "report.html", record.directory / "outcome.json"
        try:
            return page.stat().st_mtime_ns > outcome.stat().st_mtime_ns
        except OSError:
            return False

    def so_far(self, known: dict[int, Record]) -> str:
        """``So far: round 0 of 2. Still to come: …``"""
        from sparsernn.training.side_by_side import name_of

        done, waiting = [], []
        for i, spec in enumerate(self.wanted):
            rounds, name = spec.rounds.count if spec.rounds else 0, name_of(spec)
            record = known.get(i)
            if record is not None:
                done.append(f"round {record.round} of {rounds} ({name})" if rounds else name)
                if record.outcome.name == "finished" and record.round < rounds:
                    waiting.append(f"round {record.round + 1} of {rounds} ({name})")
            else:
                waiting.append(f"round 0 of {rounds} ({name})" if rounds else name)
        said = f"So far: {', '.join(done)}."
        if waiting:
            said += f" Still running or to come: {', '.join(waiting)}."
        return said + " This page is written anew after every stage; figures and tables as files come at the end."


# ------------------------------------------------------------------------------------------------------- the end


def conclude(
    records: Sequence[Record], out: Path, title: str, notes: Sequence[str], json: bool, told: bool = False
) -> None:
    """Write the report beside the runs, print its table, keep every run's last weights, leave with the right code."""
    from sparsernn.cli.output import leave, print_json
    from sparsernn.cli.progress import progress_bars
    from sparsernn.report.write import write_report

    for record in records:
        if record.outcome.name in UNDER_WAY:
            if json:
                print_json({"out": str(out), "directory": str(record.directory), "outcome": record.outcome._asdict()})
            leave(record.outcome, record)
    with progress_bars(quiet=json) as progress:
        report = write_report(records, out, title, notes, progress)
    weights = _keep_weights(records, out)
    if json:
        print_json({"out": str(out), "report": str(report.html), **report.plain(), "notes": list(notes)})
    else:
        print_report(report, title)
        for note in () if told else notes:
            typer.echo(f"\n{note}")
        typer.echo(f"\nreport: {report.html}\nfigures: {out / 'figures'}  tables: {out / 'tables'}  weights: {weights}")
    for record in records:
        leave(record.outcome, record)


def print_report(report: WrittenReport, title: str = "") -> None:
    """The verdict, its grade first, then the tables, task by task."""
    from sparsernn.cli.output import print_table
    from sparsernn.report.grade_numbers import GRADES

    several = len(report.comparisons) > 1
    everything = zip(report.comparisons, report.said(), report.tables, report.baselines, strict=True)
    for i, (comparison, said, table, rivals) in enumerate(everything):
        first, *rest = said
        grade, colon, what = first.partition(": ")
        if several and colon and grade.lower() in GRADES:
            first = f"{grade}: {comparison.task}. {what}"
        elif several:
            first = f"{comparison.task}: {first}"
        typer.echo("\n" + first if i else first)
        for sentence in rest:
            typer.echo(sentence)
        typer.echo("")
        print_table(comparison.task if several else title or table.title, table.columns, table.plain())
        if rivals.rows:
            print_table(rivals.title, rivals.columns, rivals.plain())


def _keep_weights(records: Sequence[Record], out: Path) -> Path:
    """Every run's last weights and masks under the names of their runs; those that are there already stay."""
    from sparsernn.errors import StoreError
    from sparsernn.files.atomic import replacing

    weights = out / "weights"
    try:
        weights.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(f"{weights} cannot be made ({error.strerror}); move away what is there") from None
    for record in records:
        for part in ("weights", "masks"):
            source, kept = (
                record.directory / f"{part}.safetensors",
                weights / f"{record.directory.name}-{part}.safetensors",
            )
            if source.is_file():
                content = source.read_bytes()
                if not kept.is_file() or kept.read_bytes() != content:
                    with replacing(kept) as file:
                        file.write(content)
    return weights
