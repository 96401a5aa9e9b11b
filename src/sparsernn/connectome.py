"""A network's wiring as matrices. Arrays of this library are [target, source]; only this file transposes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import numpy as np

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable
from sparsernn.weights import Array


class Connectome(NamedTuple):
    """The wiring of one cell, unit to unit. All matrices are [target, source].

    Args:
        weights: from the cell's N units to themselves, (N, N).
        inputs: from I inputs to the units, (N, I); None if there are no inputs.
        readout: from the units to O outputs, (O, N); None if the cell has no read-out.
        note: how the matrices were formed, where there is a choice (for instance which gate of an LSTM).
    """

    weights: np.ndarray
    inputs: np.ndarray | None
    readout: np.ndarray | None
    note: str

    @property
    def adjacency(self) -> np.ndarray:
        """The transpose of `weights`, as graph libraries read it: ``A[i, j]`` is the weight of the edge i -> j."""
        return self.weights.T


class Whole(NamedTuple):
    """The wiring of a whole network as one block matrix.

    Args:
        weights: between all N units, (N, N), [target, source].
        populations: the names of the blocks, in order.
        sizes: the number of units of each.
        note: how the gates of a matrix were put together.
    """

    weights: np.ndarray
    populations: tuple[str, ...]
    sizes: tuple[int, ...]
    note: str

    @property
    def labels(self) -> np.ndarray:
        """The population of every unit, names (N,)."""
        return np.repeat(self.populations, self.sizes)

    @property
    def adjacency(self) -> np.ndarray:
        """The transpose of `weights`, as graph libraries read it: ``A[i, j]`` is the weight of the edge i -> j."""
        return self.weights.T

    def block(self, target: str, source: str) -> np.ndarray:
        """Return the weights from the population `source` to `target`, (units of `target`, units of `source`).

        SpecError for a name that is no population of the network.
        """
        return self.weights[np.ix_(self._units(target), self._units(source))]

    def among(self, *populations: str) -> Whole:
        """Return the wiring among some populations alone, in the given order. SpecError for an unknown name."""
        units = np.concatenate([self._units(name) for name in populations])
        sizes = tuple(self.sizes[self.populations.index(name)] for name in populations)
        return Whole(self.weights[np.ix_(units, units)], populations, sizes, self.note)

    def _units(self, name: str) -> np.ndarray:
        if name not in self.populations:
            raise SpecError(f'no population "{name}"; the network has {", ".join(self.populations)}')
        return np.flatnonzero(self.labels == name)


def whole(
    prunables: Iterable[Prunable],
    arrays: Mapping[str, Array],
    gates: Literal["sum", "absolute"] = "absolute",
    tied: bool = False,
) -> Whole:
    """Put all matrices of a network into one block matrix. Each fills the block of the populations that it connects.

    Populations stand in the order ``tokens``, ``input``, ``cell0``, ..., ``output``; a block that no matrix fills is 0.
    Biases, an LSTM's memory cells and a PLRNN's diagonal are no edges between units and are left out.

    Args:
        prunables: the matrices (`Network.prunables`, `Record.prunables`). Leave out those of embedding and read-out
            where only the cells matter.
        arrays: for the path of each an array (gates, target, source). Give masked ones to see what pruning has left.
        gates: how several gates of a matrix become one number: "absolute", the sum of their absolute values
            (unsigned), or "sum", their sum. A matrix of one gate keeps its signs.
        tied: the read-out is also the embedding: its transpose fills the block from ``tokens`` to ``input``.

    Returns:
        A `Whole`. Memory: O(N^2) for N units in all; a language model of 10,000 words needs 800 MB.

    Raises:
        SpecError: if two matrices give one population two sizes, or an array has not the shape of its matrix.
    """
    listed, arrays = tuple(prunables), {path: np.asarray(array) for path, array in arrays.items()}
    if tied:
        (readout,) = (p for p in listed if p.role == "readout")
        embedding = Prunable("embedding/weights", "embedding", 1, readout.source, readout.target)
        listed = (*listed, embedding._replace(source_of="tokens", target_of="input"))
        arrays[embedding.path] = arrays[readout.path].swapaxes(1, 2)
    sizes: dict[str, int] = {}
    for p in listed:
        for name, size in ((p.source_of, p.source), (p.target_of, p.target)):
            if sizes.setdefault(name, size) != size:
                raise SpecError(f'population "{name}" has {sizes[name]} units, but {size} in {p.path}')
    names = sorted(sizes, key=_place)
    edges = dict(zip(names, np.cumsum([0, *(sizes[name] for name in names)]), strict=False))
    total = sum(sizes.values())
    weights = np.zeros((total, total), np.result_type(*(arrays[p.path].dtype for p in listed)))
    several = False
    for p in listed:
        array = arrays[p.path]
        if array.shape != p.shape:
            raise SpecError(f"{p.path} has shape {array.shape}, expected {p.shape}")
        several |= p.gates > 1
        block = array[0] if p.gates == 1 else (np.abs(array) if gates == "absolute" else array).sum(axis=0)
        target, source = edges[p.target_of], edges[p.source_of]
        weights[target : target + p.target, source : source + p.source] += block
    how = "sum over gates of |W|" if gates == "absolute" else "sum over gates of W"
    return Whole(weights, tuple(names), tuple(sizes[n] for n in names), how if several else "one gate a matrix")


def _place(name: str) -> tuple[int, int]:
    order = {"tokens": 0, "input": 1, "output": 3}
    return order.get(name, 2), int(name.removeprefix("cell")) if name.startswith("cell") else 0
