"""`sparsernn analyze`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparsernn.studies.analysis import Analysis

LONG = 5.0


class Orientation(StrEnum):
    """Which axis of a matrix is the source."""

    target_source = "target-source"
    source_target = "source-target"


class Statistic(StrEnum):
    """What z is taken of."""

    counts = "count"
    concentration = "concentration"


class Null(StrEnum):
    """The nulls of `sparsernn.topology.nullmodels`."""

    signed = "signed"
    fanmod = "fanmod"
    sign_shuffle = "sign_shuffle"
    stp = "stp"
    er = "er"


def analyze(
    what: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|RUN",
            help="A matrix (.npy, .npz, .csv, .mat, .safetensors, .pt), a list of edges (.csv, .tsv), GraphML, or a "
            "run directory.",
        ),
    ],
    orientation: Annotated[
        Orientation | None,
        typer.Option("--orientation", help="How a matrix is to be read: W[i, j] leads from j to i, or from i to j."),
    ] = None,
    null: Annotated[Null, typer.Option("--null", help="What random graphs share with this one.")] = Null.signed,
    nulls: Annotated[int, typer.Option("--nulls", min=2, help="How many random graphs.")] = 1000,
    statistic: Annotated[
        Statistic, typer.Option("--statistic", help="What z of a motif is taken of; FANMOD takes concentrations.")
    ] = Statistic.counts,
    signs: Annotated[
        Path | None, typer.Option("--signs", metavar="FILE", help="Signs of edges (a matrix) or of nodes (name, sign).")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all that is random.")] = 0,
    key: Annotated[str | None, typer.Option("--key", help="The matrix of a file or run that holds several.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="COLUMN=VALUE[,VALUE]", help="Lines of a list of edges to take."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write a page with pictures (.html).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Motifs, balance, hubs, small-worldness of any weight matrix or connectome, beside random graphs."""
    from sparsernn.cli.look import _writable
    from sparsernn.cli.output import print_json
    from sparsernn.studies.analyze import analyze as found_in

    if out is not None:
        _writable(out)
    found = found_in(
        what,
        None if orientation is None else str(orientation),  # type: ignore[arg-type]
        null=str(null),
        nulls=nulls,
        statistic=str(statistic),  # type: ignore[arg-type]
        signs=signs,
        seed=seed,
        key=key,
        only=_only(only or []),
        foretold=_foretold,
    )
    if out is not None:
        found.write(out)
    if json:
        print_json(found.to_dict())
        return
    _print(found)
    if out is not None:
        typer.echo(f"page: {out}")


def _foretold(seconds: float) -> None:
    if seconds > LONG:
        said = f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
        typer.echo(f"sparsernn: the random graphs take about {said}; fewer are asked for with --nulls", err=True)


def _only(words: list[str]) -> dict[str, list[str]]:
    from sparsernn.errors import SpecError

    found = {}
    for word in words:
        column, mark, values = word.partition("=")
        if not mark or not column or not values:
            raise SpecError(f'--only "{word}": expected COLUMN=VALUE or COLUMN=VALUE,VALUE')
        found[column] = values.split(",")
    return found


def _print(found: Analysis) -> None:
    import shutil
    import textwrap

    from sparsernn.cli.output import print_table
    from sparsernn.errors import Undefined

    width = max(40, min(80, shutil.get_terminal_size((80, 24)).columns))
    typer.echo(f"{found.source}\n{'─' * min(len(found.source), width)}")
    facts = found.facts()
    left = max(len(name) for name, _ in facts) + 2
    for name, text in facts:
        lines = textwrap.wrap(text, max(width - left, 30))
        typer.echo(f"{name:{left}}{lines[0]}")
        for line in lines[1:]:
            typer.echo(" " * left + line)
    typer.echo("")
    short = lambda z: "–" if isinstance(z, Undefined) else f"{z:+.1f}"
    rows = [
        [title, value, *((None, None, "kept") if kept else (mean, sd, short(z)))]
        for (title, value, mean, sd, z), kept in zip(found.rows(), found.kept(), strict=True)
    ]
    print_table("the whole graph", ["", "value", "null mean", "sd", "z"], rows)
    if isinstance(found.motifs["+++"].number, Undefined):
        typer.echo(f"signed motifs and balance are undefined: {found.motifs['+++'].number}")
    else:
        columns = ["signs of ij, jk, ik", "", found.statistic, "null mean", "sd", "z"]
        print_table("feed-forward motifs", columns, [[*r[:-1], short(r[-1])] for r in found.motif_rows()])
    columns = ["type", "triads", "null mean", "sd", "z", "balanced", "unbalanced", "share", "null mean", "z of share"]
    kinds = [[*r[:4], short(r[4]), *r[5:9], short(r[9])] for r in found.triad_rows()]
    signed = not isinstance(found.motifs["+++"].number, Undefined)
    print_table("triads", columns if signed else columns[:5], kinds if signed else [row[:5] for row in kinds])
    print_table("hubs", ["node", "out", "in"], [[str(r[0]), *r[1:]] for r in found.hub_rows()[:5]])
    for text in (*found.warnings, *found.notes):
        head = "warning: " if text in found.warnings else ""
        typer.echo(textwrap.fill(head + text, width, subsequent_indent="    "))
