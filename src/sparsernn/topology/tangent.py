"""Feed-forward loops that touch the rest of a graph in one node."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparsernn.topology.signed_graph import SignedGraph


class Loop(NamedTuple):
    """A feed-forward loop i -> j, j -> k, i -> k."""

    i: int
    j: int
    k: int

    @property
    def edges(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        """(source, target) of ij, jk, ik."""
        return (self.i, self.j), (self.j, self.k), (self.i, self.k)


def tangent_loops(graph: SignedGraph) -> list[Loop]:
    """The loops two of whose nodes have no other edges, so that the third alone joins them to the rest. Each node that
    is so attached belongs to one of them. Cost: O(E)."""
    n = graph.nodes
    degree = np.bincount(graph.source, minlength=n) + np.bincount(graph.target, minlength=n)
    out: list[set[int]] = [set() for _ in range(n)]
    near: list[set[int]] = [set() for _ in range(n)]
    for s, t in zip(graph.source.tolist(), graph.target.tolist(), strict=True):
        out[s].add(t)
        near[s].add(t)
        near[t].add(s)
    found = set()
    for u in np.flatnonzero(degree == 2).tolist():
        for v in near[u]:
            if degree[v] == 2 and len(near[u]) == len(near[v]) == 2:
                (third,) = near[u] - {v}
                if third in near[v]:
                    found.add(tuple(sorted((u, v, third))))
    return [loop for nodes in sorted(found) if (loop := _loop(nodes, out)) is not None]


def _loop(nodes: tuple[int, ...], out: list[set[int]]) -> Loop | None:
    """Three nodes in the order of their roles; None for a ring, or with an edge back."""
    own = set(nodes)
    sends = {node: len(out[node] & own) for node in nodes}
    if sorted(sends.values()) != [0, 1, 2]:
        return None
    k, j, i = sorted(nodes, key=lambda node: sends[node])
    return Loop(i, j, k)
