"""What commands share in speaking: JSON, numbers, tables, exit codes of outcomes."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sparsernn.runs.store import Outcome, Record
    from sparsernn.studies.free_run import Generated

EXIT = {"finished": 0, "paused": 0, "diverged": 3, "interrupted": 5, "failed": 1}


def print_json(value: Any) -> None:
    """One JSON document on standard output; undefined numbers are null beside `undefined: {name: reason}`;
    a number that overflows is null."""
    typer.echo(json.dumps(_jsonable(value), indent=2, allow_nan=False))


def _jsonable(value: Any) -> Any:
    from sparsernn.errors import Undefined

    if isinstance(value, dict):
        plain = {str(k): _jsonable(v) for k, v in value.items() if not isinstance(v, Undefined)}
        reasons = {str(k): str(v) for k, v in value.items() if isinstance(v, Undefined)}
        return plain | dict.fromkeys(reasons) | ({"undefined": reasons} if reasons else {})
    if isinstance(value, list | tuple):
        return [_jsonable(v) for v in value]
    if isinstance(value, Path):
        return str(value)
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def number(value: Any, digits: int = 3) -> str:
    """A number for a table: three significant digits; the reason where it is undefined."""
    from sparsernn.errors import Undefined

    if isinstance(value, Undefined):
        return f"undefined ({value})"
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:.{digits}g}"


def print_table(title: str, columns: list[str], rows: list[list[Any]]) -> None:
    """A table on standard output; why numbers are undefined stands below it."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text  # names of columns are no markup: V [mV]

    from sparsernn.errors import Undefined

    table = Table(title=Text(title), title_justify="left")
    for i, column in enumerate(columns):
        words = all(isinstance(row[i], str) and not isinstance(row[i], Undefined) for row in rows)
        table.add_column(Text(column), justify="left" if i == 0 or words else "right")
    reasons: dict[str, int] = {}

    def shown(cell: Any) -> str:
        if not isinstance(cell, Undefined):
            return number(cell)
        return f"undefined [{reasons.setdefault(str(cell), len(reasons) + 1)}]"

    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    console = Console()
    if not console.is_terminal:
        console.width = 160
    console.print(table)
    for reason, place in reasons.items():
        console.print(Text(f"[{place}] {reason}"))


def print_series(out: Path, made: Generated, record: Record, as_json: bool, try_next: str = "") -> None:
    """Write what a network did to `out`, and say what it is: columns, interval, preparation."""
    import numpy as np

    from sparsernn.files.table_out import write_series
    from sparsernn.studies.free_run import prepared_of

    write_series(
        out, made.values, made.names, made.dt, made.starts, made.comments, time_unit=made.time_unit, units=made.units
    )
    finite = bool(np.isfinite(made.values).all())
    changed = prepared_of(record).changed_since()
    if as_json:
        about = {"out": str(out), "shape": list(made.values.shape), "columns": list(made.names), "dt": made.dt}
        about |= {"time_unit": made.time_unit, "units": list(made.units), "said": list(made.said)}
        print_json(about | {"run": str(record.directory), "finite": finite, "recording_changed": changed})
    else:
        typer.echo(f"{out}: {made.values.shape[0]:,} steps of {', '.join(made.names)}")
        typer.echo("; ".join(made.said))
        if out.suffix == ".npy":
            typer.echo("a .npy file holds the numbers alone; .csv and .npz keep this beside them")
        if try_next:
            typer.echo(f"next: sparsernn {try_next}")
    if changed:
        typer.echo(f"sparsernn: {changed}", err=True)
    if not finite:
        typer.echo("sparsernn: the run overflows: some values are not finite", err=True)


def leave(outcome: Outcome, record: Record) -> None:
    """Say what an outcome other than finished means, and exit with its code."""
    if outcome.name != "finished":
        typer.echo(f"sparsernn: {outcome.name} at update {outcome.step}: {outcome.why}\n{outcome.advice}", err=True)
        typer.echo(f"run directory: {record.directory}", err=True)
        raise typer.Exit(EXIT.get(outcome.name, 1))
