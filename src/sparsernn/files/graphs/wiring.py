"""What a reader of graphs returns."""

from __future__ import annotations

from array import array
from typing import Any, Literal, NamedTuple

import numpy as np

from sparsernn.errors import DataError

Orientation = Literal["source-target", "target-source"]


class Wiring(NamedTuple):
    """Edges ``source[e] -> target[e]`` (E,) with `weights` (E,), each pair once, self-connections included, among
    `names` (empty: the nodes are numbered) of which there are `nodes`.

    `orientation` is how the file writes an edge, None where it does not say: then `source` is the first axis or column.
    `notes` tell what was done on reading.
    """

    nodes: int
    source: np.ndarray
    target: np.ndarray
    weights: np.ndarray
    names: tuple[str, ...] = ()
    orientation: Orientation | None = None
    notes: tuple[str, ...] = ()

    def turned(self) -> Wiring:
        """With the ends of every edge exchanged."""
        return self._replace(source=self.target, target=self.source)


def of_matrix(matrix: Any, source: str, orientation: Orientation | None = None, names: tuple[str, ...] = ()) -> Wiring:
    """The edges of a square matrix (N, N) of numbers, dense; first axis first. DataError for another shape, for what is
    no number, for NaN and infinities."""
    array_ = np.asarray(matrix)
    if array_.dtype.kind not in "biuf":
        raise DataError(f"{source} has dtype {array_.dtype}; expected real numbers")
    if array_.ndim != 2 or array_.shape[0] != array_.shape[1]:
        raise DataError(f"{source} has shape {array_.shape}; expected a square matrix{_gates(array_.shape)}")
    with np.errstate(invalid="ignore"):
        array_ = array_.astype(float)
    odd = int(np.count_nonzero(~np.isfinite(array_)))
    if odd:
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array_))[0])
        raise DataError(
            f"{source}: {odd:,} of the weights are NaN or infinite, the first at row {place[0]}, column {place[1]}; "
            "set what is no connection to 0"
        )
    row, column = np.nonzero(array_)
    return Wiring(len(array_), row, column, array_[row, column], names, orientation)


def _gates(shape: tuple[int, ...]) -> str:
    """A word on matrices that hold several gates."""
    if len(shape) == 2 and min(shape) > 0 and max(shape) % min(shape) == 0 and 1 < max(shape) // min(shape) <= 4:
        return f"; are these {max(shape) // min(shape)} gates? save the one that is meant as a matrix of its own"
    return ""


class EdgeList:
    """Edges collected one by one; names become numbers in the order in which they come."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self._source, self._target, self._weights = array("q"), array("q"), array("d")

    def node(self, name: str) -> int:
        return self.places.setdefault(name, len(self.places))

    def add(self, source: str, target: str, weight: float) -> None:
        self._source.append(self.node(source))
        self._target.append(self.node(target))
        self._weights.append(weight)

    def wiring(self, orientation: Orientation, notes: list[str], file: str) -> Wiring:
        """Edges that come several times become one, of the sum of their weights; edges of weight 0 are left out.

        Names that are the whole numbers 0 … n - 1 or 1 … n are put in order.
        """
        n = len(self.places)
        source, target = np.array(self._source, np.int64), np.array(self._target, np.int64)
        weights = np.array(self._weights, float)
        if not np.isfinite(weights).all():
            raise DataError(f"{file}: {np.count_nonzero(~np.isfinite(weights)):,} weights are NaN or infinite")
        names = tuple(self.places)
        if n and all(name.isdecimal() and len(name) < 10 for name in names):
            order = np.argsort([int(name) for name in names], kind="stable")
            rank = np.empty(n, np.int64)
            rank[order] = np.arange(n)
            source, target, names = rank[source], rank[target], tuple(names[i] for i in order)
        key, inverse = np.unique(source * max(n, 1) + target, return_inverse=True)
        notes = list(notes)
        if len(key) < len(source):
            notes.append(
                f"{len(source) - len(key):,} lines name an edge that was there already: their weights are added up"
            )
        total = np.bincount(inverse, weights, minlength=len(key)) if len(key) else np.zeros(0)
        if empty := int(np.count_nonzero(total == 0)):
            notes.append(f"{empty:,} edges of weight 0 are left out")
        keep = total != 0
        return Wiring(n, key[keep] // max(n, 1), key[keep] % max(n, 1), total[keep], names, orientation, tuple(notes))
