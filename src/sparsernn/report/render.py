"""Pages from templates: Python prepares plain views, the templates beside this file make HTML of them.

Everything is escaped but what a page of ours carries itself: its style sheet, its scripts, the JSON of its figures.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from plotly.io import to_json
from plotly.offline import get_plotlyjs

from sparsernn.report.figures.style import symbols
from sparsernn.report.panels import Panel

NARROW = ("history", "series", "graph", "horizons", "detail", "power", "histogram")
"""Figures of one column, which fit a telephone; the others may be pushed sideways there."""


class FigureView(NamedTuple):
    """A panel as a page shows it; `data` is the JSON that plotly draws, None where there is nothing to draw."""

    id: str
    title: str
    caption: str
    data: str | None
    height: int
    narrow: bool


@cache
def templates() -> Environment:
    """The environment of all templates: escaping, strict about names that are not there."""
    made = Environment(
        loader=PackageLoader("sparsernn.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["symbols"] = lambda text: Markup(symbols(str(escape(text))))
    return made


def render(template: str, **context: Any) -> str:
    """A whole page: `template` below ``report/templates``, its context, and what every page carries."""
    assets = files("sparsernn.report").joinpath("assets")
    scripts = [get_plotlyjs(), assets.joinpath("page.js").read_text(encoding="utf-8")]
    style = assets.joinpath("page.css").read_text(encoding="utf-8")
    carried = {"scripts": scripts, "style": style, "policy": policy(scripts)}
    return templates().get_template(template).render(carried, **context)


def policy(scripts: Sequence[str]) -> str:
    """No request leaves the page, and no script runs but the ones whose hashes stand here."""
    hashes = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
    allowed = " ".join(f"'sha256-{h}'" for h in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def figure(panel: Panel, name: str) -> FigureView:
    """A panel with the data that plotly draws, as JSON that cannot end the data block it stands in."""
    if panel.draw is None:
        return FigureView(name, panel.title, panel.caption, None, 0, False)
    drawn = panel.draw()
    if drawn.layout.dragmode is None:
        drawn.update_layout(dragmode=False)  # on a telephone a finger scrolls the page
    data = str(to_json(drawn, validate=False)).replace("<", "\\u003c")
    return FigureView(name, panel.title, panel.caption, data, round(drawn.layout.height), panel.name in NARROW)
