"""Spectral radius of the recurrent matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsernn.connectome import whole
from sparsernn.errors import Undefined
from sparsernn.masks import Masks
from sparsernn.measures.base import AbstractMeasure, Number, ports_of
from sparsernn.models.network import Network
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.topology.radius import spectral_radius
from sparsernn.weights import Weights, get


@dataclass(frozen=True)
class SpectralRadius(AbstractMeasure):
    """Largest ``|eigenvalue|`` of the recurrent matrices; the split does not matter.

    Keys: the path of each recurrent matrix, of several gates each with its number (``cell0/recurrent 2``); and
    `network`, that of the block matrix of all cells (`sparsernn.connectome.whole`: gates as sums of absolute values).
    Since cells of a stack pass on in one direction only, it is the largest of theirs. A PLRNN's diagonal is no part of
    it, nor are slopes of the units: a radius above 1 is no proof of growth. Undefined where weights are not finite.
    Cost: O(N^3) a gate (0.03 s for 200 units), less for sparse matrices.
    """

    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        recurrent = [p for p in network.prunables(ports_of(task)) if p.role == "recurrent"]
        arrays = {p.path: np.asarray(get(weights, p.path)) for p in recurrent}
        found: dict[str, Number] = {}
        for path, array in arrays.items():
            for gate, matrix in enumerate(array):
                found[f"{path} {gate}" if len(array) > 1 else path] = _number(matrix)
        cells = [p for p in network.prunables(ports_of(task)) if p.source_of.startswith("cell")]
        cells = [p for p in cells if p.target_of.startswith("cell")]
        found["network"] = _number(whole(cells, {p.path: get(weights, p.path) for p in cells}).weights)
        return found


def _number(matrix: np.ndarray) -> Number:
    radius = spectral_radius(matrix)
    return radius if np.isfinite(radius) else Undefined("some weights are not finite")
