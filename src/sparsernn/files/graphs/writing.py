"""Graphs as files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from sparsernn.errors import SpecError, StoreError
from sparsernn.files.atomic import write_bytes
from sparsernn.files.limits import unreadable

ENDINGS = (".npy", ".csv", ".graphml")


def check_graph_file(path: Path) -> None:
    """SpecError for a name that is no graph's, StoreError for a place that cannot be written."""
    if path.suffix.lower() not in ENDINGS:
        raise SpecError(f'{path}: graphs are not written as "{path.suffix}"; end the name in {", ".join(ENDINGS)}')
    if path.is_dir() or not path.parent.is_dir():
        raise StoreError(f"{path} cannot be written: {'it is a' if path.is_dir() else 'there is no'} folder")


def write_graph(
    path: Path, nodes: int, source: np.ndarray, target: np.ndarray, weights: np.ndarray, names: Sequence[str] = ()
) -> bool:
    """Write edges ``source[e] -> target[e]`` (E,) with weights (E,), by the ending of the name.

    ``.npy``: a matrix (N, N), rows are targets, columns sources, as everywhere in this library; int8 where the weights
    are signs. ``.csv``: the same matrix as text. ``.graphml``: nodes by name (else number), edges from source to target
    with ``weight`` and ``sign``. False if the very file was there already. StoreError if another one is: it is not
    written over.
    """
    check_graph_file(path)
    raw = _raw(path.suffix.lower(), nodes, source, target, np.asarray(weights), names)
    if path.exists():
        try:
            same = path.stat().st_size == len(raw) and path.read_bytes() == raw
        except OSError as error:
            raise unreadable(path, error) from None
        if not same:
            raise StoreError(f"{path} is there and holds something else; give another name, or delete it")
        return False
    write_bytes(path, raw)
    return True


def _raw(
    ending: str, nodes: int, source: np.ndarray, target: np.ndarray, weights: np.ndarray, names: Sequence[str]
) -> bytes:
    if ending == ".graphml":
        return _graphml(nodes, source, target, weights, names)
    signs = bool(np.isin(weights, (-1, 0, 1)).all())
    matrix = np.zeros((nodes, nodes), np.int8 if signs else float)
    matrix[target, source] = weights
    if ending == ".npy":
        buffer = io.BytesIO()
        np.save(buffer, matrix, allow_pickle=False)
        return buffer.getvalue()
    return "".join(",".join(map(repr, row)) + "\n" for row in matrix.tolist()).encode()


def _graphml(nodes: int, source: np.ndarray, target: np.ndarray, weights: np.ndarray, names: Sequence[str]) -> bytes:
    called = [quoteattr(str(name)) for name in (names or range(nodes))]
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        '  <key id="weight" for="edge" attr.name="weight" attr.type="double"/>',
        '  <key id="sign" for="edge" attr.name="sign" attr.type="int"/>',
        '  <graph edgedefault="directed">',
        *(f"    <node id={name}/>" for name in called),
    ]
    for s, t, w in zip(source.tolist(), target.tolist(), weights.tolist(), strict=True):
        data = f'<data key="weight">{w!r}</data><data key="sign">{(w > 0) - (w < 0)}</data>'
        lines.append(f"    <edge source={called[s]} target={called[t]}>{data}</edge>")
    return "\n".join([*lines, "  </graph>", "</graphml>", ""]).encode()
