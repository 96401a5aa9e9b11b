"""`sparsernn generate`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparsernn.runs.record import Record


def generate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a finished reconstruction.")],
    steps: Annotated[int, typer.Option("--steps", min=1, max=100_000_000, help="How many steps to run freely.")],
    out: Annotated[Path, typer.Option("--out", help="File to write: .npy, .npz or .csv, (steps, columns).")],
    start: Annotated[int, typer.Option("--start", min=0, help="Row of the test stretch to begin from.")] = 0,
    standardized: Annotated[
        bool, typer.Option("--standardized", help="Keep the network's units, not the file's.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Let a trained network run freely from a point of its test data, and write what it does.

    The numbers are like the data the network was trained on: as often sampled, filtered, embedded. What was done is
    written into the file (.csv, .npz) and said; `sparsernn compare RUN FILE` holds them against the same preparation.
    """
    from sparsernn.cli.output import print_series
    from sparsernn.runs.record import Record
    from sparsernn.studies.free_run import free_run

    record = Record(run)
    writable(out, record)
    after = shlex.join(["compare", str(run), str(out)])
    print_series(out, free_run(record, steps, start, standardized=standardized), record, json, after)


def writable(out: Path, record: Record) -> None:
    """SpecError for a name that is no table's, that of the recording itself, or a place among the files of a run."""
    from sparsernn.errors import SpecError
    from sparsernn.files.table_out import ENDINGS
    from sparsernn.studies.free_run import prepared_of

    if out.suffix.lower() not in ENDINGS:
        raise SpecError(f"--out {out}: the name must end in .npy or .csv (or .npz)")
    if out.resolve() in (Path(line).resolve() for line in prepared_of(record).file.splitlines()):
        raise SpecError(f"--out {out} is the recording itself; give another name")
    if all((out.parent / name).is_file() for name in ("spec.json", "outcome.json")):
        raise SpecError(f"--out {out}: {out.parent} is a run, whose files it might replace; give another directory")
