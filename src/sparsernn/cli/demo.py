"""`sparsernn demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[
        Path, typer.Option("--out", help="Directory for the report, figures, tables, weights and runs.")
    ] = Path("sparsernn-demo"),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    short: Annotated[bool, typer.Option("--short", help="A minute's version that only shows that all works.")] = False,
) -> None:
    """Learn the Lorenz system, halve its network three times by four criteria, and report: about two minutes."""
    from sparsernn.cli.pipeline import carry_out
    from sparsernn.studies.demo import NOTE, specs

    wanted = specs(rows=20_000, epochs=8, rounds=1) if short else specs()
    before = (
        "Lorenz-63 is simulated; a PLRNN of 30 units learns it, is pruned by geometry, magnitude, activity-scaled\n"
        "magnitude and at random to equal counts, rewound to its first weights and trained again, three times."
    )
    carry_out(wanted, out, "Lorenz-63 pruned by four criteria", [NOTE], json, before=before)
