"""A network's wiring as matrices. Arrays of this library are [target, source]; only this file transposes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable


class Connectome(NamedTuple):
    """Unit-to-unit wiring of one cell: `weights` (N, N), `inputs` (N, I), `readout` (O, N), all [target, source].

    A part the network does not have is None. `note` says how the matrices were formed where that is a choice
    (which gate of an LSTM, say).
    """

    weights: np.ndarray
    inputs: np.ndarray | None
    readout: np.ndarray | None
    note: str

    @property
    def adjacency(self) -> np.ndarray:
        """``A[i, j]`` = weight of the edge i -> j, [source, target] as graph libraries read it."""
        return self.weights.T


class Whole(NamedTuple):
    """The wiring of a whole network as one block matrix `weights` (N, N), [target, source].

    `populations` names the blocks in order, `sizes` says how many units each has; `labels` (N,) is the population of
    every unit, `note` how the gates of a matrix were put together.
    """

    weights: np.ndarray
    populations: tuple[str, ...]
    sizes: tuple[int, ...]
    note: str

    @property
    def labels(self) -> np.ndarray:
        return np.repeat(self.populations, self.sizes)

    @property
    def adjacency(self) -> np.ndarray:
        """``A[i, j]`` = weight of the edge i -> j, [source, target] as graph libraries read it."""
        return self.weights.T

    def block(self, target: str, source: str) -> np.ndarray:
        """The weights from one population to another, (units of `target`, units of `source`). SpecError for a name
        that is none."""
        return self.weights[np.ix_(self._units(target), self._units(source))]

    def among(self, *populations: str) -> Whole:
        """Of these populations alone, in the given order."""
        units = np.concatenate([self._units(name) for name in populations])
        sizes = tuple(self.sizes[self.populations.index(name)] for name in populations)
        return Whole(self.weights[np.ix_(units, units)], populations, sizes, self.note)

    def _units(self, name: str) -> np.ndarray:
        if name not in self.populations:
            raise SpecError(f'no population "{name}"; the network has {", ".join(self.populations)}')
        return np.flatnonzero(self.labels == name)


def whole(
    prunables: Iterable[Prunable],
    arrays: Mapping[str, Any],
    gates: Literal["sum", "absolute"] = "absolute",
    tied: bool = False,
) -> Whole:
    """All matrices of a network in one: each stands in the block of the populations that it connects.

    `prunables` are those of the network (`Network.prunables`, `Record.prunables`), `arrays` has an array (gates,
    target, source) for the path of each; masked ones show what is left. Several gates become the sum of their absolute
    values (unsigned), or with ``gates="sum"`` their sum; a matrix of one gate keeps its signs. Populations stand in the
    order ``tokens``, ``input``, ``cell0``, ..., ``output``; a block that no matrix fills is 0. Of a `tied`
    network the read-out's matrix, transposed, is also the block from ``tokens`` to ``input``. Biases, an LSTM's memory
    cells and a PLRNN's diagonal are no edges between units.
    Cost: O(N^2) memory, N all units: a language model of 10,000 words has 800 MB; leave the embedding and read-out out
    of `prunables` where only the cells matter. SpecError where two matrices give one population two sizes.
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
