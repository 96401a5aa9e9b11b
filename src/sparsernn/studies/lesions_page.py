"""Lesions as a page."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsernn.errors import Undefined
from sparsernn.report.cards import Card
from sparsernn.report.figures import lesions as figure
from sparsernn.report.panels import Panel
from sparsernn.report.plain_page import Section, write_plain
from sparsernn.report.tables import Table
from sparsernn.report.text import short

if TYPE_CHECKING:
    from sparsernn.studies.lesions import Lesions


def write_page(path: Path, found: Lesions) -> None:
    """Cards with the change at the end, the curves by number and by weight, the tables."""
    name = found.quantity.name
    cards = [Card(f"{name}, intact", short(found.intact), f"on {found.split}")]
    for kind, _, mean, sd in found.ends():
        text = "undefined" if isinstance(mean, Undefined) else f"{mean:+.3g}"
        spread = "" if isinstance(sd, Undefined) else f"± {sd:.2g}, "
        cards.append(Card(f"without {kind}", text, f"{spread}{found.common} removed"))
    kinds, scores = [c.kind for c in found.curves], [c.score for c in found.curves]
    steps = [c.removed.mean(axis=0) for c in found.curves]
    panels = [
        _panel("number", "By number", "Mean ± sd over random orders of removal.",
               figure.numbers(kinds, [np.arange(c.steps + 1) for c in found.curves], scores, ("removed", name))),
        _panel("weight", "By weight", "The same against the sum of |w| that is gone: kinds of equal weight compare.",
               figure.numbers(kinds, steps, scores, ("sum of |w| removed", name))),
    ]  # fmt: skip
    said = [
        "Weights are set to 0 and nothing is trained again. A motif is unbalanced if the product of its three weights "
        "is negative."
    ]
    tables = [_steps(found), _ends(found)]
    facts = [("run", found.source), ("edges", f"{found.edges:,}"), ("taken away", found.what)]
    facts.append(("orders", f"{found.orders}, seed {found.seed}"))
    sections = [Section("What removal does", said, panels, tables)]
    write_plain(path, f"Lesions of {Path(found.source).name}", sections, cards, facts, (), found.notes)


def _panel(name: str, title: str, caption: str, numbers: Any) -> Panel:
    if isinstance(numbers, Undefined):
        return Panel(name, title, f"Nothing to draw: {numbers}.", None, None)
    return Panel(name, title, caption, partial(figure.draw, numbers), None)


def _steps(found: Lesions) -> Table:
    columns = ["removed", *(head for c in found.curves for head in (c.kind, "sd"))]
    rows = []
    for step, *cells in found.rows():
        flat = [part for cell in cells for part in (cell if isinstance(cell, tuple) else (cell, None))]
        rows.append([step, *(None if isinstance(part, Undefined) else part for part in flat)])
    return Table("horizons", "", columns, rows)


def _ends(found: Lesions) -> Table:
    plain = lambda cell: None if isinstance(cell, Undefined) else cell
    rows = [[kind, f"{share:.1%}", plain(mean), plain(sd)] for kind, share, mean, sd in found.ends()]
    return Table(
        "horizons", "", [f"after {found.common} removals", "of all |w|", f"change of {found.quantity.name}", "sd"], rows
    )
