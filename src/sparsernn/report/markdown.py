"""Tables and pictures as Markdown: what is committed beside its rows, and read on a forge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sparsernn.errors import Undefined
from sparsernn.files.atomic import write_text
from sparsernn.report.spread import Spread
from sparsernn.report.tables import Table
from sparsernn.report.text import short


def markdown(table: Table) -> str:
    """A table; three digits, spreads as ``mean ± sd``, a stroke where there is nothing."""
    head = f"| {' | '.join(map(_safe, table.columns))} |\n|{' --- |' * len(table.columns)}\n"
    return head + "".join(f"| {' | '.join(_safe(_text(cell)) for cell in row)} |\n" for row in table.rows)


def write_markdown(path: Path, title: str, parts: Sequence[tuple[str, str, Table | None, str]]) -> None:
    """A page of parts: a heading, sentences, a table, and the place of a picture ("" for none)."""
    lines = [f"# {title}\n"]
    for heading, text, table, picture in parts:
        lines.append(f"## {heading}\n" if heading else "")
        lines.append(f"{text}\n" if text else "")
        lines.append(f"![{heading}]({picture})\n" if picture else "")
        lines.append(markdown(table) if table is not None else "")
    write_text(path, "\n".join(line for line in lines if line))


def _text(cell: Any) -> str:
    if cell is None or isinstance(cell, Undefined):
        return "–"
    if isinstance(cell, Spread):
        if isinstance(cell.mean, Undefined):
            return "–"
        of = "" if cell.n == cell.of else f" ({cell.n} of {cell.of})"
        return short(float(cell.mean)) + ("" if isinstance(cell.sd, Undefined) else f" ± {short(float(cell.sd))}") + of
    if isinstance(cell, bool | str):
        return str(cell)
    return f"{cell:,}" if isinstance(cell, int) else short(float(cell))


def _safe(text: str) -> str:
    return text.replace("|", "\\|")
