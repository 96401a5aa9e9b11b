"""How the weights that are left are spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sparsernn.errors import Undefined
from sparsernn.masks import Masks
from sparsernn.measures.base import AbstractMeasure, Number, ports_of
from sparsernn.models.network import Network
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.topology.distribution import QUANTILES, distribution
from sparsernn.weights import Weights, get

MOST = 20_000
"""Weights of a matrix that are kept for figures at most, evenly picked."""


@dataclass(frozen=True)
class WeightDistribution(AbstractMeasure):
    """The weights that are not 0, matrix by matrix, all gates together; the split does not matter.

    Keys, each after the path of the matrix and a stroke: `count`, `mean`, `sd`, the quantiles `q05`, `q25`, `q50`,
    `q75`, `q95`, `negative` (share below 0), `kurtosis` (excess; clearly below 0 where pruning by size has left two
    humps), `bimodality` (`sparsernn.topology.distribution`). Cost: a sort of each matrix.
    """

    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        found: dict[str, Number] = {}
        for path, values in _live(network, weights, masks, task).items():
            spread = distribution(values)
            names = ("count", "mean", "sd", *(f"q{100 * q:02.0f}" for q in QUANTILES), "negative", "kurtosis")
            if isinstance(spread, Undefined):
                found |= {f"{path}/{name}": spread for name in (*names, "bimodality")} | {
                    f"{path}/count": float(len(values))
                }
                continue
            count, mean, sd, quantiles, *rest = spread
            numbers = (float(count), mean, sd, *quantiles, *rest)
            found |= {f"{path}/{name}": value for name, value in zip((*names, "bimodality"), numbers, strict=True)}
        return found

    def evidence(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Any]:
        """The weights themselves by path, sorted; of more than 20,000 evenly picked ones."""
        found = {}
        for path, values in _live(network, weights, masks, task).items():
            values = np.sort(values[np.isfinite(values)])
            picked = np.linspace(0, len(values) - 1, min(len(values), MOST)).astype(int)
            found[path.replace("/", " ")] = values[picked] if len(values) else values
        return found


def _live(network: Network, weights: Weights, masks: Masks, task: AbstractTask) -> dict[str, np.ndarray]:
    arrays = {p.path: np.asarray(get(weights, p.path)) for p in network.prunables(ports_of(task))}
    return {path: array[array != 0] for path, array in arrays.items()}
