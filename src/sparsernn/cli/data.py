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
    """List the data sets: what they are, their size and license, and whether they are here."""
    from sparsernn.cli.output import print_json, print_table
    from sparsernn.files.datasets import DATASETS

    if json:
        keys = ("about", "license", "citation", "size")
        sets = {name: {k: getattr(d, k) for k in keys} for name, d in DATASETS.items()}
        print_json({name: about | {"folder": _folder(name)} for name, about in sets.items()})
        return
    rows = [[name, d.about, f"{d.size / 1e6:.1f}", d.license, _folder(name) or "no"] for name, d in DATASETS.items()]
    print_table("Public data sets", ["name", "what", "MB", "license", "here"], rows)


@app.command()
def fetch(
    name: Name,
    to: Annotated[
        Path | None, typer.Option(help="The data directory (default: the user's).", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Download a data set from its publisher and check it."""
    from sparsernn.cli.output import print_json
    from sparsernn.cli.progress import progress_bars
    from sparsernn.files import download
    from sparsernn.files.datasets import DATASETS, known

    known(name)
    with progress_bars(quiet=json) as progress:
        files = download.fetch(name, to, progress=progress)
    if json:
        print_json({"name": name, "files": files})
        return
    typer.echo("\n".join(str(path) for path in files.values()))
    typer.echo(f"License: {DATASETS[name].license}. Please cite: {DATASETS[name].citation}", err=True)
    if to is not None:
        typer.echo(f"To have it found: export SPARSERNN_DATA={to}", err=True)


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


def _folder(name: str) -> str | None:
    from sparsernn.errors import DataError
    from sparsernn.files.datasets import find

    try:
        return str(next(iter(find(name).values())).parent)
    except DataError:
        return None
