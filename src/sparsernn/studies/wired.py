"""The wiring of whatever `analyze` is given: an array, a sparse matrix, a file, a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from sparsernn.errors import DataError, SpecError, StoreError, nearest
from sparsernn.files.graphs.delimited import NEGATIVE, POSITIVE, Only
from sparsernn.files.graphs.kinds import read_wiring
from sparsernn.files.graphs.wiring import Wiring, of_matrix
from sparsernn.files.header import is_number
from sparsernn.files.text import read_lines
from sparsernn.runs.record import Record
from sparsernn.training.run_spec import spec_of


class Wired(NamedTuple):
    """A graph, and where it comes from.

    Args:
        wiring: its edges.
        source: a name for it, for a reader.
        odd: the signs of its units are a convention: any unit can be turned over (`AbstractCell.odd_gates`).
    """

    wiring: Wiring
    source: str
    odd: bool = False


def wired(given: Any, key: str | None = None, only: Only | None = None) -> Wired:
    """Read it. DataError and SpecError as the readers say them."""
    if isinstance(given, str | Path):
        path = Path(given)
        if path.is_dir():
            return of_run(Record(path), key)
        return Wired(read_wiring(path, key, only), path.name)
    if isinstance(given, Record):
        return of_run(given, key)
    if only or key is not None:
        raise SpecError("key and only are for files and runs; an array has neither")
    if sparse.issparse(given):
        listed = sparse.coo_array(given)
        if listed.ndim != 2 or listed.shape[0] != listed.shape[1]:
            raise DataError(f"W has shape {listed.shape}; expected a square matrix")
        listed.sum_duplicates()
        row, column = listed.coords
        return Wired(Wiring(listed.shape[0], row, column, listed.data), "W")
    return Wired(of_matrix(np.asarray(given), "W"), "W")


def of_run(record: Record, key: str | None) -> Wired:
    """The recurrent matrix of a run, masked; `key` names one of several, ``cell0/recurrent``, with the number of the
    gate behind a colon where it has several, ``cell0/recurrent:2``."""
    matrices: dict[str, np.ndarray] = {}
    arrays = record.weights()
    for p in record.prunables():
        if p.target == p.source:
            found = arrays
            for part in p.path.split("/"):
                found = found[part]
            array = np.asarray(found)
            names = [p.path] if p.gates == 1 else [f"{p.path}:{g}" for g in range(p.gates)]
            matrices |= dict(zip(names, array, strict=True))
    if not matrices:
        raise DataError(f"{record.directory} has no square matrix yet; its outcome is {record.outcome.name}")
    recurrent = [name for name in matrices if "recurrent" in name] or list(matrices)
    if key is None and len(recurrent) > 1:
        raise SpecError(f"{record.directory} holds several matrices; choose one with --key: {', '.join(matrices)}")
    key = recurrent[0] if key is None else key
    if key not in matrices:
        raise SpecError(f'{record.directory} holds no matrix "{key}"{nearest(key, matrices)}')
    wiring = of_matrix(matrices[key], f"{record.directory}, {key}", "target-source")
    note = f"the matrix is {key}; weights that are 0 are no edges, whatever the mask says"
    odd, why = _turnable(record, key)
    return Wired(wiring._replace(notes=(note, *([why] if why else []))), str(record.directory), odd)


def _turnable(record: Record, key: str) -> tuple[bool, str]:
    """Whether the signs of a matrix of a run are a convention, as D W D with any signs D of the units; and a sentence
    where it is otherwise and not plain to see. A run whose parts are not known here: (False, "")."""
    path, _, gate = key.partition(":")
    place = path.partition("/")[0]
    try:
        spec = spec_of(record)
    except StoreError:
        return False, ""
    if not place.startswith("cell"):
        return False, ""
    number = int(place.removeprefix("cell"))
    cell, last = spec.network.cells[number], number == len(spec.network.cells) - 1
    if not cell.odd_gates or (last and spec.task.observed and cell.readout == "identity"):
        return False, ""
    if spec.signs is not None:  # what is held has a meaning
        return False, ""
    if int(gate or 0) in cell.odd_gates:
        return True, ""
    return False, (
        f"{key} is a gate: turning a unit over changes the signs of all it sends and of nothing it receives here, and "
        "not what the network does. Signs, motif types and balance of this matrix are therefore a convention; "
        f"balance means something for {', '.join(f'{path}:{g}' for g in cell.odd_gates)}"
    )


def with_signs(wiring: Wiring, path: Path) -> Wiring:
    """The same edges with the signs of a file: a square matrix of signs (first axis as the graph's file has it), one
    sign a node (that of all its edges out), in order or behind its name. An edge whose sign is 0 or not there is an
    error: DataError."""
    if path.suffix.lower() in (".npy", ".npz", ".mat") or _is_matrix(path, wiring.nodes):
        matrix = _in_order(read_wiring(path), wiring, path)
        if matrix.nodes != wiring.nodes:
            raise DataError(f"{path} has signs for {matrix.nodes:,} nodes, the graph has {wiring.nodes:,}")
        known = sparse.csr_array((np.sign(matrix.weights), (matrix.source, matrix.target)), shape=(wiring.nodes,) * 2)
        signs = np.asarray(known[wiring.source, wiring.target]).ravel()
    else:
        signs = _of_nodes(wiring, path)[wiring.source]
    if missing := int(np.count_nonzero(signs == 0)):
        raise DataError(f"{path} has no sign for {missing:,} of {len(signs):,} edges")
    note = f"signs are those of {path.name}"
    return wiring._replace(weights=np.abs(wiring.weights) * signs, notes=(*wiring.notes, note))


def _in_order(matrix: Wiring, wiring: Wiring, path: Path) -> Wiring:
    """A matrix of signs with its nodes in the order of the graph's, where both have names."""
    if not matrix.names or not wiring.names:
        return matrix
    place = {name: i for i, name in enumerate(wiring.names)}
    if missing := [name for name in matrix.names if name not in place]:
        raise DataError(f'{path} has signs for "{missing[0]}", which is no node of the graph')
    if len(matrix.names) != wiring.nodes:
        raise DataError(f"{path} has signs for {len(matrix.names):,} nodes, the graph has {wiring.nodes:,}")
    to = np.array([place[name] for name in matrix.names])
    return matrix._replace(source=to[matrix.source], target=to[matrix.target], names=wiring.names)


def _is_matrix(path: Path, nodes: int) -> bool:
    first = next(iter(read_lines(path)), [])
    return nodes > 2 and len(",".join(first[:-1]).replace(";", ",").replace(",,", ",").split(",")) >= nodes


def _of_nodes(wiring: Wiring, path: Path) -> np.ndarray:
    """One sign a node, 0 where none is known."""
    rows = [" ".join(words[:-1]).replace(",", " ").replace(";", " ").split() for words in read_lines(path)]
    rows = [row for row in rows if row]
    place = {name: i for i, name in enumerate(wiring.names)} or {str(i): i for i in range(wiring.nodes)}
    found = np.zeros(wiring.nodes)
    if all(len(row) == 1 for row in rows):
        if len(rows) != wiring.nodes:
            raise DataError(f"{path} has {len(rows):,} signs for {wiring.nodes:,} nodes; put a name before each")
        return np.array([_sign(row[0], path) for row in rows])
    for line, row in enumerate(rows, 1):
        name, text = " ".join(row[:-1]), row[-1]
        if line == 1 and text.lower() not in POSITIVE | NEGATIVE and not is_number(text):
            continue  # a header
        if name in place:
            found[place[name]] = _sign(text, path)
    return found


def _sign(text: str, path: Path) -> float:
    if text.lower() in POSITIVE | NEGATIVE:
        return 1.0 if text.lower() in POSITIVE else -1.0
    if is_number(text):
        return float(np.sign(float(text)))
    raise DataError(f'{path}: the sign "{text[:40]}" is none of +, -, 1, -1, excitatory, inhibitory')
