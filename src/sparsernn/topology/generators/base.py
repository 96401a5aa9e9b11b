"""The contract of a generator of graphs."""

from __future__ import annotations

import abc

import numpy as np

from sparsernn.errors import SpecError
from sparsernn.registry import Registry
from sparsernn.spec import Part
from sparsernn.topology.generators import GENERATORS
from sparsernn.topology.nullmodels.er_signed import ER
from sparsernn.topology.signed_graph import SignedGraph

MOST = 20_000
"""Nodes of a graph, at most: as a mask it is a matrix."""


class AbstractGenerator(Part):
    """Makes signed directed graphs without self-connections.

    Members are frozen dataclasses of plain values. `density` is the share of the N (N - 1) ordered pairs that are
    edges; their number is exact, the nearest whole one.

    >>> from sparsernn.topology.generators.erdos_renyi import ErdosRenyi
    >>> graph = ErdosRenyi(density=0.1).generate(50, seed=0)
    >>> graph.nodes, graph.edges
    (50, 245)
    """

    registry = Registry("generator", GENERATORS)

    @abc.abstractmethod
    def generate(self, nodes: int, seed: int = 0) -> SignedGraph:
        """A graph of `nodes` nodes, sorted by source; the same seed gives the same graph. SpecError where there is
        none."""


def checked(nodes: int, seed: int, least: int = 2) -> None:
    """SpecError for sizes that no graph has, and for a seed below 0."""
    problems = []
    if isinstance(nodes, bool) or not isinstance(nodes, int | np.integer) or not least <= nodes <= MOST:
        problems.append(f"nodes must be a whole number from {least} to {MOST:,}, got {nodes!r}")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
        problems.append(f"seed must be a whole number of at least 0, got {seed!r}")
    if problems:
        raise SpecError(problems)


def edges_of(nodes: int, density: float) -> int:
    """How many edges `density` is among so many nodes. SpecError if it is none."""
    pairs = nodes * (nodes - 1)
    edges = round(density * pairs)
    if edges < 1:
        raise SpecError(f"density {density} of the {pairs:,} pairs of {nodes} nodes is no edge; try {1 / pairs:.2g}")
    return edges


def random_graph(nodes: int, edges: int, positive: float, state: np.ndarray) -> SignedGraph:
    """Edges anywhere, the nearest whole number to `positive` times as many of them positive. Moves the stream on."""
    negative = np.zeros(edges, np.int8)
    negative[round(positive * edges) :] = 1
    ends = np.zeros(edges, np.int32)
    return in_order(ER(SignedGraph(nodes, ends, ends, negative)).draw(state))


def in_order(graph: SignedGraph) -> SignedGraph:
    """The same graph sorted by source, then target."""
    order = np.lexsort((graph.target, graph.source))
    return SignedGraph(graph.nodes, graph.source[order], graph.target[order], graph.negative[order])
