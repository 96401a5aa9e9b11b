"""`sparsernn doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def doctor(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUNS...", help="Stores (all their runs), or single run directories.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Hold every file of every run against its hash; say what is damaged, and what the next run makes again."""
    from sparsernn.cli.output import print_json
    from sparsernn.cli.progress import progress_bars
    from sparsernn.runs.checkup import examine, places

    directories = places(runs)
    found = []
    with progress_bars(quiet=json) as progress:
        for i, directory in enumerate(directories):
            progress("looking", i, len(directories))
            found.append(examine(directory))
        progress("looking", len(directories), len(directories))
    ill = [checkup for checkup in found if not checkup.well]
    if json:
        told = [c._asdict() | {"well": c.well, "findings": [f._asdict() for f in c.findings]} for c in found]
        print_json({"well": not ill, "directories": told})
    else:
        for checkup in found:
            if checkup.findings:
                typer.echo(f"{checkup.directory}" + (f" ({checkup.outcome})" if checkup.outcome else ""))
            for finding in checkup.findings:
                typer.echo(f"  {finding.kind}: {finding.file}: {finding.what}\n      {finding.then}")
        many = sum(checkup.round is not None or not checkup.well for checkup in found)
        typer.echo(f"{many} looked at: " + ("all is well" if not ill else f"{len(ill)} damaged"))
    if ill:
        raise typer.Exit(4)
