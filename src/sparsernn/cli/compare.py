"""`sparsernn compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def compare(
    reference: Annotated[Path, typer.Argument(metavar="REFERENCE", help="The true series: .npy .npz .csv .mat .hea …")],
    generated: Annotated[Path, typer.Argument(metavar="GENERATED", help="The series to judge, from any program.")],
    bins: Annotated[int | None, typer.Option(help="Bins per dimension. (Default: from length and dimension.)")] = None,
    box: Annotated[str | None, typer.Option(help="range (default) or legacy (mean ± 2 sd).")] = None,
    estimator: Annotated[str | None, typer.Option(help="binning or gmm. (Default: from length and dimension.)")] = None,
    variance: Annotated[float | None, typer.Option(help="Kernel variance of gmm. (Default: Silverman's rule.)")] = None,
    padding: Annotated[str, typer.Option(help="Edges of the spectrum: mirror or reflect.")] = "mirror",
    preset: Annotated[str | None, typer.Option(help="A published definition: hemmer2024.")] = None,
    columns: Annotated[
        str | None, typer.Option(help="Columns of both files: names or indices from 0, by comma.")
    ] = None,
    dt: Annotated[float | None, typer.Option(help="Sampling interval. (Default: from the file.)")] = None,
    second: Annotated[Path | None, typer.Option(help="Another true series, for the floor.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Measure how well a generated series matches a reference: D_stsp (geometry) and D_H (spectra).

    Floor and ceiling stand beside every value: what a perfect model should score at this length, and a run that has
    nothing in common with the reference.
    """
    from sparsernn.cli.output import number, print_json, print_table
    from sparsernn.dynamics import comparison
    from sparsernn.errors import SpecError
    from sparsernn.files.series import read_loosely, read_series

    chosen = None if columns is None else [name.strip() for name in columns.split(",")]
    true = read_series(reference, columns=chosen, dt=dt)
    other = read_loosely(generated, columns=chosen)
    if dt is None and true.dt is not None and other.dt is not None and abs(true.dt - other.dt) > 1e-6 * true.dt:
        raise SpecError(
            f"{reference} is sampled every {true.dt:g}, {generated} every {other.dt:g}: resample one of them, "
            "or give --dt where the files are wrong"
        )
    result = comparison.compare(
        true.values,
        other.values,
        bins=bins,
        box=box,
        estimator=estimator,
        variance=variance,
        padding=padding,
        preset=preset,
        dt=true.dt,
        second_reference=None if second is None else read_series(second, columns=chosen).values,
    )
    if json:
        print_json(result.to_dict())
        return
    rows: list[list[Any]] = [
        ["D_stsp (nats)", result.d_stsp, result.floor.d_stsp, result.ceiling.d_stsp],
        ["D_H", result.d_h, result.floor.d_h, result.ceiling.d_h],
    ]
    if len(true.names) > 1:
        rows += [[f"D_H of {name}", d, None, 1.0] for name, d in zip(true.names, result.d_h_per_dimension, strict=True)]
    print_table(f"{generated.name} against {reference.name}", ["measure", "value", "floor", "ceiling"], rows)
    scored = ", which scores the ceiling" if result.definition.escape == "counted" else ""
    gone = f": the run leaves for good{scored}" if result.escaped else ""
    typer.echo(f"points inside the reference's box: {number(100 * result.inside_fraction, 4)} %{gone}")
    typer.echo("\n".join(result.describe()))
