"""Tables as a page shows them: text of every cell; columns of numbers share their decimals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

from sparsernn.errors import Undefined
from sparsernn.report.spread import Spread
from sparsernn.report.tables import Table
from sparsernn.report.text import decimals, number, short

BOUNDS = (" floor", " ceiling")
OWN_DIGITS = ("baselines", "horizons")
Write = Callable[[Any], str]


class Column(NamedTuple):
    """A header; `kind` is a class of the style sheet."""

    name: str
    kind: str


class Cell(NamedTuple):
    """A cell: its text, what stands behind it in gray, and the word an outcome is colored by."""

    text: str
    kind: str = ""
    quiet: tuple[str, ...] = ()
    outcome: str = ""


class Row(NamedTuple):
    """`step`: rows of another size begin here."""

    cells: tuple[Cell, ...]
    step: bool


class TableView(NamedTuple):
    """A table without its hidden columns."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def table(given: Table, hide: Iterable[str] = ()) -> TableView:
    """Rows of another size than the one before begin a step; `hide` names columns to leave out. Numbers of a column
    share their decimals, but in tables of models, whose errors span many decades, each has its own digits."""
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
    step = given.columns.index("weights left") if "weights left" in given.columns else None
    rows: list[Row] = []
    before = None
    for row in given.rows:
        begins = step is not None and row[step] != before
        before = row[step] if step is not None else None
        rows.append(Row(tuple(_cell(row[i], digits[i], name, i in text) for i, name in columns), begins))
    return TableView(tuple(Column(_header(name), _kind(name, i in text)) for i, name in columns), tuple(rows))


def _floats(given: Table, name: str) -> list[float]:
    """The numbers of a column and of those that hold its floor and ceiling: all of them share their decimals."""
    family = [name.removesuffix(b) for b in BOUNDS if name.endswith(b)] or [name]
    places = [i for i, column in enumerate(given.columns) if column in (family[0], *(family[0] + b for b in BOUNDS))]
    cells = [row[i] for row in given.rows for i in places]
    found = [cell.mean if isinstance(cell, Spread) else cell for cell in cells]
    return [v for v in found if isinstance(v, float)]


def _header(name: str) -> str:
    return next((b.strip() for b in BOUNDS if name.endswith(b)), name)


def _kind(name: str, text: bool) -> str:
    return "bound" if name.endswith(BOUNDS) else "text" if text else ""


def _cell(value: Any, write: Write, column: str, text: bool) -> Cell:
    kind = _kind(column, text)
    if isinstance(value, Spread):
        if isinstance(value.mean, Undefined):
            return Cell(f"undefined: {value.mean!s}", "undefined")
        sd = () if isinstance(value.sd, Undefined) else (f"± {write(value.sd)}",)
        of = () if value.n == value.of else (f"({value.n} of {value.of})",)
        return Cell(write(value.mean), kind, sd + of)
    if isinstance(value, Undefined):
        return Cell(f"undefined: {value!s}", "undefined")
    if value is None:
        return Cell("–", kind)
    if column == "outcome":
        return Cell(str(value), kind, outcome=str(value).split()[0])
    return Cell(_text(value, write, column), kind)


def _text(value: Any, write: Write, column: str) -> str:
    if column == "share":
        return f"{100 * value:.3g} %"
    if column == "seconds":
        return "< 0.1" if 0 <= value < 0.05 else number(float(value), 0 if value >= 10 else 1)
    if isinstance(value, int):
        return f"{value:,}"
    return write(value) if isinstance(value, float) else str(value)
