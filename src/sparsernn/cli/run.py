"""`sparsernn run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparsernn.runs.store import Record


def run(
    spec: Annotated[Path, typer.Argument(help="A run in YAML: task, network, optimizer, epochs, sparsifier, ...")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change one value of the spec; repeatable.")
    ] = None,
    store: Annotated[Path, typer.Option("--store", help="Directory of runs; each run has its own inside.")] = Path(
        "runs"
    ),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train what a spec describes. The same command again resumes, or returns at once when all is done."""
    from sparsernn.cli.output import leave, print_json, print_table
    from sparsernn.cli.progress import progress_bars
    from sparsernn.files.spec_file import overrides, read_yaml
    from sparsernn.registry import here
    from sparsernn.training.run import run as train
    from sparsernn.training.run_spec import read_spec

    here()  # a part `module:Class` may lie beside the spec
    resolved = read_spec(overrides(read_yaml(spec), set_ or []))
    with progress_bars(quiet=json) as progress:
        record = train(resolved, store, progress=progress)
    outcome = record.outcome
    if json:
        print_json(summary(record))
    else:
        typer.echo(f"data: {record.about.get('source', '')}")
        for name, entry in record.measures().items():
            rows = [[key, entry["validation"].get(key), value] for key, value in entry["test"].items()]
            print_table(name, ["", "validation", "test"], rows)
        typer.echo(f"{outcome.name}: {record.directory}")
        for line in following(record):
            typer.echo(line)
    leave(outcome, record)


def following(record: Record) -> list[str]:
    """Commands that go on from a run, ready to be copied."""
    from shlex import quote

    from sparsernn.registry import VARIABLE, modules_named
    from sparsernn.runs.snapshots import FOLDER, name_of
    from sparsernn.tasks.observed import is_observed

    if record.outcome.name not in ("finished", "paused", "diverged"):
        return []
    place = quote(str(record.directory))
    modules = ",".join(sorted(modules_named(record.spec)))
    named = f"{VARIABLE}={quote(modules)} " if modules else ""  # reading a run imports nothing on its word
    found = [f"next: {named}sparsernn report {place}", f"      {named}sparsernn show {place}"]
    if is_observed(record.spec["task"]):
        found.append(f"      {named}sparsernn generate {place} --steps 10000 --out free-run.npy")
    if kept := record.snapshots():
        size = sum((record.directory / name_of(epoch)).stat().st_size for epoch in kept)
        found.append(f"{len(kept)} snapshots: {size / 1e6:.3g} MB in {record.directory / FOLDER}; they may be deleted")
    return found


def summary(record: Record) -> dict:
    """What scripts want to know of a run."""
    return {
        "directory": str(record.directory),
        "identity": record.about["identity"],
        "round": record.round,
        "data": record.about.get("source"),
        "outcome": record.outcome._asdict() | {"advice": record.outcome.advice},
        "measures": {name: {s: entry[s] for s in ("validation", "test")} for name, entry in record.measures().items()},
    }
