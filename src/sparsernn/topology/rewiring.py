"""Edges exchange their targets until the loops of a graph are balanced; every node keeps its degrees."""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sparsernn.compiled import compiled
from sparsernn.topology.balance import TRANSITIVE
from sparsernn.topology.nullmodels.randomness import below, high, low, word
from sparsernn.topology.signed_graph import SignedGraph

MEASURES = ("paper", "pooled")
CLIMBS = ("whole", "ratio", "energy")
PIECE = 1 << 20
"""Proposals between two looks at whether Ctrl-C was pressed."""


class Climb(NamedTuple):
    """A graph on its way. `signs` (N, N) int8, [source, target]; edges (E,) sorted by source, their sign +1 or -1 in
    `sign`; `first` (N + 1,) where a node's edges begin; `came`, `senders`, `slot` the same by target, with the place of
    every edge there; `counts` (4, 2) balanced and unbalanced loops by `balance.TRANSITIVE`."""

    source: np.ndarray
    target: np.ndarray
    sign: np.ndarray
    signs: np.ndarray
    first: np.ndarray
    came: np.ndarray
    senders: np.ndarray
    slot: np.ndarray
    counts: np.ndarray

    @property
    def loops(self) -> int:
        """Feed-forward loops of the four types."""
        return int(self.counts.sum())

    def eta(self, measure: str) -> float:
        """The balance, as `sparsernn.topology.balance.Balance` names it; 0 where there is none."""
        return float(_eta(self.counts, MEASURES.index(measure)))

    def graph(self) -> SignedGraph:
        """A copy, as it is now."""
        order = np.lexsort((self.target, self.source))
        negative = (self.sign < 0).astype(np.int8)
        return SignedGraph(len(self.signs), *(a[order].copy() for a in (self.source, self.target, negative)))


def begin(graph: SignedGraph) -> Climb:
    """From a graph sorted by source, which stays as it is. Cost: O(N^2 + sum of degree^2)."""
    n, edges = graph.nodes, graph.edges
    source, target = graph.source.astype(np.int32), graph.target.astype(np.int32)
    sign = (1 - 2 * graph.negative).astype(np.int8)
    ends = np.arange(n + 1)
    by_target = np.argsort(target, kind="stable")
    slot = np.empty(edges, np.int64)
    slot[by_target] = np.arange(edges)
    made = Climb(
        source, target.copy(), sign, graph.dense(), np.searchsorted(source, ends),
        np.searchsorted(target[by_target], ends), source[by_target], slot, np.zeros((4, 2), np.int64),
    )  # fmt: skip
    _count_all(made.signs, _triads(), made.first, made.target, made.came, made.senders, made.counts)
    return made


def climb(
    on: Climb,
    proposals: int,
    state: np.ndarray,
    measure: str = "paper",
    by: str = "whole",
    temperature: float = 0.0,
    wanted: float = np.inf,
    signed: bool = False,
    loops: tuple[float, float] = (0, np.inf),
) -> int:
    """`proposals` exchanges of targets in place, or fewer, until the balance is `wanted`; returns how many were made.

    Two random edges a -> b and c -> d become a -> d and c -> b, each with the sign of its source, unless that makes a
    self-connection or an edge that is there (or, with `signed`, their signs differ: then signed in-degrees are kept as
    signed out-degrees always are; or the number of loops leaves `loops`). It is accepted if it gains, or with
    probability ``exp(gain / temperature)``.

    The gain, `by`: ``whole``, that of the balance of the whole graph; ``ratio``, that of the share of balanced loops in
    all transitive triads around the two edges; ``energy``, that of ``-sum |1 - x|`` over the two edges, x the share of
    balanced loops around each. An edge without loops counts as one of which half are balanced.

    `on.counts` follow every exchange. Cost: O(degree) a proposal, about 1 us in a graph of 150 nodes and 1,100 edges.
    """
    done = 0
    while done < proposals:
        made, reached = _climb(
            *on, _triads(), min(PIECE, proposals - done), state, MEASURES.index(measure), CLIMBS.index(by),
            float(temperature), float(wanted), signed, float(loops[0]), float(loops[1]),
        )  # fmt: skip
        done += made
        if reached:
            break
    return done


@lru_cache(maxsize=1)
def _triads() -> np.ndarray:
    """For every triad (signs ab, ba, ak, ka, bk, kb as digits of 3, + 1): its place in `TRANSITIVE` or -1, its balanced
    and its unbalanced loops; (729, 3)."""
    table = np.full((729, 3), -1, np.int64)
    cells = ((0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1))
    for code, digits in enumerate(itertools.product((-1, 0, 1), repeat=6)):
        sign = dict(zip(cells, digits, strict=True))
        found = [0, 0]
        kinds = set()
        for i, j, k in itertools.permutations(range(3)):
            if sign[i, j] and sign[j, k] and sign[i, k]:
                back = (bool(sign[j, i]), bool(sign[k, j]), bool(sign[k, i]))
                kinds.add(back)
                found[sign[i, j] * sign[j, k] != sign[i, k]] += 1
        shape = {(False,) * 3: "030T", (False, True, False): "120D", (True, False, False): "120U", (True,) * 3: "300"}
        names = {shape.get(kind) for kind in kinds}
        if len(names) == 1 and (name := names.pop()) is not None:
            table[code] = (TRANSITIVE.index(name), *found)
    return table


@compiled
def _eta(counts, measure):
    """Of `balance.balance`: the mean of the shares that are not 0, or the share of all."""
    total, types, balanced, every = 0.0, 0, 0, 0
    for t in range(4):
        here = counts[t, 0] + counts[t, 1]
        balanced += counts[t, 0]
        every += here
        if counts[t, 0] > 0:
            total += counts[t, 0] / here
            types += 1
    return balanced / max(every, 1) if measure == 1 else total / max(types, 1)


@compiled
def _add(signs, table, a, b, k, weight, counts, near, side):
    """Count the triad a, b, k `weight` times, also as one around edge `side` (-1: around none)."""
    code = signs[a, b] + 1
    code = 3 * code + signs[b, a] + 1
    code = 3 * code + signs[a, k] + 1
    code = 3 * code + signs[k, a] + 1
    code = 3 * code + signs[b, k] + 1
    code = 3 * code + signs[k, b] + 1
    kind = table[code, 0]
    if kind >= 0:
        counts[kind, 0] += weight * table[code, 1]
        counts[kind, 1] += weight * table[code, 2]
        if side >= 0:
            near[side, 0] += table[code, 1]
            near[side, 1] += table[code, 2]


@compiled
def _add_all(signs, table, first, target, came, senders, a, b, c, d, old, counts, near):
    """All triads that the exchange of a -> b, c -> d for a -> d, c -> b changes, each once: out of the counts before
    (`old`), into them after it. `near` (2, 2): the loops around the edge of a and around that of c."""
    weight = -1 if old else 1
    for side in range(2):
        near[side, 0] = near[side, 1] = 0
    for turn in range(4):
        side = turn // 2
        v, other = (a, c) if side == 0 else (c, a)
        is_out = turn % 2 == 0
        begin, end = (first[v], first[v + 1]) if is_out else (came[v], came[v + 1])
        for p in range(begin, end):
            k = target[p] if is_out else senders[p]
            if k in (b, d, other) or (not is_out and signs[v, k] != 0):
                continue
            for w in (b, d):
                around = (w == b) == (old == (side == 0))  # whether v -> w is an edge of the exchange
                _add(signs, table, v, w, k, weight, counts, near, side if around else -1)
    for turn in range(4):  # among a, b, c, d alone
        v, w = (a, b) if turn < 2 else (c, d)
        k = (c if turn == 0 else d) if turn < 2 else (a if turn == 2 else b)
        crossing = turn == 0 or turn == 2  # a, b, c and c, d, a
        own = 0 if turn < 2 else 1
        _add(signs, table, v, w, k, weight, counts, near, own if old or not crossing else 1 - own)


@compiled
def _count_all(signs, table, first, target, came, senders, counts):
    """Every triad once."""
    near = np.zeros((2, 2), np.int64)
    for a in range(len(signs)):
        for b in range(a):
            if signs[a, b] == 0 and signs[b, a] == 0:
                continue
            for turn in range(2):
                begin, end = (first[b], first[b + 1]) if turn == 0 else (came[b], came[b + 1])
                for p in range(begin, end):
                    k = target[p] if turn == 0 else senders[p]
                    if k < b and (turn == 0 or signs[b, k] == 0):
                        _add(signs, table, a, b, k, 1, counts, near, -1)


@compiled
def _share(balanced, unbalanced):
    return balanced / (balanced + unbalanced) if balanced + unbalanced > 0 else 0.5


@compiled
def _merit(counts, near, measure, by):
    """What is to become larger."""
    if by == 0:
        return _eta(counts, measure)
    if by == 1:
        return _share(near[0, 0] + near[1, 0], near[0, 1] + near[1, 1])
    return -abs(1 - _share(near[0, 0], near[0, 1])) - abs(1 - _share(near[1, 0], near[1, 1]))


@compiled
def _loops(counts):
    total = 0
    for t in range(4):
        total += counts[t, 0] + counts[t, 1]
    return total


@compiled
def _climb(
    source, target, sign, signs, first, came, senders, slot, counts, table, proposals, state, measure, by, temperature,
    wanted, signed, fewest, most,
):  # fmt: skip
    edges = len(source)
    near, kept = np.zeros((2, 2), np.int64), np.zeros((4, 2), np.int64)
    if _eta(counts, measure) >= wanted:
        return 0, True
    for proposal in range(proposals):
        drawn = word(state)
        e, f = high(drawn, edges), low(drawn, edges)
        a, b, c, d = source[e], target[e], source[f], target[f]
        if a in (c, d) or b in (c, d) or signs[a, d] != 0 or signs[c, b] != 0:
            continue
        if signed and sign[e] != sign[f]:
            continue
        for t in range(4):
            kept[t, 0], kept[t, 1] = counts[t, 0], counts[t, 1]
        before, after = 0.0, 0.0
        for turn in range(2):
            if turn == 1:
                signs[a, b] = signs[c, d] = 0
                signs[a, d], signs[c, b] = sign[e], sign[f]
            _add_all(signs, table, first, target, came, senders, a, b, c, d, turn == 0, counts, near)
            before, after = after, _merit(kept if turn == 0 else counts, near, measure, by)
        now, loops = _loops(counts), _loops(kept)
        gain = after - before
        good = gain >= 0
        if not good and temperature > 0:
            good = below(state, 4294967295) / 4294967295 < np.exp(gain / temperature)
        if (now > most and now > loops) or (now < fewest and now < loops):
            good = False
        if not good:
            signs[a, d] = signs[c, b] = 0
            signs[a, b], signs[c, d] = sign[e], sign[f]
            for t in range(4):
                counts[t, 0], counts[t, 1] = kept[t, 0], kept[t, 1]
            continue
        target[e], target[f] = d, b
        slot[e], slot[f] = slot[f], slot[e]
        senders[slot[e]], senders[slot[f]] = a, c
        if _eta(counts, measure) >= wanted:
            return proposal + 1, True
    return proposals, False
