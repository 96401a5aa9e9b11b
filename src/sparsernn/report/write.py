"""A report as files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sparsernn.errors import StoreError
from sparsernn.files.atomic import write_text
from sparsernn.progress import Progress
from sparsernn.report import beside, graded, verdict
from sparsernn.report.runs import RunComparison, by_task
from sparsernn.report.stamp import sealed, stamp, unchanged
from sparsernn.report.tables import Table, csv, summary, tables
from sparsernn.runs.record import Record

if TYPE_CHECKING:  # what draws is loaded when something is drawn: a second
    from sparsernn.report.page import PagePart
    from sparsernn.report.panels import Panel

ALL_POINTS = 10_000
"""Points of all attractors of a page together, so that it stays small with many networks."""
ABANDONED = 3600.0
"""Seconds after which nobody writes a picture any more."""


class WrittenReport(NamedTuple):
    """What was written (`again`: now, not already there), and what is to be said: one entry a task in `comparisons`,
    `tables` (the summary) and `baselines`; `rows` of the summaries as plain mappings."""

    html: Path | None
    pngs: list[Path]
    csvs: list[Path]
    rows: list[dict]
    comparisons: list[RunComparison]
    tables: list[Table]
    baselines: list[Table]
    again: bool = True

    @property
    def table(self) -> Table:
        """The summary of the first task."""
        return self.tables[0]

    def said(self) -> list[list[str]]:
        """The sentences of the verdict, task by task; the first begins with the grade."""
        return [verdict.verdict(comparison) for comparison in self.comparisons]

    def plain(self) -> dict[str, Any]:
        """``{verdict, verdicts, baselines, rows}`` for JSON; with several tasks each entry says which it is of."""
        several = len(self.comparisons) > 1
        named = lambda c, entries: [({"task": c.task} if several else {}) | entry for entry in entries]
        overall = verdict.plain(self.comparisons[0])
        found: dict[str, Any] = {"verdict": overall, "verdicts": [], "baselines": [], "rows": self.rows}
        if several:
            found["verdict"] = {"grade": None, "reasons": ["Several tasks: each has its own verdict."]}
            found["tasks"] = [{"task": c.task, "verdict": verdict.plain(c)} for c in self.comparisons]
        for c in self.comparisons:
            found["verdicts"] += named(c, graded.as_dicts(c))
            found["baselines"] += named(c, beside.as_dicts(c.trainings))
        return found


def write_report(
    records: Sequence[Record],
    out_dir: str | Path,
    title: str,
    notes: Sequence[str] = (),
    progress: Progress | None = None,
    so_far: str = "",
) -> WrittenReport:
    """Write ``report.html``, ``figures/*.png`` and ``tables/*.csv`` below `out_dir`, each file atomically.

    `notes` are sentences shown under the verdict. Several rounds, criteria and seeds go into one page, several tasks
    into one section each; runs that have not finished are shown as what they are. What is there already and was made
    from the same runs is not made again. With `so_far` (what is still under way) only the page is written. Cost: some
    seconds for each of up to six networks.

    >>> sparsernn.write_report([record], "report", "Adding two numbers").html.name
    'report.html'
    """
    out_dir = Path(out_dir)
    html, places = out_dir / "report.html", (out_dir / "figures", out_dir / "tables")
    figures, csvs = (None, None) if so_far else places
    return write(by_task(records), html, figures, csvs, title, notes, progress, so_far)


def write(
    comparisons: RunComparison | Sequence[RunComparison],
    html: Path | None,
    figures: Path | None,
    csvs: Path | None,
    title: str,
    notes: Sequence[str] = (),
    progress: Progress | None = None,
    so_far: str = "",
) -> WrittenReport:
    """The same with a place for each kind of file, None to leave it out. Directories are made. The page comes last, and
    carries the stamp of what it was made from: with it, all is there."""
    progress = progress or (lambda what, done, of: None)
    comparisons = [comparisons] if isinstance(comparisons, RunComparison) else list(comparisons)
    report = WrittenReport(html, [], [], *_told(comparisons))
    mark = stamp(comparisons, title, notes, so_far)
    if html is not None and (there := unchanged(html, mark)) is not None:
        wanted = [(folder, {p for p in there if p.parent == folder}) for folder in (figures, csvs) if folder]
        if all(kept for _, kept in wanted):
            pngs, tabled = ([p for p in there if p.parent == folder] for folder in (figures, csvs))
            return report._replace(pngs=pngs, csvs=tabled, again=False)
    from sparsernn.report.page import page

    parts = _parts(comparisons, progress)
    pngs = _write_pictures(_pictures(parts), figures, progress) if figures is not None else []
    written: list[Path] = []
    if csvs is not None:
        _make(csvs)
        for part in parts:
            for table in _tables(part):
                name = table.name if len(parts) == 1 else f"{_file_name(part.comparison.task)}-{table.name}"
                written.append(csvs / f"{name}.csv")
                write_text(written[-1], csv(table))
    if html is not None:
        _make(html.parent)
        write_text(html, page(parts, title, notes, so_far, sealed(mark, [*pngs, *written], html.parent)))
    return report._replace(pngs=pngs, csvs=written)


def _told(comparisons: Sequence[RunComparison]) -> tuple[list[dict], list[RunComparison], list[Table], list[Table]]:
    summaries = [summary(comparison) for comparison in comparisons]
    several = len(comparisons) > 1
    rows = [
        ({"task": c.task} if several else {}) | row
        for c, table in zip(comparisons, summaries, strict=True)
        for row in table.dicts()
    ]
    return rows, list(comparisons), summaries, [beside.table(verdict.shown_groups(c), c.trainings) for c in comparisons]


def _parts(comparisons: Sequence[RunComparison], progress: Progress) -> list[PagePart]:
    from sparsernn.report.figures.attractor import POINTS
    from sparsernn.report.page import PagePart
    from sparsernn.report.panels import comparison_panels, horizon_panel, network_panels, shown_networks
    from sparsernn.report.subject import Subject

    shown = [[Subject(training) for training in shown_networks(comparison)] for comparison in comparisons]
    total = sum(len(subjects) for subjects in shown)
    points = min(POINTS, ALL_POINTS // max(1, total))
    parts, done = [], 0
    for comparison, subjects in zip(comparisons, shown, strict=True):
        overview = comparison_panels(comparison) + horizon_panel(comparison, subjects)
        networks = []
        for subject in subjects:
            progress("figures", done, total)
            networks.append(network_panels(subject, points))
            done += 1
        parts.append(PagePart(comparison, subjects, overview, networks))
    return parts


def _tables(part: PagePart) -> list[Table]:
    """All that have rows."""
    from sparsernn.report.panels import lyapunov_steps

    comparison = part.comparison
    groups = verdict.shown_groups(comparison)
    steps = lyapunov_steps(comparison.trainings[0], part.subjects)
    more = [
        graded.table(comparison),
        beside.table(groups, comparison.trainings),
        beside.errors(groups, comparison.trainings, steps),
    ]
    return [*tables(comparison), *(table for table in more if table.rows)]


def _pictures(parts: Sequence[PagePart]) -> list[tuple[str, Panel]]:
    """(file name, panel) of all."""
    found = []
    for part in parts:
        mark = f"{_file_name(part.comparison.task)}-" if len(parts) > 1 else ""
        found += [(f"{mark}{p.name}", p) for p in part.overview]
        for subject, panels in zip(part.subjects, part.networks, strict=True):
            several = f"-{_file_name(subject.training.name)}" if len(part.subjects) > 1 else ""
            found += [(f"{mark}{p.name}{several}", p) for p in panels]
    return found


def _write_pictures(pictures: Sequence[tuple[str, Panel]], folder: Path, progress: Progress) -> list[Path]:
    _make(folder)
    for left in folder.glob(".*.png.*.tmp"):  # of a process that was killed; young ones are another's that still draws
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                left.unlink()
    written: list[Path] = []
    drawn = [(name, panel.picture) for name, panel in pictures if panel.picture is not None]
    for i, (name, picture) in enumerate(drawn):
        progress("pictures", i, len(drawn))
        written.append(folder / f"{name}.png")
        picture(written[-1])
    progress("pictures", len(drawn), len(drawn))
    return written


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made ({error.strerror or error}); give another place") from None


def _file_name(name: str) -> str:
    """Letters, digits and hyphens."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in name)
    return "-".join(part for part in kept.split("-") if part)[:60]
