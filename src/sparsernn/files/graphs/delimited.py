"""Text with a matrix or a list of edges: .csv, .tsv, .txt, also packed with gzip."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np

from sparsernn.errors import DataError, SpecError
from sparsernn.files.cells import delimiter_of
from sparsernn.files.graphs.wiring import EdgeList, Wiring, of_matrix
from sparsernn.files.header import is_number
from sparsernn.files.limits import unpacked_limit, unreadable

LOOK, LONG = 20, 5_000_000
LISTED, WIDEST = 20, 30_000
"""Columns of a list of edges, and of a matrix as text, at most."""
SOURCE = {
    "source",
    "from",
    "pre",
    "presynaptic",
    "sender",
    "src",
    "neuron 1",
    "neuron1",
    "node1",
    "i",
    "pre_id",
    "tail",
}
TARGET = {"target", "to", "post", "postsynaptic", "receiver", "dst", "dest", "neuron 2", "neuron2", "node2", "j"}
TARGET |= {"post_id", "head"}
WEIGHT = {"weight", "weights", "w", "value", "nbr", "count", "n", "synapses", "strength", "syn_count"}
SIGN = {"sign", "signs"}
NEGATIVE = {"-", "-1", "-1.0", "i", "inh", "inhibitory", "negative", "gaba"}
POSITIVE = {"+", "1", "+1", "1.0", "e", "exc", "excitatory", "positive"}
Only = Mapping[str, tuple[str, ...]]


def says_edges(path: Path) -> bool:
    """Whether the first line of a text file names a source and a target: a list of edges, not a table of numbers."""
    try:
        with _opened(path) as file:
            first = next(_rows(file, path), [])
    except (DataError, UnicodeDecodeError, csv.Error, OSError, EOFError, zlib.error):
        return False
    cells = {cell.lower() for cell in first}
    return len(first) <= LISTED and bool(cells & SOURCE) and bool(cells & TARGET)


class _Plan(NamedTuple):
    """Columns of a list of edges."""

    source: int
    target: int
    weight: int | None
    sign: int | None
    names: list[str]
    header: bool


def read_delimited(path: Path, only: Only | None = None) -> Wiring:
    """A square matrix, with or without names, or a list of edges (source, target, and perhaps weight and sign).

    A list of edges has a header that says so, or fewer columns than lines; `only` keeps the lines that have one of some
    values in a named column. Lines that begin with # or % are comments. A matrix with names on both sides need not be
    square: its nodes are those of both. Cost: about 2 s for a million edges. DataError for what is neither.
    """
    try:
        with _opened(path) as file:
            rows = _rows(file, path)
            first = list(itertools.islice(rows, LOOK))
            if not first:
                raise DataError(f"{path} holds no graph: every line is empty or a comment")
            plan = _plan(first, path, only)
            if plan is not None:
                return _edges(itertools.chain(first, rows), plan, path, only)
            return _matrix(itertools.chain(first, rows), path)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not UTF-8 text (byte {error.start:,} of what was read is {error.object[error.start]:#x}): "
            "other letters would be taken for one another; save it as UTF-8"
        ) from None
    except csv.Error as error:
        raise DataError(f"{path} is no table: {error}; are its quotes balanced?") from None
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from None


def _opened(path: Path) -> TextIO:
    """The text; of a packed file no more than it may unfold to."""
    if path.suffix.lower() != ".gz":
        return path.open(encoding="utf-8-sig", errors="strict", newline="")
    limit = unpacked_limit(path.stat().st_size)
    with gzip.open(path, "rb") as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise DataError(f"{path} would unfold to more than the {limit:,} bytes allowed; unpack it first")
    return io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8-sig", errors="strict", newline="")


def _rows(file: TextIO, path: Path) -> Iterator[list[str]]:
    """Cells without blanks around them, comments and empty lines left out."""
    lines = _lines(file, path)
    first = list(itertools.islice(lines, LOOK))
    delimiter = delimiter_of(first, ".") if first else ","
    every = itertools.chain(first, lines)
    if delimiter == " ":
        yield from (line.split() for line in every)
        return
    for cells in csv.reader(every, delimiter=delimiter, skipinitialspace=True):
        yield [cell.strip() for cell in cells]


def _lines(file: TextIO, path: Path) -> Iterator[str]:
    while line := file.readline(LONG):
        if "\0" in line:
            raise DataError(f"{path} is binary or UTF-16, not plain text; save it as CSV in UTF-8")
        if len(line) == LONG:
            raise DataError(f"{path} has a line of more than {LONG:,} letters")
        if line.strip() and line.lstrip()[0] not in "#%":
            yield line


def _plan(first: list[list[str]], path: Path, only: Only | None) -> _Plan | None:
    """How the list of edges is read; None for a matrix."""
    header = [cell.lower() for cell in first[0]]
    width = len(header)
    place = lambda names: next((i for i, cell in enumerate(header) if cell in names), None)
    source, target = place(SOURCE), place(TARGET)
    # a matrix may have nodes called pre and post, but many columns, or their names before its rows as well
    matrix = width > LISTED or (len(first) > 1 and [row[0] for row in first[1:]] == first[0][1 : len(first)])
    if source is not None and target is not None and source != target and not matrix:
        weight, sign = place(WEIGHT), place(SIGN)
        return _Plan(source, target, weight, sign, first[0], True)
    if only:
        raise SpecError(f"{path} has no header with a source and a target column, so nothing can be chosen by column")
    if width < 2 or width > 6 or len(first) <= width + (header[0] == ""):
        if width in (2, 3) and len(first) < width:  # too few lines for a matrix of so many columns
            return _bare(first, width, path)
        return None
    if width == 2 and len(first) == 2:
        return None
    return _bare(first, width, path)


def _bare(first: list[list[str]], width: int, path: Path) -> _Plan:
    """Without a header that is understood: the first two columns, and a number in the third. DataError where the first
    line can only be a header, but does not say which columns are meant."""
    below = first[1] if len(first) > 1 else first[0]
    weight = 2 if width > 2 and len(below) > 2 and is_number(below[2]) else None
    header = weight is not None and len(first) > 1 and not is_number(first[0][2])
    rest = [row for row in first[1:] if len(row) == width]
    words = [len(rest) > 1 and not is_number(c) and all(is_number(r[i]) for r in rest) for i, c in enumerate(first[0])]
    if not header and width == 2 and all(words):
        return _Plan(0, 1, None, None, first[0], True)
    if not header and any(words):
        raise DataError(
            f"{path}: the first line, {', '.join(first[0])[:80]}, seems to name columns, none of them source or "
            "target; call the two ends source and target (or from and to, pre and post)"
        )
    return _Plan(0, 1, weight, None, first[0] if header else [], header)


def _edges(rows: Iterator[list[str]], plan: _Plan, path: Path, only: Only | None) -> Wiring:
    found, notes = EdgeList(), []
    wanted = _wanted(plan, only, path)
    needed = max(p for p in (plan.source, plan.target, plan.weight, plan.sign, *wanted) if p is not None)
    if plan.header:
        next(rows)
    passed = lines = 0
    for line, cells in enumerate(rows, 1 + plan.header):
        if len(cells) <= needed:
            raise DataError(f"{path}, edge {line}: {len(cells)} cells, expected at least {needed + 1}")
        lines += 1
        if any(cells[i].lower() not in values for i, values in wanted.items()):
            passed += 1
            continue
        source, target = cells[plan.source], cells[plan.target]
        if not source or not target:
            raise DataError(f"{path}, edge {line}: an end without a name")
        weight = 1.0
        if plan.weight is not None:
            text = cells[plan.weight]
            if not is_number(text):
                raise DataError(f'{path}, edge {line}: the weight "{text[:40]}" is no number')
            weight = float(text)
        if plan.sign is not None:
            weight = abs(weight) * _sign(cells[plan.sign], path, line)
        found.add(source, target, weight)
    used = {plan.source, plan.target, plan.weight, plan.sign, *wanted}
    rest = [name for i, name in enumerate(plan.names) if i not in used]
    if rest:
        notes.append(f"columns that are not read: {', '.join(rest[:5])}; --only COLUMN=VALUE chooses lines by one")
    if passed:
        notes.append(f"{passed:,} of {lines:,} lines are left out by --only")
    if plan.weight is None:
        notes.append("no column of weights: every edge weighs 1")
    return found.wiring("source-target", notes, str(path))


def _wanted(plan: _Plan, only: Only | None, path: Path) -> dict[int, set[str]]:
    names = [name.lower() for name in plan.names]
    found = {}
    for name, values in (only or {}).items():
        if name.lower() not in names:
            raise SpecError(f'{path} has no column "{name}"; it has {", ".join(plan.names)}')
        found[names.index(name.lower())] = {v.strip().lower() for v in values}
    return found


def _sign(text: str, path: Path, line: int) -> float:
    if text.lower() in POSITIVE:
        return 1.0
    if text.lower() in NEGATIVE:
        return -1.0
    raise DataError(f'{path}, edge {line}: the sign "{text[:40]}" is none of +, -, 1, -1, excitatory, inhibitory')


def _matrix(rows: Iterator[list[str]], path: Path) -> Wiring:
    table = []
    for cells in rows:
        table.append(cells)
        if len(cells) > WIDEST or len(table) > WIDEST + 1:
            raise DataError(f"{path}: matrices of more than {WIDEST:,} nodes are read as lists of edges, or from .npz")
    body = table
    across = down = None
    if any(cell and not is_number(cell) for cell in table[0][1:]) or (table[0][0] == "" and len(table) > 1):
        across, body = table[0], table[1:]
    if body and all(row and not is_number(row[0]) for row in body):
        down, body = [row[0] for row in body], [row[1:] for row in body]
    width = len(body[0]) if body else 0
    if across is not None:
        across = across[len(across) - width :] if len(across) >= width else None
    for line, row in enumerate(body, 1):
        if len(row) != width:
            raise DataError(f"{path}, row {line}: {len(row)} cells where the first has {width}")
        for column, cell in enumerate(row, 1):
            if cell and not is_number(cell):
                raise DataError(f'{path}, row {line}, column {column}: "{cell[:40]}" is no number')
    values = np.array([[float(cell) if cell else 0.0 for cell in row] for row in body], float).reshape(len(body), width)
    notes = ["empty cells are read as 0"] if any(not cell for row in body for cell in row) else []
    if down is not None and across is not None and (len(down) != len(across) or down != across):
        return _named(values, down, across, notes, path)
    names = tuple(down or across or ())
    found = of_matrix(values, str(path), names=names if len(set(names)) == len(values) else ())
    return found._replace(notes=tuple(notes))


def _named(values: np.ndarray, down: list[str], across: list[str], notes: list[str], path: Path) -> Wiring:
    """Rows and columns of other names or in another order: nodes are those of both."""
    if len(set(down)) < len(down) or len(set(across)) < len(across):
        raise DataError(f"{path}: a name comes twice among its rows or columns")
    names = tuple(dict.fromkeys([*down, *across]))
    place = {name: i for i, name in enumerate(names)}
    whole = np.zeros((len(names),) * 2)
    whole[np.ix_([place[n] for n in down], [place[n] for n in across])] = values
    notes = [*notes, f"{len(down):,} named rows and {len(across):,} named columns: {len(names):,} nodes in all"]
    return of_matrix(whole, str(path), names=names)._replace(notes=tuple(notes))
