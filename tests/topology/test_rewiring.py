"""Exchanges of targets that are counted as they go."""

import itertools

import numpy as np
import pytest

from sparsernn.topology import loops, rewiring
from sparsernn.topology.balance import TRANSITIVE, TYPES, balance, triads
from sparsernn.topology.generators.base import random_graph
from sparsernn.topology.nullmodels.randomness import stream
from sparsernn.topology.rewiring import begin, climb

PLACES = [TYPES.index(name) for name in TRANSITIVE]


def counted(graph):
    """The same numbers by the kernel of `analyze`."""
    found = triads(loops.raw(graph))
    return np.stack([found.balanced[PLACES], found.unbalanced[PLACES]], axis=-1)


def around(signs, edge):
    """Balanced and unbalanced loops of transitive triads that hold both ends of an edge, one by one."""
    found = [0, 0]
    for third in set(range(len(signs))) - set(edge):
        nodes, kinds, here = (*edge, third), set(), [0, 0]
        for i, j, k in itertools.permutations(nodes):
            if signs[i, j] and signs[j, k] and signs[i, k]:
                kinds.add((signs[j, i] != 0, signs[k, j] != 0, signs[k, i] != 0))
                here[int(signs[i, j] * signs[j, k] != signs[i, k])] += 1
        if len(kinds) == 1 and kinds <= {(False,) * 3, (False, True, False), (True, False, False), (True,) * 3}:
            found = [f + h for f, h in zip(found, here, strict=True)]
    return found


@pytest.mark.parametrize("seed", range(6))
def test_counts_follow_every_exchange(seed):
    """At a temperature at which all is accepted, on graphs crowded enough for all types of triads."""
    state = stream(seed, 0)
    nodes = 6 + 2 * seed
    graph = random_graph(nodes, round(0.45 * nodes * (nodes - 1)), 0.5, state)
    on = begin(graph)
    np.testing.assert_array_equal(on.counts, counted(graph))
    for by in rewiring.CLIMBS:
        for _ in range(20):
            climb(on, 5, state, by=by, temperature=1e6)
            now = on.graph()
            np.testing.assert_array_equal(on.counts, counted(now))
            np.testing.assert_array_equal(on.signs, now.dense())
    assert not (now.dense() == graph.dense()).all()
    np.testing.assert_array_equal(on.senders[on.slot], on.source)
    for measure, name in (("paper", "paper"), ("pooled", "pooled")):
        assert on.eta(measure) == pytest.approx(float(getattr(balance(triads(loops.raw(now))), name)))


@pytest.mark.parametrize("old", [True, False])
def test_loops_around_the_two_edges(old):
    """What the ratio and the energy are made of, before and after every possible exchange of a small graph."""
    state = stream(1, 0)
    on = begin(random_graph(8, 26, 0.5, state))
    tried = 0
    for e, f in itertools.permutations(range(26), 2):
        (a, b), (c, d) = (on.source[e], on.target[e]), (on.source[f], on.target[f])
        if len({a, c}) < 2 or len({b, d}) < 2 or a == d or c == b or on.signs[a, d] or on.signs[c, b]:
            continue
        signs, near, counts = on.signs.copy(), np.zeros((2, 2), np.int64), np.zeros((4, 2), np.int64)
        if not old:
            signs[a, b] = signs[c, d] = 0
            signs[a, d], signs[c, b] = on.sign[e], on.sign[f]
        rewiring._add_all(
            signs, rewiring._triads(), on.first, on.target, on.came, on.senders, a, b, c, d, old, counts, near
        )
        edges = ((a, b), (c, d)) if old else ((a, d), (c, b))
        assert near.tolist() == [around(signs, edge) for edge in edges]
        tried += 1
    assert tried > 20


@pytest.mark.parametrize("signed", [False, True])
def test_degrees_stay_and_no_node_meets_itself(signed):
    state = stream(3, 0)
    graph = random_graph(40, 200, 0.4, state)
    on = begin(graph)
    climb(on, 20_000, state, temperature=0.05, signed=signed)
    now = on.graph()
    dense, before = now.dense(), graph.dense()
    assert (dense != before).sum() > 100
    assert not np.diagonal(dense).any()
    assert now.edges == graph.edges == np.count_nonzero(dense)
    for axis in (0, 1):
        assert (np.count_nonzero(dense, axis) == np.count_nonzero(before, axis)).all()
    for sign in (1, -1):
        assert ((dense == sign).sum(1) == (before == sign).sum(1)).all(), "a sign stays with its source"
        assert signed == ((dense == sign).sum(0) == (before == sign).sum(0)).all()


def test_the_best_of_a_tiny_graph_is_found():
    """Against all graphs that have its signed out-degrees and its in-degrees, one by one."""
    state = stream(5, 0)
    graph = random_graph(5, 9, 0.5, state)
    signs = graph.dense()
    rows = []
    for row, own in enumerate(signs):  # every way to place the signs that a node sends
        others = [t for t in range(5) if t != row]
        plus, minus = int((own > 0).sum()), int((own < 0).sum())
        ways = []
        for up in itertools.combinations(others, plus):
            for down in itertools.combinations([t for t in others if t not in up], minus):
                made = np.zeros(5, np.int8)
                made[list(up)], made[list(down)] = 1, -1
                ways.append(made)
        rows.append(ways)
    degrees, best = np.count_nonzero(signs, 0), 0.0
    for chosen in itertools.product(*rows):
        if (sum((row != 0).astype(int) for row in chosen) == degrees).all():
            on = _of(np.array(chosen))
            best = max(best, on.eta("pooled") if on.loops else 0.0)
    reached = 0.0
    for k in range(5):
        on = begin(graph)
        climb(on, 20_000, stream(6, k), "pooled", wanted=best)
        reached = max(reached, on.eta("pooled"))
        assert reached <= best
    assert reached == best


def _of(signs):
    from sparsernn.topology.signed_graph import graph_of

    return begin(graph_of(signs).signed)
