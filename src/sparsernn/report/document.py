"""What every page of ours shares: figures as data, and a policy under which no request leaves it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go
from plotly.io import to_json

from sparsernn.report.figures.style import symbols
from sparsernn.report.panels import Panel

NARROW = ("history", "series", "graph", "horizons", "detail", "power", "histogram")
"""Figures of one column, which fit a telephone; the others may be pushed sideways there."""


def policy(scripts: Sequence[str]) -> str:
    """No request leaves the page, and no script runs but the ones whose hashes stand here."""
    hashes = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
    allowed = " ".join(f"'sha256-{h}'" for h in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def figure(panel: Panel, name: str, heading: bool = True) -> str:
    """A panel as a section of a page: heading, caption, and the data that plotly draws there."""
    title = f"<h3>{escape(panel.title)}</h3>" if heading else ""
    caption = f'<p class="caption">{symbols(escape(panel.caption))}</p>' if panel.caption else ""
    if panel.draw is None:
        return f'<section class="panel">{title}{caption}</section>'
    drawn = panel.draw()
    narrow = " narrow" if panel.name in NARROW else ""
    plot = (
        f'<div class="plot{narrow}" id="{name}" role="img" aria-label="{escape(panel.title)}" '
        f'style="height:{drawn.layout.height:.0f}px"></div>'
    )
    data = f'<script type="application/json" id="{name}-data">{_json(drawn)}</script>'
    return f'<section class="panel">{title}{caption}<div class="figure">{plot}</div>{data}</section>'


def _json(drawn: go.Figure) -> str:
    """JSON that cannot end the data block it stands in."""
    if drawn.layout.dragmode is None:
        drawn.update_layout(dragmode=False)  # on a telephone a finger scrolls the page
    return str(to_json(drawn, validate=False)).replace("<", "\\u003c")
