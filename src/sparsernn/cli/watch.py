"""`sparsernn watch`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def watch(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory with snapshots.")],
    measures: Annotated[
        str, typer.Option("--measures", help="By comma, as in a spec: hubs, or 'hubs, {score: {batch: 100}}'.")
    ],
    every: Annotated[int | None, typer.Option("--every", help="Epochs between two looks; else all snapshots.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Take measures of a finished run epoch by epoch, from the snapshots it kept; into watch.csv and its report."""
    from shlex import quote

    from sparsernn.cli.output import print_json
    from sparsernn.cli.progress import progress_bars
    from sparsernn.errors import StoreError
    from sparsernn.files.spec_file import parse_yaml
    from sparsernn.runs.record import Record
    from sparsernn.runs.watch import Watch
    from sparsernn.spec import build
    from sparsernn.training.watching import watch_afterwards

    record = Record(run)
    asked = {"measures": parse_yaml(f"[{measures}]", "--measures")}
    build(Watch, asked, "watch")  # names that are not known, before what to do with them is said
    if every is None and len(kept := record.snapshots()) > 1:
        every = kept[1] - kept[0]
    elif every is None:
        raise StoreError(
            f"{run} kept no snapshots, so nothing is left to watch; put watch: [{measures}] or snapshots: 10 into its "
            "spec, and train it again in a new store: its numbers will be the same"
        )
    wanted = build(Watch, asked | {"every": every}, "watch")
    with progress_bars(quiet=json) as progress:
        record = watch_afterwards(record, wanted, progress)
    columns = record.watched()
    if json:
        epochs = columns.pop("epoch").astype(int).tolist()
        print_json({"directory": str(record.directory), "epochs": epochs, "columns": list(columns)})
    else:
        typer.echo(f"{len(columns) - 1} columns at {len(columns['epoch'])} epochs: {record.directory / 'watch.csv'}")
        typer.echo(f"next: sparsernn report {quote(str(record.directory))}")
