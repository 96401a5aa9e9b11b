"""`sparsernn parts`."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

Kind = Annotated[str | None, typer.Argument(help="A family: cell, task, sparsifier, measure, ...; all without it.")]
Name = Annotated[str | None, typer.Argument(help="One of its members: its fields, and what it says of itself.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON only.")]


def parts(kind: Kind = None, name: Name = None, json: Json = False) -> None:
    """List what a spec can be made of: cells, tasks, sparsifiers, measures, ..., your own parts included."""
    from sparsernn.cli.output import print_json, print_table
    from sparsernn.registry import KINDS, here, registry_of

    here()  # as in `run`: a part `module:Class` may lie here
    if name is not None and kind is not None:
        part = registry_of(kind).resolve(name)
        fields = _fields(part)
        if json:
            print_json({"kind": kind, "name": name, "about": _text(part), "fields": fields})
            return
        typer.echo(_text(part))
        print_table(f"{kind} {name}", ["field", "type", "default"], [list(f.values()) for f in fields])
        return
    found = {}
    for k in [kind] if kind else KINDS:
        registry = registry_of(k)
        found[k] = {n: _first(_text(registry.resolve(n))) for n in registry.names()}
    if json:
        print_json(found)
        return
    for k, members in found.items():
        print_table(k, ["name", "what"], [list(member) for member in members.items()])
    typer.echo("fields of one: sparsernn parts KIND NAME, as in sparsernn parts sparsifier rigl")


def _text(part: Any) -> str:
    from inspect import cleandoc

    return cleandoc(part.__doc__ or "")


def _first(text: str) -> str:
    """The first sentence, on one line."""
    return re.split(r"(?<=\.) (?=[A-Z`])", " ".join(text.partition("\n\n")[0].split()))[0]


def _fields(part: Any) -> list[dict[str, Any]]:
    """Of a class or a preset: name, type as text, default in its plain form."""
    import inspect

    from sparsernn.spec import defaults_of, plain

    defaults = {name: plain(value) for name, value in defaults_of(part).items()}
    parameters = inspect.signature(part).parameters.values()
    return [
        {"field": p.name, "type": str(p.annotation), "default": defaults.get(p.name, "(give a value)")}
        for p in parameters
    ]
