"""``sparsernn graph``: graphs from generators, one command a generator, made from its fields."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

NONE = "none"
SHARED = ("nodes", "seed", "out", "keep", "json")


class Generators(TyperGroup):
    """Commands that are made when they are asked for: a generator is imported no earlier."""

    def list_commands(self, ctx: Any) -> list[str]:
        from sparsernn.registry import registry_of

        return registry_of("generator").names()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        from sparsernn.errors import SpecError
        from sparsernn.registry import registry_of

        name = cmd_name.replace("-", "_")
        if cmd_name not in self.commands:
            try:
                registry_of("generator").resolve(name)
            except SpecError:
                return None
            one = typer.Typer(add_completion=False)
            one.command(name=cmd_name)(command_of(name))
            self.commands[cmd_name] = typer.main.get_command(one)
        return self.commands[cmd_name]


app = typer.Typer(cls=Generators, no_args_is_help=True)


@app.callback()
def graph() -> None:
    """Make signed directed graphs: as initial weights or masks of networks, or to be analyzed."""


def command_of(name: str) -> Callable[..., None]:
    """A command with an option for every field of the generator."""
    from sparsernn.registry import registry_of
    from sparsernn.spec import defaults_of

    generator = registry_of("generator").resolve(name)
    defaults, told = defaults_of(generator), _arguments(generator)
    fields = [p.name for p in inspect.signature(generator).parameters.values()]

    def command(**given: Any) -> None:
        shared = {k: given.pop(k) for k in SHARED if k in given}
        values = {k: None if v == NONE else v for k, v in given.items() if v is not None}
        _make(name, values, **shared)

    own = []
    for field in fields:
        default = defaults.get(field)
        kind: Any = bool if isinstance(default, bool) else str
        shown: Any = default if isinstance(default, bool) else NONE if default is None else str(default)
        annotation: Any = Annotated[kind, typer.Option(f"--{field.replace('_', '-')}", help=told.get(field, ""))]
        if isinstance(default, bool):
            flag = field.replace("_", "-")
            annotation = Annotated[bool, typer.Option(f"--{flag}/--no-{flag}", help=told.get(field, ""))]
        own.append(inspect.Parameter(field, inspect.Parameter.KEYWORD_ONLY, default=shown, annotation=annotation))
    command.__doc__ = inspect.cleandoc(generator.__doc__ or "").partition("\n\n")[0].replace("`", "")
    option = inspect.Parameter.KEYWORD_ONLY
    first = [
        inspect.Parameter("nodes", option, annotation=Annotated[int, typer.Option(help="How many.")]),
        inspect.Parameter(
            "out",
            option,
            annotation=Annotated[
                Path, typer.Option(help="File to write: .npy or .csv (rows are targets, columns sources), .graphml.")
            ],
        ),
        inspect.Parameter("seed", option, default=0, annotation=Annotated[int, typer.Option(help="Of all draws.")]),
    ]
    last = [
        inspect.Parameter(
            "json", option, default=False, annotation=Annotated[bool, typer.Option("--json", help="Print JSON.")]
        )
    ]
    if name == "balanced":
        keep = typer.Option(min=2, help="So many graphs along the way, numbered: NAME-00, the random one, to the last.")
        last.insert(0, inspect.Parameter("keep", option, default=None, annotation=Annotated[int | None, keep]))
    command.__signature__ = inspect.Signature([*first, *own, *last])  # type: ignore[attr-defined]
    return command


def _arguments(part: Any) -> dict[str, str]:
    """What the docstring says of every field."""
    text = inspect.cleandoc(part.__doc__ or "").partition("Args:\n")[2].partition("\n\n")[0]
    found: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if line.startswith("    ") and not line.startswith("     "):
            last, _, said = line.strip().partition(": ")
            found[last] = said
        elif last:
            found[last] += " " + line.strip()
    return {name: (said[:1].upper() + said[1:]).replace("`", "") for name, said in found.items()}


def _make(
    name: str, values: dict[str, Any], nodes: int, seed: int, out: Path, json: bool, keep: int | None = None
) -> None:
    from sparsernn.cli.output import print_json, print_table
    from sparsernn.cli.spoken import in_options
    from sparsernn.files.graphs.writing import check_graph_file
    from sparsernn.spec import build
    from sparsernn.studies.generated import facts, generated, written
    from sparsernn.topology.generators.base import AbstractGenerator

    with in_options([*values, *SHARED]):
        generator = _without_name(name, lambda: build(AbstractGenerator, {name: values}))  # type: ignore[type-abstract]
        check_graph_file(out)
        graphs = generated(generator, nodes, seed, keep)
        paths = written(graphs, out, keep is not None)
    found = [facts(graph) for graph in graphs]
    if json:
        read = "source-target" if out.suffix.lower() == ".graphml" else "target-source"
        made = [{"file": str(path)} | about for path, about in zip(paths, found, strict=True)]
        print_json({"generator": name, "orientation": read, "graphs": made})
        return
    columns = ["nodes", "edges", "positive", "mutual", "loops", "eta", "eta_pooled", "radius"]
    heads = ["file", "nodes", "edges", "positive", "mutual pairs", "loops", "eta", "eta pooled", "spectral radius"]
    rows = [[path.name, *(f[c] for c in columns)] for path, f in zip(paths, found, strict=True)]
    print_table(f"{name}, seed {seed}", heads, rows)
    if keep is not None and len(graphs) < keep:
        typer.echo(f"{len(graphs)} graphs instead of {keep}: a few loops are a large step in so small a graph")
    last = paths[-1]
    if out.suffix.lower() == ".graphml":
        typer.echo(f"next: sparsernn analyze {last}")
    else:
        typer.echo("rows are targets, columns sources")
        typer.echo(f"next: sparsernn analyze {last} --orientation target-source")


def _without_name(name: str, act: Callable[[], Any]) -> Any:
    """Problems say the field alone, not in which generator."""
    from sparsernn.errors import SpecError

    try:
        return act()
    except SpecError as error:
        raise SpecError([p.removeprefix(f"{name}.").removeprefix(f"{name}: ") for p in error.problems]) from None
