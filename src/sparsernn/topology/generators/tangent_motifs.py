"""A random graph with feed-forward loops at its edge, to be taken away one by one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np

from sparsernn.errors import SpecError
from sparsernn.rules import at_least, within
from sparsernn.topology.generators.base import AbstractGenerator, checked, edges_of, in_order, random_graph
from sparsernn.topology.nullmodels.randomness import below, stream
from sparsernn.topology.signed_graph import SignedGraph


@dataclass(frozen=True)
class TangentMotifs(AbstractGenerator):
    """A random graph of which 2 `motifs` nodes are taken out again, and come back in pairs: each pair makes a
    feed-forward loop with a node of the rest of its own, the three roles dealt at random.

    `sparsernn.topology.tangent.tangent_loops` finds the loops in the graph, or in the mask of a network that was
    trained on it; `sparsernn lesion` takes them away.

    Args:
        density: of the random graph of all nodes; what is left of it, and the loops, are fewer edges than that.
        motifs: how many loops.
        positive: share of the edges that are positive, to the nearest one among the rest, and in the mean of the loops.

    Source: Zhang et al. 2023, doi:10.1038/s42005-023-01364-0, and their code: 15 loops, 150 or 128 nodes, density 0.05
    as a probability (here an exact number of edges).
    """

    density: float = 0.05
    motifs: int = 15
    positive: float = 0.5

    rules = (within("(0, 1]", "density"), at_least(1, "motifs"), within("[0, 1]", "positive"))

    def generate(self, nodes: int, seed: int = 0) -> SignedGraph:
        checked(nodes, seed)
        if nodes < 3 * self.motifs:
            raise SpecError(f"{self.motifs} motifs need 3 nodes each, {3 * self.motifs} in all; there are {nodes}")
        state = stream(seed, 0)
        graph = random_graph(nodes, edges_of(nodes, self.density), self.positive, state)
        order = _shuffled(nodes, state)
        own, rest = order[: 2 * self.motifs], order[2 * self.motifs :]
        kept = ~(np.isin(graph.source, own) | np.isin(graph.target, own))
        source, target, negative = (list(a[kept]) for a in (graph.source, graph.target, graph.negative))
        roles = list(permutations(range(3)))
        for m in range(self.motifs):
            nodes_ = (rest[m], own[2 * m], own[2 * m + 1])
            i, j, k = (nodes_[role] for role in roles[below(state, 6)])
            for a, b in ((i, j), (j, k), (i, k)):
                source.append(a)
                target.append(b)
                negative.append(int(below(state, 1 << 31) >= self.positive * (1 << 31)))
        ends = np.array(source, np.int32), np.array(target, np.int32)
        return in_order(SignedGraph(nodes, *ends, np.array(negative, np.int8)))


def _shuffled(count: int, state: np.ndarray) -> list[int]:
    order = list(range(count))
    for e in range(count - 1, 0, -1):
        f = int(below(state, e + 1))
        order[e], order[f] = order[f], order[e]
    return order
