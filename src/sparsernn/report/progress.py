"""Telling how far a long piece of work is: bars on a terminal and in a notebook, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sparsernn.progress import Progress

LINE_SECONDS, CELL_SECONDS = 5.0, 0.5


@contextmanager
def progress_bars(quiet: bool = False) -> Iterator[Progress]:
    """A `Progress`. Bars with the time left on standard error if it is a terminal; in a notebook one line that is
    written over; otherwise a line now and then."""
    if quiet:
        yield lambda what, done, of: None
    elif (display := _notebook()) is not None:
        yield from _cell(display)
    elif sys.stderr.isatty():
        yield from _bars()
    else:
        yield _lines()


def _notebook() -> Callable[..., Any] | None:
    """IPython's `display`, where this is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import display

    return display


def _cell(display: Callable[..., Any]) -> Iterator[Progress]:
    handle: Any = None
    last = [0.0]

    def progress(what: str, done: int, of: int) -> None:
        now = time.monotonic()
        if now - last[0] < CELL_SECONDS and done < of:
            return
        last[0] = now
        full = round(20 * done / max(of, 1))
        handle.update({"text/plain": f"{'█' * full}{'░' * (20 - full)} {what}: {done:,} of {of:,}"}, raw=True)

    handle = display({"text/plain": ""}, raw=True, display_id=True)
    yield progress
    handle.update({"text/plain": "done"}, raw=True)


def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        known: dict[str, TaskID] = {}

        def progress(what: str, done: int, of: int) -> None:
            if what not in known:
                for task in known.values():
                    bars.update(task, visible=False)
                known[what] = bars.add_task(what, total=of)
            bars.update(known[what], completed=done, total=of, visible=True)

        yield progress


def _lines() -> Progress:
    said: dict[str, tuple[float, int]] = {}
    last = [0.0]

    def progress(what: str, done: int, of: int) -> None:
        now = time.monotonic()
        began, first = said.setdefault(what, (now, done))
        if now - last[0] < LINE_SECONDS and done < of:
            return
        last[0] = now
        left = (now - began) / (done - first) * (of - done) if done > first else float("nan")
        note = f", about {left:.0f} s left" if done < of and left == left else ""
        with suppress(OSError):  # a log that is full or closed must not end the work
            print(f"{what}: {done:,} of {of:,}{note}", file=sys.stderr, flush=True)

    return progress
