"""An analysis as a page: which numbers lead, which figures and tables follow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsernn.errors import Undefined
from sparsernn.report.cards import Card
from sparsernn.report.figures import motifs, wiring
from sparsernn.report.panels import Panel
from sparsernn.report.plain_page import Section, write_plain
from sparsernn.report.tables import Table
from sparsernn.report.text import short
from sparsernn.topology.balance import TYPES
from sparsernn.topology.motifs import BALANCED, SIGNS

if TYPE_CHECKING:
    from sparsernn.studies.analysis import Analysis

NULL = ["value", "null mean", "null sd", "z"]


def write_page(path: Path, found: Analysis) -> None:
    """Signed graphs lead with balance, others with clustering and paths."""
    signed = not isinstance(found.motifs["+++"].number, Undefined)
    title = f"{found.source}: wiring and balance" if signed else f"{found.source}: wiring"
    write_plain(
        path, title, _sections(found, signed), _cards(found, signed), found.facts(), found.warnings, found.notes
    )


def _cards(found: Analysis, signed: bool) -> list[Card]:
    n = found.numbers
    cards = [
        Card("nodes", f"{n['nodes'].value:,}", ""),
        Card("edges", f"{n['edges'].value:,}", f"density {_text(n['density'].value)}"),
        Card("mutual pairs", f"{n['mutual'].value:,}", f"reciprocity {_text(n['reciprocity'].value)}"),
    ]
    leads = ("eta", "eta_pooled") if signed else ("clustering", "path_length", "small_world")
    names = {"eta": "balance η", "eta_pooled": "η pooled", "clustering": "clustering", "path_length": "path length"}
    for key in leads:
        b = n[key]
        null = "" if isinstance(b.null_mean, Undefined) else f"null {_text(b.null_mean)} ± {_text(b.null_sd)}"
        z = "" if isinstance(b.z, Undefined) else f", z = {_text(b.z)}"
        cards.append(Card(names.get(key, "small-world index"), _text(b.value), null + z))
    return cards


def _text(value: Any) -> str:
    return "undefined" if isinstance(value, Undefined) else short(float(value))


def _sections(found: Analysis, signed: bool) -> list[Section]:
    sections = []
    if signed:
        sections.append(
            Section(
                "Feed-forward motifs",
                [
                    "i → j, j → k and i → k among three nodes that nothing else joins, by the signs of ij, jk, ik. "
                    "Balanced: the direct path has the sign of the indirect one."
                ],
                [_profile(found)],
                [_motif_table(found), *_gauge(found)],
            )
        )
    else:
        said = found.motifs["+++"].number
        sections.append(Section("Feed-forward motifs", [f"Signed motifs and balance are undefined: {said}."]))
    sections.append(
        Section(
            "Triads",
            [
                "The types of three nodes that hold feed-forward loops. η is taken over 030T, 120D, 120U and 300."
                if signed
                else "The types of three nodes that hold feed-forward loops, counted whatever their signs."
            ],
            [_triads(found)],
            [_triad_table(found, signed)],
        )
    )
    rows: list[list[Any]] = [[title, *_cells(row)] for title, *row in found.rows() if signed or "η" not in title]
    sections.append(Section("The whole graph", [], [], [Table("horizons", "", ["number", *NULL], rows)]))
    sections.append(Section("The graph", [], [_graph(found)], [Table("hubs", "", ["hub", "out", "in"], _hubs(found))]))
    return sections


def _cells(row: list[Any]) -> list[Any]:
    """Undefined z and nulls need no sentence in every row."""
    value, *rest = row
    return [value, *(None if isinstance(cell, Undefined) else cell for cell in rest)]


def _hubs(found: Analysis) -> list[list[Any]]:
    return [[str(name), *rest] for name, *rest in found.hub_rows()]


def _profile(found: Analysis) -> Panel:
    rows = [row[2:] for row in found.motif_rows()]
    labels = [s.replace("-", "−") for s in SIGNS]
    numbers = motifs.numbers(labels, rows, [s in BALANCED for s in SIGNS], found.statistic)
    return _panel("motifs", "Motif profile", "Gray: what the nulls have, mean ± 2 sd; below, z.", motifs, numbers)


def _triads(found: Analysis) -> Panel:
    rows = [list(found.triads[name].triads) for name in TYPES]
    numbers = motifs.numbers(TYPES, rows, [None] * len(TYPES), "triads")
    return _panel("triads", "Triads", "How many of each type; gray: the nulls, mean ± 2 sd; below, z.", motifs, numbers)


def _graph(found: Analysis) -> Panel:
    g = found.graph
    numbers = wiring.numbers(g.signed.nodes, g.signed.source, g.signed.target, g.weights, found.names)
    caption = "Read an edge clockwise: it bends to the left on its way from source to target."
    if not isinstance(numbers, Undefined):
        drawn, total = numbers.drawn, g.signed.edges
        caption += f" {len(drawn.edges):,} of {total:,} edges: every node's strongest in and out, then the strongest"
        fewer = f", among the {len(numbers.shown)} of {numbers.total:,} nodes with most edges"
        caption += f"{fewer if len(numbers.shown) < numbers.total else ''}."
    return _panel("graph", "The graph", caption, wiring, numbers)


def _panel(name: str, title: str, caption: str, module: Any, numbers: Any) -> Panel:
    if isinstance(numbers, Undefined):
        return Panel(name, title, f"Nothing to draw: {numbers}.", None, None)
    return Panel(name, title, caption, lambda: module.draw(numbers), None)


def _motif_table(found: Analysis) -> Table:
    rows = [[*row[:2], *_cells(row[2:])] for row in found.motif_rows()]
    return Table("horizons", "", ["signs of ij, jk, ik", "", found.statistic, *NULL[1:]], rows)


def _gauge(found: Analysis) -> list[Table]:
    if found.gauge is None:
        return []
    g = found.gauge
    rows = [[s.replace("-", "−"), g.mean.get(s), g.sd.get(s)] for s in SIGNS]
    return [Table("horizons", "", [f"over {g.draws} random signs of the units", "z, mean", "sd"], rows)]


def _triad_table(found: Analysis, signed: bool) -> Table:
    columns = ["type", "triads", "null mean", "null sd", "z"]
    rows = [[row[0], *_cells(row[1:5])] for row in found.triad_rows()]
    if signed:
        columns += ["balanced loops", "unbalanced", "share balanced", "null share", "z of share"]
        rows = [[*own, *map(_plain, row[5:])] for own, row in zip(rows, found.triad_rows(), strict=True)]
    return Table("horizons", "", columns, rows)


def _plain(cell: Any) -> Any:
    return None if isinstance(cell, Undefined) else cell
