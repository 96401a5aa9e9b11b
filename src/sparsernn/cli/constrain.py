"""`sparsernn constrain`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from sparsernn.cli.analyze import Orientation


class Control(StrEnum):
    """Those of `sparsernn.studies.constrained`."""

    rewired = "rewired"
    sign_shuffled = "sign_shuffled"
    random = "random"
    hubs = "hubs"


class Held(StrEnum):
    """Which signs stay."""

    dale = "dale"
    entry = "entry"
    free = "free"


def constrain(
    what: Annotated[Path, typer.Argument(metavar="CONNECTOME", help="A graph, in any file that `analyze` reads.")],
    out: Annotated[Path, typer.Option("--out", help="Directory for runs, graph, page and tables.")],
    task: Annotated[str | None, typer.Option("--task", help="What is learned, by a plain rnn.")] = None,
    spec: Annotated[
        Path | None, typer.Option("--spec", help="A run in YAML instead: task, cell, optimizer, epochs, ...")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change one value of the spec; repeatable.")
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="How many; each has its own controls.")] = 3,
    control: Annotated[
        list[Control] | None, typer.Option("--control", help="What to compare with, repeatable. Default: all.")
    ] = None,
    held: Annotated[
        Held, typer.Option("--held", help="Signs: dale (one a unit), entry (one a weight), or free.")
    ] = Held.dale,
    radius: Annotated[float, typer.Option("--radius", help="Spectral radius of all first matrices.")] = 0.9,
    orientation: Annotated[
        Orientation | None, typer.Option("--orientation", help="How a matrix is to be read.")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="The matrix of a file that holds several.")] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="COLUMN=VALUE[,VALUE]", help="Lines of a list of edges.")
    ] = None,
    signs: Annotated[Path | None, typer.Option("--signs", metavar="FILE", help="Signs of edges or of nodes.")] = None,
    nulls: Annotated[int, typer.Option("--nulls", min=2, help="Random graphs beside every trained network.")] = 100,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Trainings at a time.")] = 2,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Train a network whose wiring is a connectome, beside networks on rewired, sign-shuffled, random and hub-like
    graphs of as many edges; then analyze what they have become.

    The same command again goes on where it stopped.
    """
    from sparsernn.cli.analyze import _only
    from sparsernn.cli.output import leave, print_json
    from sparsernn.cli.pipeline import UNDER_WAY
    from sparsernn.cli.progress import progress_bars
    from sparsernn.errors import SpecError
    from sparsernn.files.atomic import write_json
    from sparsernn.files.spec_file import overrides, read_yaml
    from sparsernn.registry import here
    from sparsernn.report.write import write_report
    from sparsernn.studies.constrained import constrained, outcome, read_connectome
    from sparsernn.studies.place import claimed
    from sparsernn.training import side_by_side

    here()
    if (task is None) == (spec is None):
        raise SpecError("give one of --task NAME and --spec FILE")
    base = overrides({"task": task} if spec is None else read_yaml(spec), set_ or [])
    chosen = {name: tuple(values) for name, values in _only(only or []).items()}
    graph = read_connectome(what, None if orientation is None else orientation.value, key, chosen or None, signs)
    with claimed(out) as store:
        controls = [c.value for c in control] if control else None
        found = constrained(graph, base, out, seeds, controls, held.value, radius)
        if not json:
            _say(graph, found)
        with progress_bars(quiet=json) as progress:
            records = side_by_side.run_all(found.wanted, store, progress, workers)
    for record in records:
        if record.outcome.name in UNDER_WAY:
            leave(record.outcome, record)
    entries = outcome(found, records, nulls)
    title = f"{Path(graph.source).name} as the wiring of a network"
    with progress_bars(quiet=json) as progress:
        page = write_report(records, out, title, found.notes, progress).html
    about = {"connectome": graph.source, "nodes": graph.graph.signed.nodes, "edges": graph.graph.signed.edges}
    about |= {"held": held.value, "seeds": seeds, "variants": entries, "notes": list(found.notes)}
    write_json(out / "constrained.json", about)
    if json:
        print_json(about | {"report": str(page)})
    else:
        _print(entries, title)
        typer.echo(f"page: {page}  numbers: {out / 'constrained.json'}")
    for record in records:
        leave(record.outcome, record)


def _say(graph: Any, found: Any) -> None:
    signed = graph.graph.signed
    typer.echo(f"{graph.source}: {signed.nodes:,} nodes, {signed.edges:,} edges; {len(found.wanted)} trainings")
    for note in found.notes:
        typer.echo(note)


def _print(entries: list[dict[str, Any]], title: str) -> None:
    from sparsernn.cli.output import print_table

    keys = list(dict.fromkeys(key for entry in entries for key in entry["numbers"]))[:3]
    columns = ["wiring", "edges", "radius", *(key.partition("/")[2] for key in keys), "η trained", "z of η"]
    rows = []
    for entry in entries:
        cells = [_over_seeds(entry["numbers"].get(key, [])) for key in keys]
        last = [_over_seeds(entry["eta"]), _over_seeds(entry["z_eta"])]
        rows.append([entry["variant"], entry["edges"], entry["radius"], *cells, *last])
    print_table(title, columns, rows)
    for entry in entries:
        typer.echo(f"{entry['variant']}: {entry['keeps']}")


def _over_seeds(values: list[Any]) -> Any:
    """Mean ± sd of what exists."""
    import statistics

    from sparsernn.errors import Undefined

    known = [float(v) for v in values if not isinstance(v, Undefined)]
    if not known:
        return values[0] if values else None
    text = f"{statistics.fmean(known):.4g}"
    if len(known) > 1:
        text += f" ± {statistics.stdev(known):.2g}"
    return text if len(known) == len(values) else f"{text} ({len(known)} of {len(values)})"
