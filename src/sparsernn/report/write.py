"""A report as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from sparsernn.errors import StoreError
from sparsernn.files.atomic import write_text
from sparsernn.report.figures.attractor import POINTS
from sparsernn.report.page import page
from sparsernn.report.panels import Panel, comparison_panels, network_panels, shown_networks
from sparsernn.report.runs import Comparison, compare
from sparsernn.report.subject import Subject
from sparsernn.report.tables import Table, csv, summary, tables
from sparsernn.training.record import Record

ALL_POINTS = 10_000
"""Points of all attractors of a page together, so that it stays small with many networks."""
Tell = Callable[[str, int, int], None]


class Report(NamedTuple):
    """What was written, and the rows of the summary as plain mappings; `table` is the same for print_table."""

    html: Path | None
    pngs: list[Path]
    csvs: list[Path]
    rows: list[dict]
    table: Table


def write_report(
    records: Sequence[Record], out_dir: str | Path, title: str, notes: Sequence[str] = (), tell: Tell | None = None
) -> Report:
    """Write ``report.html``, ``figures/*.png`` and ``tables/*.csv`` below `out_dir`, each file atomically.

    `notes` are sentences shown under the verdict. Several rounds, criteria and seeds go into one page; runs that have
    not finished are shown as what they are. Cost: some seconds for each of up to six networks.

    >>> sparsernn.write_report([record], "report", "Adding two numbers").html.name
    'report.html'
    """
    out_dir = Path(out_dir)
    return write(compare(records), out_dir / "report.html", out_dir / "figures", out_dir / "tables", title, notes, tell)


def write(
    comparison: Comparison,
    html: Path | None,
    figures: Path | None,
    csvs: Path | None,
    title: str,
    notes: Sequence[str] = (),
    tell: Tell | None = None,
) -> Report:
    """The same with a place for each kind of file, None to leave it out. Directories are made."""
    tell = tell or (lambda what, done, of: None)
    subjects = [Subject(training) for training in shown_networks(comparison)]
    points = min(POINTS, ALL_POINTS // max(1, len(subjects)))
    overview = comparison_panels(comparison)
    networks = []
    for i, subject in enumerate(subjects):
        tell("figures", i, len(subjects))
        networks.append(network_panels(subject, points))
    written: list[Path] = []
    if html is not None:
        _make(html.parent)
        write_text(html, page(comparison, subjects, overview, networks, title, notes))
    pictures = [(p.name, p) for p in overview]
    for i, panels in enumerate(networks):
        several = f"-{_file_name(subjects[i].training.name)}" if len(subjects) > 1 else ""
        pictures += [(f"{p.name}{several}", p) for p in panels]
    pngs = _write_pictures(pictures, figures, tell) if figures is not None else []
    if csvs is not None:
        _make(csvs)
        for table in tables(comparison):
            written.append(csvs / f"{table.name}.csv")
            write_text(written[-1], csv(table))
    table = summary(comparison)
    return Report(html, pngs, written, table.dicts(), table)


def _write_pictures(pictures: Sequence[tuple[str, Panel]], folder: Path, tell: Tell) -> list[Path]:
    _make(folder)
    for left in folder.glob(".*.png.*.tmp"):  # of a process that was killed
        left.unlink(missing_ok=True)
    written: list[Path] = []
    drawn = [(name, panel.picture) for name, panel in pictures if panel.picture is not None]
    for i, (name, picture) in enumerate(drawn):
        tell("pictures", i, len(drawn))
        written.append(folder / f"{name}.png")
        picture(written[-1])
    tell("pictures", len(drawn), len(drawn))
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
