"""A page of sections: what leads it, warnings, facts, then figures and tables under headings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sparsernn import __version__
from sparsernn.files.atomic import replacing
from sparsernn.report.cards import Card
from sparsernn.report.markup import TableView, table
from sparsernn.report.panels import Panel
from sparsernn.report.render import FigureView, figure, render
from sparsernn.report.stamp import MADE_BY
from sparsernn.report.tables import Table


class Section(NamedTuple):
    """A heading, sentences, figures, then tables."""

    title: str
    text: Sequence[str] = ()
    figures: Sequence[Panel] = ()
    tables: Sequence[Table] = ()


class SectionView(NamedTuple):
    """A section as the template shows it."""

    id: str
    title: str
    text: Sequence[str]
    figures: Sequence[FigureView]
    tables: Sequence[TableView]
    headings: bool


def write_plain(
    path: Path,
    title: str,
    sections: Sequence[Section],
    cards: Sequence[Card] = (),
    facts: Sequence[tuple[str, str]] = (),
    warnings: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> None:
    """A self-contained HTML page (about 5 MB, most of it plotly.js), written atomically. Sentences come without a
    period where they are `warnings` or `notes`."""
    views = [
        SectionView(
            f"part-{number}",
            part.title,
            part.text,
            [figure(panel, f"figure-{number}-{panel.name}") for panel in part.figures],
            [table(each) for each in part.tables],
            len(part.figures) > 1,
        )
        for number, part in enumerate(sections)
    ]
    page = render(
        "plain.html.j2",
        title=title,
        cards=cards,
        facts=facts,
        warnings=warnings,
        notes=[f"{note}." for note in notes],
        sections=views,
        made_by=f"{MADE_BY} {__version__}",
    )
    with replacing(path) as file:
        file.write(page.encode("utf-8", errors="replace"))
