"""The application: one file a command, put together here."""

from __future__ import annotations

from typing import Annotated

import typer

from sparsernn import __version__
from sparsernn.cli import (
    analyze,
    compare,
    constrain,
    data,
    demo,
    doctor,
    forecast,
    generate,
    graph,
    lesion,
    look,
    parts,
    reconstruct,
    report,
    run,
    show,
    study,
    trials,
    watch,
)
from sparsernn.cli.spoken import spoken

app = typer.Typer(
    name="sparsernn",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = {
    "A recording": (
        demo.demo,
        look.look,
        reconstruct.reconstruct,
        generate.generate,
        forecast.forecast,
        compare.compare,
    ),
    "Any run": (run.run, watch.watch, report.report, show.show, trials.trials, parts.parts, doctor.doctor),
    "Any wiring": (analyze.analyze, constrain.constrain, lesion.lesion),
}
"""By the headings of the help."""
for heading, commands in COMMANDS.items():
    for command in commands:
        said = command if command is run.run else spoken(command)  # a spec's errors name places in the spec
        app.command(rich_help_panel=heading)(said)
app.add_typer(
    graph.app,
    name="graph",
    help="Graphs from generators: balanced, with hubs, with motifs, at random.",
    rich_help_panel="Any wiring",
)
app.add_typer(
    study.app,
    name="study",
    help="The published studies, each with its controls.",
    rich_help_panel="Studies and data",
)
app.add_typer(data.app, name="data", help="Public data sets: list, fetch, where.", rich_help_panel="Studies and data")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Sparse recurrent neural networks: train them, prune them by what a weight does, see their wiring and dynamics."""
