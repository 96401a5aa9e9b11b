"""`sparsernn look`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparsernn.cli import options
from sparsernn.cli.options import Mark

if TYPE_CHECKING:
    from sparsernn.studies.looked import Look


def look(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="A recording; several files are stretches of one.")
    ],
    columns: options.Columns = None,
    variable: options.Variable = None,
    header: options.Header = None,
    decimal: options.Decimal = Mark("."),
    transpose: options.Transpose = False,
    time: options.Time = None,
    time_unit: options.TimeUnit = None,
    trial: options.Trial = None,
    gaps: options.Gaps = None,
    resample: options.Resample = False,
    dt: options.Dt = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write a page with pictures (.html).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Look at a recording before training: rhythm, noise, what is odd about it, and which command to try."""
    from sparsernn.cli.output import print_json
    from sparsernn.files.columns import columns_from_text
    from sparsernn.studies.look import look as look_at
    from sparsernn.studies.look_file import series_to_look_at

    if out is not None:
        _writable(out)
    reading = options.reading_from(variable, header, decimal, transpose, time, time_unit, trial, gaps, resample)
    series, found = series_to_look_at(
        files[0] if len(files) == 1 else files, columns=columns_from_text(columns), dt=dt, reading=reading
    )
    said = {
        "--columns": columns,
        "--variable": variable,
        "--decimal": None if str(decimal) == "." else str(decimal),
        "--time": time,
        "--time-unit": time_unit,
        "--trial": trial,
        "--gaps": gaps,
        "--dt": None if dt is None else repr(dt),
    }
    given = [word for name, value in said.items() if value is not None for word in (name, str(value))]
    given += ["--transpose"] * transpose + ["--resample"] * resample
    given += [] if header is None else ["--header" if header else "--no-header"]
    looked = look_at(series, found=found, given=given, files=[str(f) for f in files])
    if out is not None:
        looked.write(out)
    if json:
        print_json(looked.to_dict())
        return
    _print(looked, Path(files[0]).name)
    if out is not None:
        typer.echo(f"\npage: {out}")


def _writable(out: Path) -> None:
    """SpecError or StoreError, before anything is read, for a page that would take the place of something else."""
    from sparsernn.errors import SpecError, StoreError
    from sparsernn.report.stamp import is_page

    if out.suffix.lower() not in (".html", ".htm"):
        raise SpecError(f"--out {out}: the name of the page must end in .html")
    if out.is_dir() or not out.parent.is_dir():
        raise StoreError(f"--out {out} cannot be written: {'it is' if out.is_dir() else 'there is no'} folder")
    if out.exists() and not is_page(out):
        raise StoreError(f"{out} is no page of sparsernn and would be written over; give another name")


def _print(looked: Look, name: str) -> None:
    """A table of at most 80 columns, the warnings, the command."""
    import shutil
    import textwrap

    width = max(40, min(80, shutil.get_terminal_size((80, 24)).columns))
    facts = looked.facts()
    left = max(len(title) for title, _ in facts)
    typer.echo(f"{name}\n{'─' * min(len(name), width)}")
    for title, text in facts:
        lines = textwrap.wrap(text, max(width - left - 2, 30)) or [""]
        typer.echo(f"{title:{left}}  {lines[0]}")
        for line in lines[1:]:
            typer.echo(f"{'':{left}}  {line}")
    typer.echo("")
    for note in looked.series.notes:
        typer.echo(textwrap.fill(note, width))
    if not looked.warnings:
        typer.echo("nothing odd was found")
    for warning in looked.warnings:
        place = "" if warning.column is None else f" ({warning.column})"
        head = f"warning: {warning.code}{place}: "
        typer.echo(textwrap.fill(head + warning.text, width, subsequent_indent="    "))
        typer.echo(textwrap.fill(f"try: {warning.try_}", width, initial_indent="    ", subsequent_indent="    "))
    typer.echo("")
    if looked.command is None:
        typer.echo(textwrap.fill("no command yet: what is refused above must be mended first", width))
    else:
        typer.echo(textwrap.fill(looked.takes or "", width))
        typer.echo(f"next:\n  {looked.command}")
