"""Which edges are taken away, in which order: motifs of each kind, and edges matched with them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparsernn.errors import SpecError
from sparsernn.topology.listed_loops import listed_loops
from sparsernn.topology.signed_graph import Graph
from sparsernn.topology.tangent import tangent_loops

UNBALANCED, BALANCED, ANY, EDGES = "unbalanced motifs", "balanced motifs", "motifs of any kind", "matched edges"
NEAR = 10
"""Edges nearest in |w| among which a match is drawn."""
POOL = 4000
"""Loops among which a match is sought."""

Removed = np.ndarray
"""Edges that go together, (m, 2) of source and target."""


class Plans(NamedTuple):
    """For every kind the removals of every order, first to last. `what` the motifs are; `notes` in sentences."""

    orders: dict[str, list[list[Removed]]]
    what: str
    notes: tuple[str, ...]


class Weighted:
    """The weights of a graph's edges by their ends: ``weights[source, target]``."""

    def __init__(self, graph: Graph):
        signed = graph.signed
        self.ends = np.stack([signed.source, signed.target], axis=1).astype(np.int64)
        self.sizes = np.abs(graph.weights)
        self.table = np.zeros((signed.nodes, signed.nodes))
        self.table[signed.source, signed.target] = graph.weights

    def size(self, edges: Removed) -> float:
        """Their sum of |w|."""
        return float(np.abs(self.table[edges[:, 0], edges[:, 1]]).sum())

    def sign(self, loop: Removed) -> float:
        """The product of the signs of a loop's edges."""
        return float(np.sign(self.table[loop[:, 0], loop[:, 1]]).prod())


def plans(mask: Graph, weights: Graph, count: int | None, orders: int, rng: np.random.Generator) -> Plans:
    """The plans of a network: tangent motifs of its mask where there are any, else loops of its weights.

    `mask`: all connections, with weight 1; `weights`: those that are not 0. Of tangent motifs all (or `count` of each
    kind) are taken; else `count` (default 15) loops without a common edge are drawn anew in every order, the balanced
    ones so that each has about the sum of |w| of an unbalanced one. SpecError where there is nothing to take away.
    """
    tangent = [np.array(loop.edges) for loop in tangent_loops(mask.signed)]
    weighted = Weighted(weights)
    whole = [loop for loop in tangent if weighted.sign(loop) != 0]
    if tangent and not whole:
        raise SpecError("all tangent motifs have lost an edge; there is nothing left to take away")
    if whole:
        return _tangent(whole, len(tangent) - len(whole), weighted, count, orders, rng)
    return _anywhere(weights, weighted, 15 if count is None else count, orders, rng)


def _tangent(
    motifs: list[Removed], lost: int, weighted: Weighted, count: int | None, orders: int, rng: np.random.Generator
) -> Plans:
    kinds = {
        UNBALANCED: [m for m in motifs if weighted.sign(m) < 0],
        BALANCED: [m for m in motifs if weighted.sign(m) > 0],
        ANY: motifs,
    }
    notes = [f"{len(kinds[UNBALANCED])} tangent motifs are unbalanced, {len(kinds[BALANCED])} are balanced"]
    if lost:
        notes.append(f"{lost} tangent motifs have a weight of exactly 0 and are left alone")
    longest = max(len(kinds[UNBALANCED]), len(kinds[BALANCED]))
    found: dict[str, list[list[Removed]]] = {}
    for kind, members in kinds.items():
        if members:
            most = min(longest, count or longest)
            found[kind] = [[members[i] for i in rng.permutation(len(members))[:most]] for _ in range(orders)]
    model = UNBALANCED if UNBALANCED in found else BALANCED
    taken = np.concatenate(motifs)
    found[EDGES] = [_matched(order, weighted, taken, rng) for order in found[model]]
    notes.append(f"{EDGES}: three a step, none of a motif, each with about the |w| of one of the {model}")
    return Plans(found, "tangent motifs", tuple(notes))


def _anywhere(graph: Graph, weighted: Weighted, count: int, orders: int, rng: np.random.Generator) -> Plans:
    found: dict[str, list[list[Removed]]] = {UNBALANCED: [], BALANCED: [], ANY: [], EDGES: []}
    for _ in range(orders):
        listed = listed_loops(graph.signed, rng)
        i, j, k = listed.T
        loops = np.stack([np.stack([i, j], 1), np.stack([j, k], 1), np.stack([i, k], 1)], axis=1)
        signs = np.sign(weighted.table[loops[..., 0], loops[..., 1]]).prod(axis=1)
        own = _apart(loops[signs < 0], count)
        if len(own) < 1 or not (signs > 0).any():
            missing = "unbalanced" if len(own) < 1 else "balanced"
            raise SpecError(f"this network has no {missing} feed-forward loops to take away")
        found[UNBALANCED].append(own)
        found[BALANCED].append(_alike(own, loops[signs > 0][:POOL], weighted))
        found[ANY].append(_apart(rng.permutation(loops), len(own)))
        found[EDGES].append(_matched(own, weighted, np.concatenate(own), rng))
    shortest = min(len(order) for kinds in found.values() for order in kinds)
    notes = [f"{BALANCED} and {EDGES}: each step has about the sum of |w| of that of the {UNBALANCED}"]
    if shortest < count:
        notes.insert(0, f"only {shortest} loops of each kind share no edge")
    cut = {kind: [order[:shortest] for order in kinds] for kind, kinds in found.items()}
    return Plans(cut, "feed-forward loops", tuple(notes))


def _apart(loops: np.ndarray, count: int) -> list[Removed]:
    """The first loops that share no edge."""
    used: set[tuple[int, int]] = set()
    found: list[Removed] = []
    for loop in loops:
        edges = {(int(s), int(t)) for s, t in loop}
        if len(found) == count:
            break
        if not edges & used:
            used |= edges
            found.append(loop)
    return found


def _alike(own: list[Removed], pool: np.ndarray, weighted: Weighted) -> list[Removed]:
    """For every loop one of the pool of nearly the same sum of |w|, without common edges among them."""
    sizes = np.abs(weighted.table[pool[..., 0], pool[..., 1]]).sum(axis=1)
    used: set[tuple[int, int]] = set()
    found: list[Removed] = []
    for loop in own:
        for at in np.argsort(np.abs(sizes - weighted.size(loop)), kind="stable"):
            edges = {(int(s), int(t)) for s, t in pool[at]}
            if not edges & used:
                used |= edges
                found.append(pool[at])
                break
    return found


def _matched(order: list[Removed], weighted: Weighted, taken: np.ndarray, rng: np.random.Generator) -> list[Removed]:
    """For every edge of every step another, not among those `taken`, drawn from the `NEAR` nearest in |w|."""
    n = len(weighted.table)
    free = ~np.isin(weighted.ends[:, 0] * n + weighted.ends[:, 1], taken[:, 0] * n + taken[:, 1])
    found: list[Removed] = []
    for step in order:
        picked = []
        for source, target in step:
            distance = np.where(free, np.abs(weighted.sizes - abs(weighted.table[source, target])), np.inf)
            near = np.argsort(distance, kind="stable")[: min(NEAR, int(free.sum()))]
            if not len(near):
                return found
            at = int(rng.choice(near))
            free[at] = False
            picked.append(weighted.ends[at])
        found.append(np.array(picked))
    return found
