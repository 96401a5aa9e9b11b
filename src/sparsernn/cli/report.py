"""`sparsernn report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run directories, or stores (all their runs).")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The page. Default: report.html in the run's directory, or beside several."),
    ] = None,
    png: Annotated[Path | None, typer.Option("--png", help="Directory for the figures as PNG files.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Directory for the tables as CSV files.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="Heading of the page.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Make one self-contained page from one run, or compare several; one section a task."""
    from sparsernn.cli.output import print_json
    from sparsernn.cli.pipeline import print_report
    from sparsernn.cli.progress import progress_bars
    from sparsernn.errors import SpecError, StoreError
    from sparsernn.report.runs import by_task, find
    from sparsernn.report.stamp import is_page
    from sparsernn.report.write import write
    from sparsernn.runs.store import MARKER

    comparisons = by_task(find(runs))
    if out is None:
        lone = len(runs) == 1 or (runs[0] / MARKER).is_file()
        out = (runs[0] if lone else runs[0].parent) / "report.html"
    elif out.is_dir():
        out = out / "report.html"
    if out.suffix.lower() not in (".html", ".htm"):
        raise SpecError(f"--out {out}: the name of the page must end in .html")
    if out.exists() and not is_page(out):
        raise StoreError(f"{out} is no page of sparsernn and would be written over; give another name")
    with progress_bars(quiet=json) as progress:
        missing = [said for c in comparisons for said in c.missing]
        made = write(comparisons, out, png, csv, title or _title(comparisons), missing, progress=progress)
    if json:
        unfinished = [t.name for c in comparisons for t in c.trainings if t.outcome.name != "finished"]
        files = {"html": str(made.html), "png": list(map(str, made.pngs)), "csv": list(map(str, made.csvs))}
        print_json({**files, **made.plain(), "unfinished": unfinished, "missing": missing})
        return
    print_report(made)
    for said in missing:
        typer.echo(said)
    for path in (made.html, png, csv):
        if path is not None:
            typer.echo(str(path))


def _title(comparisons) -> str:
    """``reconstruction with plrnn: geometric, magnitude``; ``3 tasks``."""
    if len(comparisons) > 1:
        return f"{len(comparisons)} tasks"
    spec = comparisons[0].trainings[0].record.spec
    cells = " + ".join(next(iter(cell)) for cell in spec["network"]["cells"])
    labels = comparisons[0].labels
    named = ", ".join(labels) if len(labels) <= 4 else f"{len(labels)} runs"
    return f"{next(iter(spec['task']))} with {cells}: {named}"
