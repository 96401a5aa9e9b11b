"""`sparsernn forecast`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sparsernn.cli import options


def forecast(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a finished reconstruction.")],
    history: Annotated[Path, typer.Option("--history", help="File with the rows to go on from; its last ones count.")],
    steps: Annotated[int, typer.Option("--steps", min=1, max=100_000_000, help="How many rows ahead.")],
    out: Annotated[Path, typer.Option("--out", help="File to write: .npy, .npz or .csv, (steps, columns).")],
    columns: options.Columns = None,
    variable: options.Variable = None,
    header: options.Header = None,
    decimal: options.Decimal = options.Mark.point,
    transpose: options.Transpose = False,
    time: options.Time = None,
    time_unit: options.TimeUnit = None,
    trial: options.Trial = None,
    gaps: options.Gaps = None,
    resample: options.Resample = False,
    dt: options.Dt = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Go on from the last rows of a recording, in its own units and columns.

    The history is prepared as the run's training data were. Columns are matched by name, where the file has names.
    """
    from sparsernn.cli.generate import writable
    from sparsernn.cli.output import print_series
    from sparsernn.errors import SpecError
    from sparsernn.files.columns import columns_from_text
    from sparsernn.files.series import Series, read_loosely
    from sparsernn.runs.record import Record
    from sparsernn.studies import free_run

    record = Record(run)
    writable(out, record)
    if out.resolve() == history.resolve():
        raise SpecError(f"--out {out} is the history itself; give another name")
    reading = options.reading_from(variable, header, decimal, transpose, time, time_unit, trial, gaps, resample)
    chosen: Sequence[str] | None = columns_from_text(columns)
    channels = free_run.prepared_of(record).channels
    try:  # of a file with more columns, those of the recording
        table = read_loosely(history, columns=channels if chosen is None else chosen, reading=reading)
    except SpecError:
        if chosen is not None:
            raise
        table = read_loosely(history, columns=None, reading=reading)
    series = Series(table.values, table.names, dt or table.dt, str(history), "", tuple(table.starts))
    for note in () if json else table.notes:
        typer.echo(note)
    print_series(out, free_run.forecast(record, series, steps), record, json)
