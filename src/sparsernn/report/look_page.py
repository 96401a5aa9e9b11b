"""The page of `sparsernn look`: warnings on top, then the facts, then pictures of the recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

from sparsernn import __version__
from sparsernn.errors import Undefined
from sparsernn.files.atomic import replacing
from sparsernn.report.document import figure, policy
from sparsernn.report.figures.look import delay, histogram, power, series
from sparsernn.report.figures.look.view import View
from sparsernn.report.figures.style import symbols
from sparsernn.report.panels import Panel


def write_look(
    path: Path,
    title: str,
    view: View,
    facts: Sequence[tuple[str, str]],
    warnings: Sequence[dict[str, str | None]],
    notes: Sequence[str],
    command: str | None,
    takes: str | None = None,
) -> None:
    """A self-contained HTML page (about 5 MB, most of it plotly.js), written atomically.

    `facts` are (what, in words); `warnings` hold `code`, `column`, `text` and `try`.
    """
    scripts = [get_plotlyjs(), files("sparsernn.report").joinpath("assets/page.js").read_text(encoding="utf-8")]
    style = files("sparsernn.report").joinpath("assets/page.css").read_text(encoding="utf-8")
    pictures = "".join(figure(panel, f"figure-{panel.name}") for panel in panels(view))
    terms = "".join(f"<dt>{symbols(escape(a))}</dt><dd>{symbols(escape(b))}</dd>" for a, b in facts)
    noted = f'<div class="notes">{"".join(f"<p>{escape(n)}</p>" for n in notes)}</div>' if notes else ""
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<div class="verdict"><p>{_summary(warnings)}</p></div>
{_warnings(warnings)}
<h3>Next</h3>
{_next(command, takes)}
{noted}
<noscript><p class="notes">The figures need JavaScript, which is off here; tables and text do not.</p></noscript>
</header>
<main>
<section id="facts"><h2>What the file holds</h2><dl>{terms}</dl></section>
<section id="pictures"><h2>How it looks</h2>{pictures}</section>
</main>
<footer><p>Made by sparsernn {escape(__version__)}. This page needs no network; drawn by plotly.js, which it carries
(MIT license).</p></footer>
<script>{scripts[0]}</script>
<script>{scripts[1]}</script>
</body>
</html>
"""
    with replacing(path) as file:
        file.write(page.encode("utf-8", errors="replace"))


def panels(view: View) -> list[Panel]:
    """The pictures, each with what is to be seen in it."""
    shown, width = len(view.shown()), len(view.names)
    some = f" {shown} of {width} columns." if shown < width else ""
    orbit = "Points are single rows." if view.coarse else "A clean loop is a cycle, a filled band chaos, a cloud noise."
    peaks = "Peaks are rhythms, a flat end on the right is noise, a slope all along a walk."
    values = f"One tall bar beside nothing: fill values, or events.{some}"
    every = f"Lowest and highest values, so that no peak is lost.{some}"
    middle = f"From the middle of the longest piece without a gap.{some}"
    return [
        _panel("series", "All rows", every, series, series.numbers(view)),
        _panel("detail", "A few turns", middle, series, series.detail(view)),
        _panel("power", "Spectrum", peaks, power, power.numbers(view)),
        _panel("orbit", "Shape of the motion", orbit, delay, delay.numbers(view)),
        _panel("histogram", "Values", values, histogram, histogram.numbers(view)),
    ]


def _panel(name: str, title: str, caption: str, module: Any, numbers: Any) -> Panel:
    if isinstance(numbers, Undefined):
        return Panel(name, title, f"Nothing to draw: {numbers}.", None, None)
    draw: Callable[[], Any] = lambda: module.draw(numbers)
    return Panel(name, title, caption, draw, None)


def _summary(warnings: Sequence[dict[str, str | None]]) -> str:
    codes = dict.fromkeys(str(w["code"]) for w in warnings)
    if not codes:
        return "Nothing odd was found in this recording."
    return f"{len(codes)} thing{'' if len(codes) == 1 else 's'} to mend or to know first: {escape(', '.join(codes))}."


def _warnings(warnings: Sequence[dict[str, str | None]]) -> str:
    out = []
    for w in warnings:
        place = f" · {escape(str(w['column']))}" if w["column"] is not None else ""
        out.append(
            f'<div class="notes"><p><strong>{escape(str(w["code"]))}</strong>{place}</p>'
            f"<p>{symbols(escape(str(w['text'])))}.</p>"
            f'<p class="quiet">Try: {symbols(escape(str(w["try"])))}.</p></div>'
        )
    return "".join(out)


def _next(command: str | None, takes: str | None) -> str:
    if command is None:
        return "<p>No command yet: what is said above must be mended first.</p>"
    return f"<pre>{escape(command)}</pre>" + (f"<p>{escape(takes)}</p>" if takes else "")
