import collections
import itertools

import numpy as np
import pytest
from scipy import stats

from sparsernn.errors import SpecError
from sparsernn.topology.nullmodels import NULLS, null_named, pairs
from sparsernn.topology.nullmodels.ensemble import ensemble
from sparsernn.topology.nullmodels.randomness import stream
from sparsernn.topology.nullmodels.signed import Signed
from sparsernn.topology.nullmodels.worm import crawl
from sparsernn.topology.signed_graph import graph_of


def random_graph(nodes=40, density=0.15, seed=0):
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1, 1], (nodes, nodes)) * (rng.random((nodes, nodes)) < density)
    np.fill_diagonal(signs, 0)
    return graph_of(signs).signed


def degrees(signs):
    return np.stack([(signs > 0).sum(0), (signs > 0).sum(1), (signs < 0).sum(0), (signs < 0).sum(1)])


def partners(signs):
    return ((signs != 0) & (signs.T != 0)).sum(0)


@pytest.mark.parametrize("name", NULLS)
@pytest.mark.parametrize("table", [False, True])
def test_what_each_null_keeps(name, table, monkeypatch):
    if table:  # as for more nodes than have a bit for every pair
        monkeypatch.setattr(pairs, "MOST_BITS", 10)
    graph = random_graph()
    own, null, moved = graph.dense().astype(int), null_named(name)(graph), []
    for k in range(20):
        drawn = null.draw(stream(0, k)).dense().astype(int)
        moved.append((drawn != own).sum())
        assert not drawn.diagonal().any()
        assert ((drawn > 0).sum(), (drawn < 0).sum()) == ((own > 0).sum(), (own < 0).sum())
        if name in ("signed", "stp"):
            np.testing.assert_array_equal(degrees(drawn), degrees(own))
        if name == "signed":
            np.testing.assert_array_equal(partners(drawn), partners(own))
        if name in ("sign_shuffle", "stp"):
            np.testing.assert_array_equal(drawn != 0, own != 0)
        if name == "fanmod":
            np.testing.assert_array_equal(degrees(drawn)[[1, 3]], degrees(own)[[1, 3]])
            np.testing.assert_array_equal((drawn != 0).sum(0), (own != 0).sum(0))
            assert partners(drawn).sum() == partners(own).sum()
    assert np.mean(moved) > 0.3 * graph.edges


def test_pairs_of_mates_move_too():
    rng = np.random.default_rng(4)
    upper = np.triu(rng.choice([-1, 1], (30, 30)) * (rng.random((30, 30)) < 0.1), 1)
    graph = graph_of(upper + np.triu(rng.choice([-1, 1], (30, 30)), 1).T * (upper.T != 0)).signed
    assert graph.mutual * 2 == graph.edges
    for name in ("signed", "fanmod"):
        drawn = null_named(name)(graph).draw(stream(0, 0)).dense()
        assert (partners(drawn) == partners(graph.dense())).all()
        assert ((drawn != 0) != (graph.dense() != 0)).mean() > 0.05


def everything(nodes, keeps):
    """All signed graphs of so many nodes, in groups that agree in what is kept."""
    cells = [(i, j) for i in range(nodes) for j in range(nodes) if i != j]
    groups = collections.defaultdict(list)
    for values in itertools.product((0, 1, -1), repeat=len(cells)):
        signs = np.zeros((nodes, nodes), int)
        signs[tuple(zip(*cells, strict=True))] = values
        groups[keeps(signs)].append(signs.tobytes())
    return groups


def uniform(null, members, draws=40):
    """p of a chi^2 test that all members are equally likely; none may be missing, none may come from elsewhere."""
    counts = collections.Counter(
        null.draw(stream(3, k)).dense().astype(int).tobytes() for k in range(draws * len(members))
    )
    assert set(counts) == set(members)
    return stats.chisquare([counts[m] for m in members]).pvalue


# signed graphs of four nodes whose classes have 4 to 12 members; the last ones are not joined by exchanges of two edges
SEQUENCES = [
    [[0, 1, 0, -1], [0, 0, 1, 0], [0, -1, 0, 1], [1, 0, 0, 0]],
    [[0, 1, -1, -1], [0, 0, -1, 1], [1, -1, 0, 0], [-1, 0, 1, 0]],
    [[0, -1, -1, 0], [0, 0, 1, -1], [-1, 0, 0, 1], [-1, 1, 0, 0]],
    [[0, 0, 1, -1], [1, 0, -1, 1], [1, 0, 0, -1], [-1, 1, 0, 0]],
    [[0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1], [1, 0, 0, 0]],
]


def rearranged(signs):
    """All graphs with the signed degrees and mutual partners of this one, by brute force over its rows."""
    n = len(signs)
    rows = []
    for i in range(n):
        others = [j for j in range(n) if j != i]
        rows.append([dict(zip(others, v, strict=True)) for v in set(itertools.permutations(signs[i, others]))])
    found = []
    for chosen in itertools.product(*rows):
        made = np.array([[0 if i == j else row[j] for j in range(n)] for i, row in enumerate(chosen)])
        if (degrees(made) == degrees(signs)).all() and (partners(made) == partners(signs)).all():
            found.append(made.tobytes())
    return found


def test_signed_reaches_all_graphs_of_few_nodes_and_all_alike():
    values = []
    for signs in map(np.array, SEQUENCES):
        members = rearranged(signs)
        assert len(members) > 1
        values.append(uniform(Signed(graph_of(signs).signed), members))
    assert min(values) > 1e-3


def test_a_chain_of_exchanges_alone_is_uniform_where_it_reaches_all(monkeypatch):
    """Seven nodes: what larger graphs have, without the walk for few nodes."""
    signs = np.zeros((7, 7), int)
    for i, j in ((0, 1), (2, 3), (4, 5), (5, 6)):
        signs[i, j] = 1
    signs[6, 0] = signs[1, 6] = -1
    members = rearranged(signs)
    assert 10 < len(members) < 200
    assert uniform(Signed(graph_of(signs).signed, 60.0), members, 30) > 1e-3


@pytest.mark.parametrize("name", ["sign_shuffle", "er", "stp"])
def test_other_nulls_are_uniform(name):
    signs = (
        np.array([[0, 1, -1], [1, 0, 1], [0, -1, 0]])
        if name != "stp"
        else random_graph(5, 0.85, 11).dense().astype(int)
    )
    graph = graph_of(signs).signed
    if name == "er":
        keeps = lambda s: ((s > 0).sum(), (s < 0).sum())
        members = everything(3, keeps)[keeps(signs)]
    else:
        there, members = np.argwhere(signs), []
        for places in itertools.combinations(range(len(there)), int((signs < 0).sum())):
            made = np.abs(signs)
            made[tuple(there[list(places)].T)] = -1
            if name == "sign_shuffle" or (degrees(made) == degrees(signs)).all():
                members.append(made.tobytes())
    assert 3 < len(members) < 3000
    assert uniform(null_named(name)(graph, 20.0), members, 30) > 1e-3


def test_a_long_alternating_cycle_is_found():
    """A ring of sources and targets in which only turning all signs at once keeps the degrees."""
    n = 12
    signs = np.zeros((2 * n, 2 * n), int)
    for i in range(n):
        signs[i, n + i], signs[i, n + (i + 1) % n] = 1, -1
    graph = graph_of(signs).signed
    seen = collections.Counter(null_named("stp")(graph).draw(stream(0, k)).dense().tobytes() for k in range(200))
    assert sorted(seen.values())[0] > 60
    assert len(seen) == 2


def test_one_sign_leaves_nothing_to_move():
    graph = random_graph(10)._replace(negative=np.zeros(random_graph(10).edges, np.int8))
    assert crawl(graph.nodes, graph.source, graph.target, graph.negative.copy(), 5, stream(0, 0)) == 0


def test_draws_depend_on_seed_and_number_alone():
    graph = random_graph()
    one, two = (ensemble(graph, nulls=30, seed=5, threads=t).counts for t in (1, 2))
    np.testing.assert_array_equal(one, two)
    assert (one != ensemble(graph, nulls=30, seed=6).counts).any()


def test_means_stand_still_at_the_default_number_of_exchanges():
    """A clustered graph: three times as many exchanges change no mean by more than chance."""
    rng = np.random.default_rng(0)
    place = rng.random((60, 2))
    near = np.linalg.norm(place[:, None] - place, axis=2) < 0.25
    signs = near * (rng.random((60, 60)) < 0.6) * rng.choice([-1, 1], 60)
    np.fill_diagonal(signs, 0)
    graph = graph_of(signs).signed
    null = Signed(graph)
    once = ensemble(graph, nulls=400).counts[:, :67].astype(float)
    more = ensemble(graph, nulls=400, seed=1, exchanges=60.0).counts[:, :67].astype(float)
    spread = np.sqrt(once.var(axis=0) / 400 + more.var(axis=0) / 400)
    away = np.abs(once.mean(axis=0) - more.mean(axis=0))[spread > 0] / spread[spread > 0]
    assert away.max() < 4.5
    assert null.proposals > 3 * graph.edges / 2


def test_what_is_refused():
    with pytest.raises(SpecError, match='did you mean "signed"'):
        null_named("sgned")
    with pytest.raises(SpecError, match="2 or more"):
        ensemble(random_graph(), nulls=1)


def test_a_full_graph_and_er():
    signs = np.ones((5, 5), int) - np.eye(5, dtype=int)
    signs[0, 1] = -1
    drawn = null_named("er")(graph_of(signs).signed).draw(stream(0, 1)).dense()
    assert (drawn != 0).sum() == 20
    assert (drawn < 0).sum() == 1
