"""How hub-like the wiring is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsernn.errors import Undefined
from sparsernn.masks import Masks
from sparsernn.measures.base import AbstractMeasure, Number
from sparsernn.models.network import Network
from sparsernn.rules import at_least
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.topology.degrees import degrees, gini, top_share
from sparsernn.topology.nullmodels.er import er
from sparsernn.weights import Weights


@dataclass(frozen=True)
class Hubs(AbstractMeasure):
    """Degrees of one cell's unit-to-unit graph (mask and weight non-zero), beside random graphs of as many edges.

    Keys: `edges`, `density` (edges / N^2), and for both directions: `out_gini`, `in_gini`, `out_top_share`,
    `in_top_share` (share of all edges at the tenth of the units that has most), `out_largest`, `in_largest`; each of
    the last six with `_null_mean` and `_null_sd` over `nulls` random directed graphs with the same number of edges and
    of self-connections. "out" are the edges a unit sends: column sums of our [target, source] arrays. The graph does
    not depend on the split. Cost: O(nulls N^2).
    """

    cell: int = 0
    gate: int | None = None
    nulls: int = 100

    rules = (at_least(2, "nulls"),)

    def check(self, network: Network, weights: Weights) -> None:
        network.connectome(weights, self.cell, self.gate)

    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        connectome = network.connectome(weights, self.cell, self.gate)
        if isinstance(connectome, Undefined):
            return {"edges": connectome}
        graph = connectome.adjacency != 0
        n, edges = len(graph), int(graph.sum())
        found: dict[str, Number] = {"edges": edges, "density": edges / n**2}
        own = _numbers(graph)
        rng = np.random.default_rng(0)
        nulls = [_numbers(er(rng, n, edges, int(np.trace(graph)))) for _ in range(self.nulls)]
        for name, value in own.items():
            found[name] = value
            if isinstance(value, Undefined):  # no edges: then random graphs have none either
                found |= {f"{name}_null_mean": value, f"{name}_null_sd": value}
                continue
            drawn = np.array([null[name] for null in nulls], dtype=float)
            found[f"{name}_null_mean"] = float(drawn.mean())
            found[f"{name}_null_sd"] = float(drawn.std(ddof=1))
        return found


def _numbers(graph: np.ndarray) -> dict[str, Number]:
    spread = degrees(graph)
    numbers: dict[str, Number] = {}
    for name, values in (("out", spread.outgoing), ("in", spread.incoming)):
        numbers |= {f"{name}_gini": gini(values), f"{name}_top_share": top_share(values)}
        numbers[f"{name}_largest"] = int(values.max())
    return numbers
