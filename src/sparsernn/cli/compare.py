"""`sparsernn compare`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sparsernn.cli import options

if TYPE_CHECKING:
    from sparsernn.files.reading import Reading
    from sparsernn.studies.likeness import Side


PLAIN = (".npy", ".csv", ".tsv", ".txt", ".hea", ".safetensors")
"""Files that hold one series, and so none by name."""


def compare(
    reference: Annotated[
        Path, typer.Argument(metavar="REFERENCE|RUN", help="The true series, or a run: then its own test data.")
    ],
    generated: Annotated[
        Path | None,
        typer.Argument(
            metavar="[GENERATED]", help="The series to judge, from any program. Of a RUN: a free run of it."
        ),
    ] = None,
    bins: Annotated[int | None, typer.Option(help="Bins per dimension. (Default: from length and dimension.)")] = None,
    box: Annotated[str | None, typer.Option(help="range (default) or legacy (mean ± 2 sd).")] = None,
    estimator: Annotated[str | None, typer.Option(help="binning or gmm. (Default: from length and dimension.)")] = None,
    variance: Annotated[float | None, typer.Option(help="Kernel variance of gmm. (Default: Silverman's rule.)")] = None,
    padding: Annotated[str, typer.Option(help="Edges of the spectrum: mirror or reflect.")] = "mirror",
    preset: Annotated[str | None, typer.Option(help="A published definition: hemmer2024.")] = None,
    second: Annotated[Path | None, typer.Option(help="Another true series, for the floor.")] = None,
    columns: options.Columns = None,
    dt: options.Dt = None,
    variable: options.Variable = None,
    header: options.Header = None,
    decimal: options.Decimal = options.Mark.point,
    transpose: options.Transpose = False,
    time: options.Time = None,
    time_unit: options.TimeUnit = None,
    trial: options.Trial = None,
    gaps: options.Gaps = None,
    resample: options.Resample = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Measure how well a generated series matches a reference: D_stsp (geometry) and D_H (spectra).

    Floor and ceiling stand beside every value: what a perfect model should score at this length, and a run that has
    nothing in common with the reference. Like is compared with like: a RUN brings its own test data, prepared as it was
    trained; files that say that something else was done to one than to the other are refused. The options of how a
    file is read hold for both files; columns are matched by name.
    """
    from sparsernn.cli.output import number, print_json, print_table
    from sparsernn.dynamics.dstsp import comparison
    from sparsernn.errors import SpecError
    from sparsernn.files.columns import columns_from_text
    from sparsernn.studies.likeness import alike

    reading = options.reading_from(variable, header, decimal, transpose, time, time_unit, trial, gaps, resample)
    chosen = columns_from_text(columns)
    files = [path for path in (reference, generated, second) if path is not None and not path.is_dir()]
    if variable is not None and all(path.suffix.lower() in PLAIN for path in files):
        raise SpecError(f"--variable {variable}: none of these files holds several arrays by name; leave it out")
    if generated is None and not reference.is_dir():
        raise SpecError(f"{reference} is compared with what? give the generated series behind it, or a run alone")
    true = _side(reference, chosen, dt, reading, data=True)
    other = _side(reference if generated is None else generated, chosen, dt, reading, data=False)
    if generated is not None and dt is None and true.dt is not None and other.dt is None:
        other = other._replace(
            notes=(*other.notes, f"{other.label} does not say its interval: taken to be {true.dt:g}")
        )
    other = alike(true, other)
    if second is not None:
        another = alike(true, _side(second, chosen, dt, reading, data=True))
    comparison.refuse_yardsticks(true.values, true.label, true.names)
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
        second_reference=None if second is None else another.values,
        starts=true.starts,
        generated_starts=other.starts,
        second_starts=(0,) if second is None else another.starts,
    )
    notes = list(dict.fromkeys((*true.notes, *other.notes)))
    if json:
        run = {} if true.record is None else {"run": str(true.record.directory), "generated": other.label}
        print_json(result.to_dict() | run | ({"notes": notes} if notes else {}))
        return
    for note in notes:
        typer.echo(note)
    error = "" if result.d_stsp_error is None else f" ± {result.d_stsp_error:.2g}"
    rows: list[list[Any]] = [
        [f"D_stsp (nats){error}", result.d_stsp, result.floor.d_stsp, result.ceiling.d_stsp],
        ["D_H", result.d_h, result.floor.d_h, result.ceiling.d_h],
    ]
    if len(true.names) > 1:
        rows += [[f"D_H of {name}", d, None, 1.0] for name, d in zip(true.names, result.d_h_per_dimension, strict=True)]
    print_table(
        f"{Path(other.label).name} against {Path(true.label).name}", ["measure", "value", "floor", "ceiling"], rows
    )
    scored = ", which scores the ceiling" if result.definition.escape == "counted" else ""
    gone = f": the run leaves for good{scored}" if result.escaped == 1 else ""
    if 0 < result.escaped < 1:
        gone = f": {number(100 * float(result.escaped))} % of its stretches leave for good{scored}"
    typer.echo(f"points inside the reference's box: {number(100 * result.inside_fraction, 4)} %{gone}")
    typer.echo("\n".join(result.describe()))


def _side(path: Path, chosen: Any, dt: float | None, reading: Reading, *, data: bool) -> Side:
    """A run or a file; of a run its data or a free run, of a file a true series or one to be judged."""
    from sparsernn.studies.likeness import of_file, of_run

    if path.is_dir():
        return of_run(path, chosen, data=data)
    if path.suffix.lower() in PLAIN:  # --variable is for the other file
        reading = replace(reading, variable=None)
    return of_file(path, chosen, dt, reading, loosely=not data)
