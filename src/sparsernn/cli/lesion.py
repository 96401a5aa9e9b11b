"""`sparsernn lesion`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class Split(StrEnum):
    """On which data."""

    test = "test"
    validation = "validation"


def lesion(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a run that has ended.")],
    orders: Annotated[int, typer.Option("--orders", min=1, help="Random orders of removal.")] = 10,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="Loops of a kind. Default: all tangent motifs, or 15.")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="Which number of the task. Default: the first.")] = None,
    path: Annotated[str | None, typer.Option("--path", help="The recurrent matrix, where there are several.")] = None,
    split: Annotated[Split, typer.Option("--split", help="On which data.")] = Split.test,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all draws.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", help="Write a page with pictures (.html).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Take feed-forward loops of a trained network away, one after another: unbalanced ones, beside balanced ones and
    edges of equal weight.

    Of a network on a graph of `sparsernn graph tangent_motifs` these are the tangent motifs, else loops drawn at
    random. Nothing is trained again.
    """
    from sparsernn.cli.look import _writable
    from sparsernn.cli.output import print_json
    from sparsernn.cli.progress import progress_bars
    from sparsernn.studies.lesions import lesions

    if out is not None:
        _writable(out)
    with progress_bars(quiet=json) as progress:
        found = lesions(
            run, key=key, split=split.value, orders=orders, count=count, path=path, seed=seed, progress=progress
        )
    if out is not None:
        found.write(out)
    if json:
        print_json(found.to_dict())
        return
    _print(found)
    if out is not None:
        typer.echo(f"page: {out}")


def _print(found: Any) -> None:
    from sparsernn.cli.output import number, print_table

    def shown(cell: Any) -> Any:
        if not isinstance(cell, tuple):
            return cell
        return number(cell[0], 4) if not isinstance(cell[1], float) else f"{number(cell[0], 4)} ± {number(cell[1], 2)}"

    kinds = [curve.kind for curve in found.curves]
    better = {"lower": "lower is better", "higher": "higher is better", None: "no better way"}[found.quantity.better]
    typer.echo(f"{found.source}: {found.edges:,} edges, {found.quantity.name} {found.intact:.4g} ({better})")
    title = f"{found.quantity.name} on {found.split} after removals of {found.what}, {found.orders} orders"
    print_table(title, ["removed", *kinds], [[row[0], *map(shown, row[1:])] for row in found.rows()])
    rows = [[kind, f"{share:.1%}", mean, sd] for kind, share, mean, sd in found.ends()]
    print_table(f"after {found.common} removals", ["", "of all |w|", f"change of {found.quantity.name}", "sd"], rows)
    for note in found.notes:
        typer.echo(note)
