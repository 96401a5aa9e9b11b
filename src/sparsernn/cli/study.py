"""`sparsernn study`: the published studies, each with its controls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparsernn.studies.structural_balance.study import Found

app = typer.Typer(no_args_is_help=True)

Size = Annotated[str, typer.Option("--size", help="quick (minutes; shows that all works), medium, or paper.")]
Out = Annotated[Path | None, typer.Option("--out", help="Directory of the study.", show_default="study-NAME")]
Seeds = Annotated[int | None, typer.Option("--seeds", min=1, help="How many; those of the size if left out.")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="Trainings at a time.")]
Known = Annotated[
    list[Path] | None,
    typer.Option("--rows", metavar="FILE", help="rows.jsonl of an earlier study; what agrees is taken over."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("structural-balance")
def structural_balance(
    size: Size = "quick",
    tasks: Annotated[list[str] | None, typer.Option("--tasks", help="mnist, sms, mackey_glass, gestures.")] = None,
    cells: Annotated[list[str] | None, typer.Option("--cells", help="rnn, ctrnn, neural_ode.")] = None,
    strategies: Annotated[
        list[str] | None, typer.Option("--strategies", help="pruning1, pruning2, deepr, set; dense comes along.")
    ] = None,
    density: Annotated[list[float] | None, typer.Option("--density", help="Share of recurrent weights kept.")] = None,
    seeds: Seeds = None,
    parts: Annotated[list[str] | None, typer.Option("--parts", help="profiles, prescribed, lesions.")] = None,
    out: Out = None,
    jobs: Jobs = 2,
    rows: Known = None,
    json: Json = False,
) -> None:
    """Signed motifs and balance of networks that four sparsifiers leave, in four tasks (s42005-023-01364-0)."""
    from sparsernn.cli.progress import progress_bars
    from sparsernn.studies.structural_balance import settings, study

    out = out or Path("study-structural-balance")
    with progress_bars(quiet=json) as progress:
        found = study.structural_balance(
            out,
            size,  # type: ignore[arg-type]
            _named(tasks, settings.TASKS),
            _named(cells, settings.CELLS),
            _named(strategies, settings.STRATEGIES),
            tuple(density or (settings.DENSITY,)),
            seeds,
            _named(parts, study.PARTS),
            tuple(rows or ()),
            jobs,
            progress,
        )
    tell(found, ("claims", "scores"), json)


def _named(given: list[str] | None, known: dict | tuple) -> tuple[str, ...]:
    """Names given one by one or with commas between them; all that are known if none is given."""
    return tuple(name.strip() for word in given or known for name in word.split(","))


def tell(found: Found, leading: tuple[str, ...], json: bool) -> None:
    """Print the leading tables of a study and where the rest is."""
    from sparsernn.cli.output import print_json, print_table

    if json:
        print_json({"page": str(found.page), **{table.name: table.dicts() for table in found.tables}})
        return
    for table in found.tables:
        if table.name in leading:
            print_table(table.title, table.columns, table.plain())
    typer.echo(f"page: {found.page}\nrows: {found.page.parent / 'rows.jsonl'}  tables: {found.page.parent / 'tables'}")
