"""Edges anywhere."""

from __future__ import annotations

from dataclasses import dataclass

from sparsernn.rules import within
from sparsernn.topology.generators.base import AbstractGenerator, checked, edges_of, random_graph
from sparsernn.topology.nullmodels.randomness import stream
from sparsernn.topology.signed_graph import SignedGraph


@dataclass(frozen=True)
class ErdosRenyi(AbstractGenerator):
    """A random directed graph with an exact number of edges, all such graphs equally likely, signs dealt at random.

    Args:
        density: share of the ordered pairs of nodes that are edges.
        positive: share of the edges that are positive.

    Source: Erdős and Rényi 1959, G(N, M), directed.
    """

    density: float = 0.05
    positive: float = 0.5

    rules = (within("(0, 1]", "density"), within("[0, 1]", "positive"))

    def generate(self, nodes: int, seed: int = 0) -> SignedGraph:
        checked(nodes, seed)
        return random_graph(nodes, edges_of(nodes, self.density), self.positive, stream(seed, 0))
