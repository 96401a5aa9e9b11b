"""What `demo` and `reconstruct` do with their records: report, tables, weights, exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sparsernn.training.store import Record


def say(quiet: bool, text: str) -> None:
    """A line on standard output, unless that belongs to JSON."""
    if not quiet:
        typer.echo(text)


def claim(out: Path) -> Path:
    """The store in `out`, made if need be. StoreError, and nothing written, if `out` holds something else."""
    from sparsernn.errors import StoreError
    from sparsernn.training.store import MARKER, open_store

    store = out / "runs"
    if out.exists() and not out.is_dir():
        raise StoreError(f"{out} is a file; give a directory for the results")
    if out.is_dir() and not (store / MARKER).is_file() and any(p.name != store.name for p in out.iterdir()):
        raise StoreError(
            f"{out} holds something else (no {store.name}/{MARKER} in it) and would be written over; "
            "give an empty or a new directory"
        )
    return open_store(store)


def conclude(records: Sequence[Record], out: Path, title: str, notes: Sequence[str], json: bool) -> None:
    """Write the report beside the runs, print its table, keep every run's last weights, leave with the right code."""
    from sparsernn.cli.output import leave, print_json, print_table
    from sparsernn.cli.progress import telling
    from sparsernn.errors import StoreError
    from sparsernn.files.atomic import replacing
    from sparsernn.report.write import write_report

    for record in records:
        if record.outcome.name in ("interrupted", "failed", "paused", "running"):
            if json:
                print_json({"out": str(out), "directory": str(record.directory), "outcome": record.outcome._asdict()})
            leave(record.outcome, record)
    with telling(quiet=json) as tell:
        tell("report", 0, 1)
        report = write_report(records, out, title, notes, tell)
    weights = out / "weights"
    try:
        weights.mkdir(exist_ok=True)
    except OSError as error:
        raise StoreError(f"{weights} cannot be made ({error.strerror}); move away what is there") from None
    for record in records:
        for part in ("weights", "masks"):
            source = record.directory / f"{part}.safetensors"
            if source.is_file():
                with replacing(weights / f"{record.directory.name}-{part}.safetensors") as file:
                    file.write(source.read_bytes())
    if json:
        print_json({"out": str(out), "report": str(report.html), "rows": report.rows, "notes": list(notes)})
    else:
        print_table(title, report.table.columns, report.table.plain())
        for note in notes:
            typer.echo(f"\n{note}")
        typer.echo(f"\nreport: {report.html}\nfigures: {out / 'figures'}  tables: {out / 'tables'}  weights: {weights}")
    for record in records:
        leave(record.outcome, record)
