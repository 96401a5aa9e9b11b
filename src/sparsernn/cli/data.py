"""``sparsernn data``: public data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A data set, as `sparsernn data list` names it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON only.")]


@app.command("list")
def list_all(json: Json = False) -> None:
    """List the data sets: what they are, their size, license and source, and whether they are here and unchanged."""
    from sparsernn.cli.output import print_json, print_table
    from sparsernn.files.datasets import DATASETS, standing

    here = {name: standing(name) for name in DATASETS}
    if json:
        keys = ("about", "license", "citation", "size", "source")
        sets = {name: {k: getattr(d, k) for k in keys} for name, d in DATASETS.items()}
        for name, (folder, wrong) in here.items():
            sets[name]["folder"] = None if folder is None else str(folder)
            sets[name]["checked"] = None if folder is None else not wrong
            sets[name]["wrong"] = list(wrong)
        print_json(sets)
        return
    rows = [
        [name, d.about, f"{d.size / 1e6:.1f}", d.license, d.source, _standing(*here[name])]
        for name, d in DATASETS.items()
    ]
    print_table("Public data sets", ["name", "what", "MB", "license", "source", "here"], rows)
    typer.echo("Fetch with: sparsernn data fetch NAME (or all)", err=True)


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="A data set, as `sparsernn data list` names it, or all.")],
    to: Annotated[
        Path | None, typer.Option(help="The data directory (default: the user's).", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Download a data set, or all that are not here, from the publisher and check it.

    What broke off goes on where it was.
    """
    from sparsernn.cli.output import print_json
    from sparsernn.cli.progress import progress_bars
    from sparsernn.errors import DataError
    from sparsernn.files import download
    from sparsernn.files.datasets import DATASETS, known, standing

    names = [name]
    if name == "all":
        # to a directory of the user's choice go all of them; else those that are not at hand
        names = [one for one in DATASETS if to is not None or standing(one)[0] is None or standing(one)[1]]
    else:
        known(name)
    got, problems = {}, []
    with progress_bars(quiet=json) as progress:
        for one in names:
            try:
                got[one] = download.fetch(one, to, progress=progress)
            except DataError as error:
                if name != "all":
                    raise
                problems.append(f"{one}: {error}")
    if json:
        print_json({"sets": got} if name == "all" else {"name": name, "files": got[name]})
    else:
        for one, files in got.items():
            typer.echo("\n".join(str(path) for path in files.values()))
            typer.echo(f"License: {DATASETS[one].license}. Please cite: {DATASETS[one].citation}", err=True)
        if not names:
            typer.echo("All data sets are here: sparsernn data list says where.", err=True)
        if to is not None:
            typer.echo(f"To have it found: export SPARSERNN_DATA={to}", err=True)
    if problems:
        raise DataError(f"{len(problems)} of {len(names)} data sets could not be had. " + " ".join(problems))


@app.command()
def where(name: Name, json: Json = False) -> None:
    """Print where the files of a data set lie on this machine."""
    from sparsernn.cli.output import print_json
    from sparsernn.files.datasets import find

    files = find(name)
    if json:
        print_json({"name": name, "files": files})
    else:
        typer.echo("\n".join(str(path) for path in files.values()))


def _standing(folder: Path | None, wrong: tuple[str, ...]) -> str:
    if folder is None:
        return "no"
    if not wrong:
        return f"{folder}, checked"
    return f"{folder}, NOT as published: {', '.join(wrong)}; remove that and fetch it again"
