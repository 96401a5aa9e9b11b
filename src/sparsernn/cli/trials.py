"""`sparsernn trials`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparsernn.tasks.base import AbstractTask


def trials(
    what: Annotated[str, typer.Argument(metavar="TASK|SPEC", help="A task's name, or a spec (.yaml) that has one.")],
    out: Annotated[Path, typer.Option("--out", help="The page to write (.html).")] = Path("trials.html"),
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A field of the task, or a path in the spec; repeatable."),
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, max=12, help="Sequences of each kind.")] = 2,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Draw sequences of a task on a page: what a network reads, what is wanted of it, and when an error counts."""
    from sparsernn.cli.look import _writable
    from sparsernn.cli.output import print_json
    from sparsernn.studies.trials import write_trials

    _writable(out)
    task = _task(what, set_ or [])
    page = write_trials(task, out, count)
    if json:
        kinds = {name: [p.title for p in pictures] for name, pictures in page.groups.items()}
        print_json({"page": str(page.path), "data": task.describe(), "trials": kinds, "reference": page.reference})
        return
    typer.echo(f"data: {task.describe()}")
    for name, value in page.reference.items():
        typer.echo(f"  {name}: {value:.4g}")
    typer.echo(f"page: {page.path}")


def _task(what: str, changes: list[str]) -> AbstractTask:
    """SpecError with all problems."""
    from sparsernn.files.spec_file import overrides, read_yaml
    from sparsernn.registry import here
    from sparsernn.spec import build
    from sparsernn.tasks.base import AbstractTask

    here()
    if what.endswith((".yaml", ".yml")):
        from sparsernn.training.run_spec import read_spec

        return read_spec(overrides(read_yaml(what), changes)).task
    return build(
        AbstractTask,  # type: ignore[type-abstract]
        overrides({what: {}}, [f"{what}.{change}" for change in changes]),
    )
