"""The page of the study."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sparsernn.report.figures import lines
from sparsernn.report.markdown import write_markdown
from sparsernn.report.panels import Panel
from sparsernn.report.plain_page import Section, write_plain
from sparsernn.report.tables import Table
from sparsernn.studies.jobs import Row
from sparsernn.studies.structural_balance import figures

TITLE = "Signed motifs and structural balance"
NULLS = (
    "η pooled: balanced feed-forward loops over all of them in transitive triads; η: the paper's mean over triad "
    "types. The null signed keeps every node's in- and out-degree by sign and the number of mutual pairs; fanmod is "
    "the paper's, which keeps the signs of edges out only. z is (value − null mean) / null sd, of 1,000 graphs."
)


def write(out: Path, rows: Sequence[Row], tables: Sequence[Table], facts: Sequence[tuple[str, str]]) -> Path:
    """Write ``report.html``, ``figures/*.png`` and ``README.md`` below `out`, each atomically; return the first."""
    sections = contents(rows, tables)
    write_plain(out / "report.html", TITLE, sections, facts=facts)
    parts: list[tuple[str, str, Table | None, str]] = [("", "; ".join(f"{a}: {b}" for a, b in facts) + ".", None, "")]
    (out / "figures").mkdir(parents=True, exist_ok=True)
    for section in sections:
        pictures = [f"figures/{panel.name}.png" for panel in section.figures]
        for panel, place in zip(section.figures, pictures, strict=True):
            if panel.picture is not None:
                panel.picture(out / place)
        first = section.tables[0] if section.tables else None
        parts.append((section.title, " ".join(section.text), first, pictures[0] if pictures else ""))
    write_markdown(out / "README.md", TITLE, parts)
    return out / "report.html"


def contents(rows: Sequence[Row], tables: Sequence[Table]) -> list[Section]:
    """The sections, those without tables and figures left out."""
    by_name = {table.name: table for table in tables}
    sections: list[Section] = []

    def add(title: str, text: str, names: Sequence[str] = (), drawn: Sequence[Panel] = ()) -> None:
        held = [by_name[n] for n in names if n in by_name and by_name[n].rows]
        if held or drawn:
            sections.append(Section(title, [text] if text else [], drawn, held))

    text = (
        "Mean differences over seeds with 95 % bootstrap intervals; p of the exact sign-flip test, adjusted (Holm) for "
        "the sparsifiers of one task and cell, controls apart. Below ten seeds nothing is called reproduced. The full "
        "graph of SET holds the weights of its last exchange, of which little was learned yet; its core does not."
    )
    add("Claims", text, ["claims"])
    add("Balance", NULLS, ["balance"])
    text = (
        "Over random choices of the units' signs, which change nothing that the network does. Divided by their length, "
        "so that sizes can be compared. Balanced: an even number of minus signs. Over all choices of signs the four "
        "balanced motifs have one expected z, and so have the four unbalanced ones: the eight are two findings at most."
    )
    add("Motif profiles", text, ["motifs"], _panel("motifs", figures.motif_profiles(rows)))
    text = (
        "Mean and sd over seeds. Of SET the points between are its core, as new weights are still 0 when they are "
        "looked at; the last one is the full graph."
    )
    add("While training", text, (), _panel("epochs", figures.balance_over_epochs(rows)))
    add("Scores", "Each beside the dense network of the same seeds, on the whole test data.", ["scores"])
    add("Weights", "", ["weights"], _panel("weights", figures.weights(rows)))
    text = (
        "What balance is for: in a loop alone, with its first unit held, the last one responds by both paths together; "
        "where they have one sign, more strongly."
    )
    add("Loops alone", text, (), _panel("loops", figures.isolated_loops()))
    text = (
        "Graphs of equal degrees and about as many loops, weights of equal spectral radius; one balanced and one "
        "random graph a seed. Frozen: recurrent weights stay as given. Trained: they move, the graph stays."
    )
    add("Balanced against random graphs", text, ["prescribed"], _panel("prescribed", figures.prescribed(rows)))
    text = (
        "Loops that hang on a trained network by one node are taken away one by one, without training again; beside "
        "balanced ones, any ones, and single edges of as much |w| elsewhere. Only as many as every kind has can be "
        "compared, and balanced ones are not matched in |w|: the table has both."
    )
    add("Lesions", text, ["lesions"], _panel("lesions", figures.lesions(rows)))
    return sections


def _panel(name: str, numbers: lines.Lines) -> list[Panel]:
    if not numbers.panels:
        return []
    draw: Any = partial(lines.draw, numbers)
    return [Panel(name, name, "", draw, partial(lines.picture, numbers))]
