"""The small-world index against directed references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sparsernn.errors import Undefined
from sparsernn.topology.clustering import clustering
from sparsernn.topology.nullmodels.er_signed import ER
from sparsernn.topology.nullmodels.randomness import stream
from sparsernn.topology.paths import paths
from sparsernn.topology.signed_graph import SignedGraph


class Segregation(NamedTuple):
    """How locally a graph is joined.

    Mean `clustering` and path `length` of one graph, and the share of pairs that are `reachable`.
    """

    clustering: float
    length: float | Undefined
    reachable: float | Undefined


def segregation(graph: SignedGraph, steps: float) -> Segregation:
    """Return mean clustering and path length of a graph. `steps` bounds the cost of the paths."""
    found = paths(graph, steps=steps)
    return Segregation(float(clustering(graph).mean()) if graph.nodes else 0.0, found.length, found.reachable)


def references(graph: SignedGraph, count: int, seed: int, steps: float) -> list[Segregation]:
    """Return the same of `count` random directed graphs with as many nodes and edges (`nullmodels.er_signed`)."""
    null = ER(graph)
    return [segregation(null.draw(stream(seed, k)), steps) for k in range(count)]


def small_world(own: Segregation, random: Sequence[Segregation]) -> float | Undefined:
    """Return how small a world a graph is.

    ``(C / C_random) / (L / L_random)`` with means over the references (Humphries & Gurney 2008,
    doi:10.1371/journal.pone.0002051): about 1 for a random graph, far above for a small world.
    """
    lengths = [r.length for r in random if not isinstance(r.length, Undefined)]
    clustered = float(np.mean([r.clustering for r in random])) if random else 0.0
    if isinstance(own.length, Undefined):
        return own.length
    if not lengths or clustered == 0:
        return Undefined("the random references have no triangles")
    return (own.clustering / clustered) / (own.length / float(np.mean(lengths)))
