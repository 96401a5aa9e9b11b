"""The directed Erdős–Rényi null: the same number of nodes, edges and self-connections, all else random."""

from __future__ import annotations

import numpy as np

from sparsernn.errors import SpecError


def er(rng: np.random.Generator, nodes: int, edges: int, loops: int = 0) -> np.ndarray:
    """Draw a random directed graph (nodes, nodes) of booleans with `edges` edges, `loops` of them self-connections.

    Every such graph is equally likely. Cost: O(nodes^2). SpecError if there is no room for so many.
    """
    if not 0 <= loops <= min(nodes, edges) or edges - loops > nodes * (nodes - 1):
        raise SpecError(f"{nodes} nodes have no room for {edges} edges with {loops} self-connections among them")
    graph = np.zeros(nodes * nodes, dtype=bool)
    diagonal = np.arange(nodes) * (nodes + 1)
    graph[rng.choice(diagonal, loops, replace=False)] = True
    graph[rng.choice(np.setdiff1d(np.arange(nodes * nodes), diagonal), edges - loops, replace=False)] = True
    return graph.reshape(nodes, nodes)
