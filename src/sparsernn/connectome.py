"""A network's wiring as matrices. Arrays of this library are [target, source]; only this file transposes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


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
