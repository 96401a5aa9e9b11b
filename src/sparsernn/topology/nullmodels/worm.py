"""Signs moved along closed alternating walks: the topology stays, and how many of each sign leave and enter a node."""

from __future__ import annotations

import numpy as np

from sparsernn.compiled import compiled
from sparsernn.topology.nullmodels.randomness import below, low, word


@compiled
def index(nodes, ends):
    """Edges by one of their ends: where each node begins (nodes + 1,), the numbers of its edges (E,)."""
    start = np.zeros(nodes + 1, np.int64)
    for e in range(len(ends)):
        start[ends[e] + 1] += 1
    for i in range(nodes):
        start[i + 1] += start[i]
    place, listed = start[:-1].copy(), np.empty(len(ends), np.int32)
    for e in range(len(ends)):
        listed[place[ends[e]]] = e
        place[ends[e]] += 1
    return start, listed


@compiled
def crawl(nodes, source, target, negative, worms, state):
    """Change signs in place by `worms` closed walks; returns how many edges were flipped on the way.

    A walk begins at a random positive edge u -> v, which becomes negative; at v another edge into it, negative, becomes
    positive; at where that comes from another positive edge becomes negative, and so on until u is reached again. Each
    step chooses evenly among the edges of the wanted sign other than the one it came by; with none it goes back. Walked
    backwards a walk has the same probability: every arrangement of the signs is equally likely in the long run, and any
    can be reached, as two of them differ by closed alternating walks. One more walk is taken in half of the cases: a
    graph may have just two arrangements, which every walk exchanges. Expected length: about N steps.
    """
    edges, flips = len(source), 0
    positive = 0
    receives, sends = np.zeros(nodes, np.int64), np.zeros(nodes, np.int64)
    for e in range(edges):
        if negative[e]:
            receives[target[e]] += 1
        else:
            sends[source[e]] += 1
            positive += 1
    if positive == 0 or positive == edges:
        return 0
    out_start, out_edges = index(nodes, source)
    in_start, in_edges = index(nodes, target)
    for _ in range(worms + below(state, 2)):
        came = below(state, edges)
        while negative[came]:
            came = below(state, edges)
        u = source[came]
        while True:
            negative[came] = 1
            v = target[came]
            if receives[v] > 0:
                begin, count = in_start[v], in_start[v + 1] - in_start[v]
                left = in_edges[begin + low(word(state), count)]
                while not negative[left] or left == came:
                    left = in_edges[begin + low(word(state), count)]
                came = left
            negative[came] = 0
            flips += 2
            w = source[came]
            if w == u:
                break
            if sends[w] > 0:
                begin, count = out_start[w], out_start[w + 1] - out_start[w]
                left = out_edges[begin + low(word(state), count)]
                while negative[left] or left == came:
                    left = out_edges[begin + low(word(state), count)]
                came = left
    return flips
