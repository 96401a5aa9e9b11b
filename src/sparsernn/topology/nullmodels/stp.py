"""Signs rearranged on the given topology, with all signed degrees kept."""

from __future__ import annotations

import numpy as np

from sparsernn.topology.nullmodels.base import AbstractNull
from sparsernn.topology.nullmodels.randomness import stream
from sparsernn.topology.nullmodels.worm import crawl
from sparsernn.topology.signed_graph import SignedGraph

EXCHANGES = 5.0


class STP(AbstractNull):
    """All arrangements of the signs on the edges that leave every node's positive and negative degrees out and in as
    they are, equally likely (Hao & Kovács 2024, doi:10.1126/sciadv.adj0104, require both).

    A Markov chain of closed alternating walks (`worm.crawl`), so many that every edge is flipped `exchanges` times on
    average.
    """

    name = "stp"
    keeps = "every edge, and edges of each sign out of and into every node"

    def __init__(self, graph: SignedGraph, exchanges: float | None = None):
        super().__init__(graph)
        exchanges = EXCHANGES if exchanges is None else exchanges
        self.worms = 0
        if graph.signed:
            flips = self._walk(stream(0, 0), 16)[1] / 16
            self.worms = max(8, int(np.ceil(exchanges * graph.edges / max(flips, 1.0))))

    def draw(self, state: np.ndarray) -> SignedGraph:
        return self._walk(state, self.worms)[0]

    def _walk(self, state: np.ndarray, worms: int) -> tuple[SignedGraph, int]:
        g, negative = self.graph, self.graph.negative.copy()
        flips = crawl(g.nodes, g.source, g.target, negative, worms, state)
        return g._replace(negative=negative), int(flips)
