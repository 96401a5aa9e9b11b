"""Options that several commands share: how a file is to be read."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparsernn.files.reading import Reading

DATA, NETWORK, TRAINING, PRUNING = "data", "network", "training", "pruning"
"""Panels of the help."""
Gap = StrEnum("Gap", {"cut": "cut", "interpolate": "interpolate"})
Mark = StrEnum("Mark", {"point": ".", "comma": ","})

Columns = Annotated[
    str | None,
    typer.Option("--columns", rich_help_panel=DATA, help="Columns: names or numbers from 0, by comma. Default: all."),
]
Variable = Annotated[
    str | None,
    typer.Option("--variable", rich_help_panel=DATA, help="Array of a file of several (.npz .mat .h5 .nwb)."),
]
Header = Annotated[
    bool | None,
    typer.Option("--header/--no-header", rich_help_panel=DATA, help="First line names the columns. Default: seen."),
]
Decimal = Annotated[Mark, typer.Option("--decimal", rich_help_panel=DATA, help="Decimal mark of a text table.")]
Transpose = Annotated[
    bool, typer.Option("--transpose", rich_help_panel=DATA, help="A row is a variable, a column a time.")
]
Time = Annotated[
    str | None,
    typer.Option("--time", rich_help_panel=DATA, help="Column with the time, or none. Default: recognized."),
]
TimeUnit = Annotated[
    str | None, typer.Option("--time-unit", rich_help_panel=DATA, help="Unit of that column, as s or ms.")
]
Trial = Annotated[
    str | None,
    typer.Option("--trial", rich_help_panel=DATA, help="Column that changes from one stretch to the next."),
]
Gaps = Annotated[
    Gap | None,
    typer.Option("--gaps", rich_help_panel=DATA, help="Missing values: cut there, or interpolate. Default: refuse."),
]
Resample = Annotated[
    bool, typer.Option("--resample", rich_help_panel=DATA, help="Bring uneven times to even steps (linear).")
]
Dt = Annotated[
    float | None,
    typer.Option("--dt", rich_help_panel=DATA, help="Sampling interval. Default: as the file says."),
]


def reading_from(
    variable: str | None = None,
    header: bool | None = None,
    decimal: Mark | str = ".",
    transpose: bool = False,
    time: str | None = None,
    time_unit: str | None = None,
    trial: str | None = None,
    gaps: Gap | str | None = None,
    resample: bool = False,
) -> Reading:
    """What the options above say, as the readers want it. SpecError, in options, where they contradict one another."""
    from sparsernn.errors import SpecError
    from sparsernn.files.reading import Reading

    if time is not None and time != "none" and time == trial:
        raise SpecError(f'--time and --trial are both "{time}": they are two columns')
    return Reading(
        variable=variable,
        header=header,
        decimal=str(decimal),  # type: ignore[arg-type]
        transpose=transpose,
        time=time,
        time_unit=time_unit,
        trial=trial,
        gaps=None if gaps is None else str(gaps),  # type: ignore[arg-type]
        resample=resample,
    )
