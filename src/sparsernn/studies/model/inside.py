"""What is inside a `Model`: its arrays, its wiring as a graph, its equations as text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sparsernn.studies.model.held import Held
from sparsernn.studies.numpy_source import Source, numpy_source
from sparsernn.studies.wiring import graph
from sparsernn.weights import flatten

if TYPE_CHECKING:
    import networkx as nx


class Inside(Held):
    """The part of a `Model` that shows its weights."""

    def weights(self) -> dict[str, NDArray[np.floating]]:
        """Return all arrays by path, masked, as in ``weights.safetensors``.

        Matrices are (gates, target, source), such as ``cell0/recurrent``.
        """
        return {path: np.array(array) for path, array in flatten(self.record.weights()).items()}

    def masks(self) -> dict[str, NDArray[np.bool_]]:
        """Return which weights exist, a Boolean array of the matrix's shape for every matrix that may be pruned.

        It is all True for a matrix that was never pruned.
        """
        known = self.record.masks()
        return {p.path: np.array(known.get(p.path, np.ones(p.shape, bool)), bool) for p in self.record.prunables()}

    def graph(self, gate: int | str | None = None) -> nx.DiGraph:
        """Return the wiring as a networkx DiGraph: an edge source -> target for every weight that is not 0.

        Edges have `weight` and `sign`, nodes `kind`, `observed` and `name`; see `sparsernn.studies.wiring.graph`. Of a
        gated cell the absolute values of all gates are summed (`sign` is 0), unless `gate` picks one.

        >>> model.graph().nodes[0]
        {'kind': 'unit', 'observed': True, 'name': 'x'}
        """
        return graph(self._spec.network, self.record.weights(), self._prepared.names, gate)

    def numpy_source(self, weights: str | Path | None = None, script: str | Path = "model.py") -> Source:
        """Return the functions `init_state`, `step` and `read` as a few lines of NumPy to copy.

        They read the file of weights and need nothing of this library.

        Args:
            weights: where the text looks for the weights, from the script's own directory (outside of a script: from
                the current one) if it is a relative path. None: where they lie now, as seen from `script`.
            script: where the text will be saved. Script and run can then be moved together.

        Raises:
            SpecError: for a cell that has no such text.

        >>> names = {}
        >>> exec(model.numpy_source(), names)
        >>> state = names["step"](names["init_state"](history[-1]))
        >>> bool(abs(names["read"](state) - model.forecast(history, 1)[0]).max() < 1e-5)
        True
        """
        path = Path(_from(script, self.record.directory / "weights.safetensors") if weights is None else weights)
        about = (
            f"{self.name}: init_state(x) gives the state of a row x ({', '.join(self._prepared.names)}), step the "
            "next, read a row again"
        )
        return numpy_source(self._spec.network.cells[0], path, self._prepared.mean, self._prepared.scale, about)


def _from(script: str | Path, file: Path) -> str:
    """A file's path as seen from the directory of a script; on Windows, on another drive, where it lies."""
    try:
        return os.path.relpath(file, Path(script).parent)
    except ValueError:
        return str(file.resolve())
