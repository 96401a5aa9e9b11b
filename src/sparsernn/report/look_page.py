"""The page of `sparsernn look`: warnings on top, then the facts, then pictures of the recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sparsernn import __version__
from sparsernn.errors import Undefined
from sparsernn.files.atomic import replacing
from sparsernn.report.figures.look import delay, histogram, power, series
from sparsernn.report.figures.look.view import View
from sparsernn.report.panels import Panel
from sparsernn.report.render import figure, render
from sparsernn.report.stamp import MADE_BY


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
    page = render(
        "look.html.j2",
        title=title,
        notes=notes,
        summary=_summary(warnings),
        warnings=warnings,
        command=command,
        takes=takes,
        facts=facts,
        figures=[figure(panel, f"figure-{panel.name}") for panel in panels(view)],
        made_by=f"{MADE_BY} {__version__}",
    )
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
    return f"{len(codes)} thing{'' if len(codes) == 1 else 's'} to mend or to know first: {', '.join(codes)}."
