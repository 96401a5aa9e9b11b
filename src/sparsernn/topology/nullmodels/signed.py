"""The default null: every node keeps its edges of each sign, out and in, and its mutual pairs."""

from __future__ import annotations

import numpy as np

from sparsernn.compiled import compiled
from sparsernn.topology.nullmodels import pairs
from sparsernn.topology.nullmodels.base import AbstractNull
from sparsernn.topology.nullmodels.randomness import stream
from sparsernn.topology.nullmodels.swaps import exchange, resort
from sparsernn.topology.nullmodels.wander import FEW, wander
from sparsernn.topology.nullmodels.worm import crawl
from sparsernn.topology.signed_graph import SignedGraph, mutual_edges

LEAST, DENSE, MOST = 3.0, 2.0, 20.0
"""Accepted exchanges an edge: ``DENSE / acceptance`` within these bounds. Measured (docs/nulls.md): means of all counts
stand still from about 3 on in sparse graphs, from 10 to 20 on in crowded ones, where few proposals are accepted."""
PROPOSALS = 100
"""An edge, at most."""
ROUNDS = 2
TRIAL = 4
VISITS = 1_500
"""Steps of `wander` a turn."""


class Signed(AbstractNull):
    """All graphs in which every node has as many positive and negative edges out and in, and as many mutual partners,
    as in the given one, equally likely.

    A Markov chain from the given graph, half exchanges of targets within a class (`swaps.exchange`), half closed
    alternating walks of the signs (`worm.crawl`), in `ROUNDS` turns. `exchanges`: accepted exchanges for every edge;
    how many proposals that takes is found once, by a trial, and is the same for all nulls. Rejected ones are steps.
    """

    name = "signed"
    keeps = "edges of each sign out of and into every node, and mutual pairs at every node"

    def __init__(self, graph: SignedGraph, exchanges: float | None = None):
        super().__init__(graph)
        mutual = mutual_edges(graph)
        self._order, self._singles = _ordered(graph, mutual), int(np.count_nonzero(~mutual))
        self._source, self._target = graph.source[self._order], graph.target[self._order]
        self._negative = graph.negative[self._order]
        self._bits = graph.nodes <= pairs.MOST_BITS
        self.proposals, self.worms, self.acceptance = 0, 0, 0.0
        if graph.edges > 1:
            trial = 2 * graph.edges
            _, made, flips = self._walk(stream(0, 0), trial, TRIAL)
            self.acceptance = made / trial
            share = max(self.acceptance, 1e-9)
            wanted = min(max(DENSE / share, LEAST), MOST) if exchanges is None else exchanges
            self.proposals = int(min(wanted / (2 * share), PROPOSALS) * graph.edges)
            self.worms = max(TRIAL, int(np.ceil(wanted * graph.edges / 3 / (flips / TRIAL)))) if flips else 0

    def draw(self, state: np.ndarray) -> SignedGraph:
        return self._walk(state, self.proposals, self.worms)[0]

    def _walk(self, state: np.ndarray, proposals: int, worms: int) -> tuple[SignedGraph, int, int]:
        source, target, negative = self._source.copy(), self._target.copy(), self._negative.copy()
        store = pairs.room(self.graph.nodes, self.graph.edges)
        counts = _run(
            self.graph.nodes, self._singles, source, target, negative, store, self._bits, proposals, worms, state
        )
        return SignedGraph(self.graph.nodes, source, target, negative), int(counts[0]), int(counts[1])


def _ordered(graph: SignedGraph, mutual: np.ndarray) -> np.ndarray:
    """Numbers of the edges: single ones, then mutual pairs side by side."""
    n = np.int64(max(graph.nodes, 1))
    low, high = np.minimum(graph.source, graph.target), np.maximum(graph.source, graph.target)
    paired = np.flatnonzero(mutual)
    return np.concatenate([np.flatnonzero(~mutual), paired[np.argsort((low * n + high)[paired], kind="stable")]])


@compiled
def _run(nodes, singles, source, target, negative, store, bits, proposals, worms, state):
    made = flips = 0
    for e in range(len(source)):
        if e < singles or (e - singles) % 2 == 0:
            pairs.put(store, bits, pairs.both(nodes, source[e], target[e]))
    for turn in range(ROUNDS):
        positive = resort(singles, source, target, negative)
        share = proposals // ROUNDS + (turn < proposals % ROUNDS)
        made += exchange(nodes, singles, positive, source, target, negative, store, bits, share, state)
        share = worms // ROUNDS + (turn < worms % ROUNDS)
        flips += crawl(nodes, source, target, negative, share, state)
        if nodes <= FEW:
            _rearrange(nodes, singles, source, target, negative, store, bits, VISITS, state)
    return made, flips


@compiled
def _rearrange(nodes, singles, source, target, negative, store, bits, steps, state):
    """The walk of `wander` on the edges, which come back in their order: single ones, then pairs."""
    signs = np.zeros((nodes, nodes), np.int8)
    for e in range(len(source)):
        signs[source[e], target[e]] = 1 - 2 * negative[e]
        if e < singles or (e - singles) % 2 == 0:
            pairs.drop(store, bits, pairs.both(nodes, source[e], target[e]))
    wander(signs, steps, state)
    single, paired = 0, singles
    for i in range(nodes):
        for j in range(i):
            for a, b in ((i, j), (j, i)):
                if signs[a, b] != 0:
                    if signs[b, a] != 0:
                        e = paired
                        paired += 1
                    else:
                        e = single
                        single += 1
                    source[e], target[e], negative[e] = a, b, signs[a, b] < 0
            if signs[i, j] != 0 or signs[j, i] != 0:
                pairs.put(store, bits, pairs.both(nodes, i, j))
