"""`sparsernn show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def show(
    what: Annotated[Path, typer.Argument(metavar="RUN|FILE", help="A run directory or a .safetensors file.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Print the prunable matrices of a run or the arrays of a file: shapes, non-zeros, outcome."""
    from sparsernn.cli.output import print_json, print_table
    from sparsernn.errors import DataError

    if not what.is_dir() and what.suffix != ".safetensors":
        raise DataError(f"{what} is neither a run directory nor a .safetensors file")
    about = _of_run(what) if what.is_dir() else _of_file(what)
    if json:
        print_json(about)
        return
    if "outcome" in about:
        outcome = about["outcome"]
        typer.echo(f"{outcome['name']} at update {outcome['step']}  {outcome['why']}\n{outcome['advice']}")
    if data := about.get("data"):
        interval = "" if data["dt"] is None else f", a row every {data['dt']:.6g} {data['time_unit']}".rstrip()
        typer.echo(f"data: {data['source']}: {', '.join(data['names'])}; {data['rows']:,} rows to test{interval}")
        typer.echo("prepared: " + ("; ".join(data["preparation"]) or "nothing was filtered or thinned"))
        if data["changed"]:
            typer.echo(f"sparsernn: {data['changed']}", err=True)
    rows = [
        [
            a["name"],
            " × ".join(map(str, a["shape"])),
            a["dtype"],
            a.get("role", ""),
            a["nonzeros"],
            a["nonzeros"] / max(a["size"], 1),
        ]
        for a in about["arrays"]
    ]
    print_table(str(what), ["array", "shape", "type", "role", "non-zeros", "density"], rows)


def _of_file(path: Path) -> dict:
    import numpy as np

    from sparsernn.files.safetensors_file import read
    from sparsernn.runs.record import prunables_of

    arrays, metadata = read(path)
    roles = {p.path: p.role for p in prunables_of(metadata, path)}
    known = lambda name: {"role": roles[name]} if name in roles else {}
    listed = [_about(name, np.asarray(array)) | known(name) for name, array in arrays.items()]
    return {"metadata": metadata, "arrays": listed}


def _of_run(directory: Path) -> dict:
    import numpy as np

    from sparsernn.runs.record import Record
    from sparsernn.tasks.observed import is_observed
    from sparsernn.tasks.prepared import Prepared
    from sparsernn.weights import flatten

    record = Record(directory)
    outcome = record.outcome
    about: dict = {"outcome": outcome._asdict() | {"advice": outcome.advice}, "round": record.round, "arrays": []}
    if "prepared.safetensors" in record.ledger().files and is_observed(record.spec.get("task", {})):
        prepared = Prepared.of(*record.prepared())
        kept = (
            "source",
            "names",
            "channels",
            "units",
            "dt",
            "time_unit",
            "lags",
            "starts",
            "preparation",
            "file_sha256",
        )
        about["data"] = {name: getattr(prepared, name) for name in kept}
        about["data"] |= {"mean": prepared.mean.tolist(), "scale": prepared.scale.tolist()}
        about["data"] |= {"rows": len(prepared.test), "changed": prepared.changed_since()}
    if prunables := record.prunables():
        roles = {p.path: p.role for p in prunables}
        for name, array in sorted(flatten(record.weights()).items()):
            about["arrays"].append(_about(name, np.asarray(array)) | {"role": roles.get(name, "")})
    return about


def _about(name: str, array) -> dict:
    import numpy as np

    return {
        "name": name,
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "size": int(array.size),
        "nonzeros": int(np.count_nonzero(array)),
    }
