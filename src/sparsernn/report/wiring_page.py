"""The page of `sparsernn analyze`: warnings, what was done, numbers beside their nulls, motifs, triads, the graph."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from plotly.offline import get_plotlyjs

from sparsernn import __version__
from sparsernn.files.atomic import replacing
from sparsernn.report import markup
from sparsernn.report.document import figure, policy
from sparsernn.report.panels import Panel
from sparsernn.report.tables import Table


def write_wiring(
    path: Path,
    title: str,
    cards: Sequence[tuple[str, str, str]],
    facts: Sequence[tuple[str, str]],
    warnings: Sequence[str],
    notes: Sequence[str],
    sections: Sequence[tuple[str, Sequence[str], Sequence[Panel], Sequence[Table]]],
) -> None:
    """A self-contained page, written atomically. `cards` are (name, value, more); a section is a title, sentences,
    figures and tables."""
    scripts = [get_plotlyjs(), files("sparsernn.report").joinpath("assets/page.js").read_text(encoding="utf-8")]
    css = files("sparsernn.report").joinpath("assets/page.css").read_text(encoding="utf-8")
    shown = "".join(
        f'<li><span class="name">{escape(name)}</span><span class="value">{escape(value)}</span>'
        f'<span class="more">{escape(more)}</span></li>'
        for name, value, more in cards
    )
    warned = "".join(f'<div class="notes"><p><strong>Note.</strong> {escape(w)}.</p></div>' for w in warnings)
    noted = f'<div class="notes">{"".join(f"<p>{escape(n)}.</p>" for n in notes)}</div>' if notes else ""
    terms = "".join(f"<dt>{escape(a)}</dt><dd>{escape(b)}</dd>" for a, b in facts)
    body = "".join(_section(*section, number) for number, section in enumerate(sections))
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>{css}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<ul class="cards">{shown}</ul>
{warned}
<dl>{terms}</dl>
{noted}
<noscript><p class="notes">The figures need JavaScript, which is off here; tables and text do not.</p></noscript>
</header>
<main>{body}</main>
<footer><p>Made by sparsernn {escape(__version__)}. This page needs no network; drawn by plotly.js, which it carries
(MIT license).</p></footer>
<script>{scripts[0]}</script>
<script>{scripts[1]}</script>
</body>
</html>
"""
    with replacing(path) as file:
        file.write(page.encode("utf-8", errors="replace"))


def _section(title: str, said: Sequence[str], panels: Sequence[Panel], tables: Sequence[Table], number: int) -> str:
    text = "".join(f"<p>{escape(s)}</p>" for s in said)
    drawn = "".join(figure(p, f"figure-{p.name}", heading=len(panels) > 1) for p in panels)
    listed = "".join(markup.table(t) for t in tables)
    return f'<section id="part-{number}"><h2>{escape(title)}</h2>{text}{drawn}{listed}</section>'
