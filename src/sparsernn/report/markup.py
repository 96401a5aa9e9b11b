"""HTML of tables and numbers. Whatever comes from users is escaped here; columns of numbers share their decimals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from html import escape
from typing import Any

from sparsernn.errors import Undefined
from sparsernn.report.figures.style import symbols
from sparsernn.report.spread import Spread
from sparsernn.report.tables import Table
from sparsernn.report.text import decimals, number, short

BOUNDS = (" floor", " ceiling")
OWN_DIGITS = ("baselines", "horizons")
Write = Callable[[Any], str]


def table(given: Table, hide: Iterable[str] = ()) -> str:
    """A <table>. Rows of another size than the one before begin a step; `hide` names columns to leave out. Numbers of a
    column share their decimals, but in tables of models, whose errors span many decades, each has its own digits."""
    columns = [(i, name) for i, name in enumerate(given.columns) if name not in hide]
    each = given.name in OWN_DIGITS
    digits: dict[int, Write] = {
        i: short if each else partial(number, digits=decimals(_floats(given, name))) for i, name in columns
    }
    text = {
        i
        for i, _ in columns
        if all(isinstance(row[i], str | None) and not isinstance(row[i], Undefined) for row in given.rows)
    }
    head = "".join(f"<th{_class(name, i in text)}>{_header(name)}</th>" for i, name in columns)
    step = given.columns.index("weights left") if "weights left" in given.columns else None
    body: list[str] = []
    before = None
    for row in given.rows:
        begins = step is not None and row[step] != before
        before = row[step] if step is not None else None
        cells = "".join(_cell(row[i], digits[i], name, i in text) for i, name in columns)
        body.append(f'<tr class="step">{cells}</tr>' if begins else f"<tr>{cells}</tr>")
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'


def _floats(given: Table, name: str) -> list[float]:
    """The numbers of a column and of those that hold its floor and ceiling: all of them share their decimals."""
    family = [name.removesuffix(b) for b in BOUNDS if name.endswith(b)] or [name]
    places = [i for i, column in enumerate(given.columns) if column in (family[0], *(family[0] + b for b in BOUNDS))]
    cells = [row[i] for row in given.rows for i in places]
    found = [cell.mean if isinstance(cell, Spread) else cell for cell in cells]
    return [v for v in found if isinstance(v, float)]


def _header(name: str) -> str:
    bound = next((b.strip() for b in BOUNDS if name.endswith(b)), name)
    return symbols(escape(bound))


def _class(name: str, text: bool) -> str:
    if name.endswith(BOUNDS):
        return ' class="bound"'
    return ' class="text"' if text else ""


def _cell(value: Any, write: Write, column: str, text: bool) -> str:
    kind = _class(column, text)
    if isinstance(value, Spread):
        if isinstance(value.mean, Undefined):
            return f'<td class="undefined">undefined: {escape(value.mean)}</td>'
        sd = "" if isinstance(value.sd, Undefined) else f' <span class="sd">± {write(value.sd)}</span>'
        of = "" if value.n == value.of else f' <span class="sd">({value.n} of {value.of})</span>'
        return f"<td{kind}>{write(value.mean)}{sd}{of}</td>"
    if isinstance(value, Undefined):
        return f'<td class="undefined">undefined: {escape(value)}</td>'
    if value is None:
        return f"<td{kind}>–</td>"
    if column == "outcome":
        return f'<td{kind}><span class="outcome {escape(str(value).split()[0])}">{escape(str(value))}</span></td>'
    if column == "share":
        return f"<td{kind}>{100 * value:.3g} %</td>"
    if column == "seconds":
        said = "&lt; 0.1" if 0 <= value < 0.05 else number(float(value), 0 if value >= 10 else 1)
        return f"<td{kind}>{said}</td>"
    if isinstance(value, int):
        return f"<td{kind}>{value:,}</td>"
    if isinstance(value, float):
        return f"<td{kind}>{write(value)}</td>"
    return f"<td{kind}>{symbols(escape(str(value)))}</td>"
