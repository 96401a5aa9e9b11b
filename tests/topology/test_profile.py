import networkx as nx
import numpy as np
import pytest

from sparsernn.errors import DataError, Undefined
from sparsernn.topology import eigenvalues
from sparsernn.topology.clustering import clustering
from sparsernn.topology.eigenvalues import radius_of
from sparsernn.topology.paths import paths
from sparsernn.topology.profile import profile
from sparsernn.topology.signed_graph import graph_of


def signed(nodes=30, density=0.15, seed=0):
    rng = np.random.default_rng(seed)
    made = rng.standard_normal((nodes, nodes)) * (rng.random((nodes, nodes)) < density)
    np.fill_diagonal(made, 0)
    return made


def test_clustering_and_paths_are_those_of_networkx():
    for seed in range(5):
        weights = signed(seed=seed, density=0.05 + 0.1 * seed)
        graph, theirs = graph_of(weights).signed, nx.from_numpy_array(weights != 0, create_using=nx.DiGraph)
        for _, _, data in theirs.edges(data=True):
            data.clear()
        np.testing.assert_allclose(clustering(graph), list(nx.clustering(theirs).values()), atol=1e-12)
        lengths = [d for _, row in nx.all_pairs_shortest_path_length(theirs) for d in row.values() if d]
        found = paths(graph)
        assert found.length == pytest.approx(np.mean(lengths))
        assert found.reachable == pytest.approx(len(lengths) / (30 * 29))
        assert (found.longest, found.sources) == (max(lengths), 30)


def test_paths_from_some_nodes_stand_for_all():
    graph = graph_of(signed(300, 0.05)).signed
    some = paths(graph, steps=2.5e5)
    assert some.sources >= 40
    assert some.length == pytest.approx(paths(graph).length, rel=0.05)


def test_a_small_world_is_one_and_a_random_graph_is_not():
    ring = nx.to_numpy_array(nx.watts_strogatz_graph(120, 6, 0.05, seed=0))
    assert profile(graph_of(ring), "er", 5).numbers["small_world"].value > 3
    assert profile(graph_of(signed(120, 0.08)), "er", 5).numbers["small_world"].value == pytest.approx(1, abs=0.25)


def test_a_balanced_graph_stands_out_and_two_camps_are_wholly_balanced():
    camps = np.random.default_rng(0).choice([-1, 1], 50)
    weights = np.abs(signed(50, 0.2)) * np.outer(camps, camps)
    found = profile(graph_of(weights), nulls=50)
    assert found.numbers["eta"].value == 1
    assert found.numbers["eta_pooled"].z > 5
    assert all(found.motifs[s].number == 0 for s in ("++-", "+-+", "-++", "---"))
    assert isinstance(found.numbers["edges"].z, Undefined)
    assert found.numbers["edges"].z == "the null keeps it"


def test_few_loops_are_warned_of_by_type():
    said = " ".join(profile(graph_of(signed(20, 0.12)), nulls=10).warnings)
    assert "300 has no loops, fewer than 10" in said


def test_a_graph_of_one_sign_has_its_unsigned_numbers():
    found = profile(graph_of(np.abs(signed())), nulls=20)
    assert found.motifs["+++"].number == "all edges are positive: signs are not known"
    assert isinstance(found.numbers["eta"].null_mean, Undefined)
    assert isinstance(found.triads["030T"].balanced, Undefined)
    assert found.triads["030T"].triads.value > 0
    assert found.numbers["clustering"].null_sd > 0


def test_nulls_that_cannot_move_say_so():
    full = profile(graph_of(np.ones((6, 6))), nulls=5)
    assert full.numbers["nodes"].value == 6
    assert "is the graph itself: no edge can move" in full.warnings[0]
    signs = profile(graph_of(np.abs(signed())), "sign_shuffle", nulls=5)
    assert "null sign_shuffle is the graph itself" in signs.warnings[0]


@pytest.mark.parametrize("size", [0, 1, 2, 5])
def test_empty_graphs(size):
    found = profile(graph_of(np.zeros((size, size))), nulls=5)
    assert found.numbers["edges"].value == 0
    assert found.numbers["eta"].value == "the graph has no edges"
    assert isinstance(found.numbers["path_length"].value, Undefined)
    assert found.ensemble is None
    assert profile(graph_of(np.diag(np.ones(size))), nulls=5).hubs == ()


def test_what_is_no_graph_is_refused():
    with pytest.raises(DataError, match="square"):
        graph_of(np.ones((2, 3)))
    with pytest.raises(DataError, match="1 of the weights are NaN"):
        graph_of(np.array([[0, np.nan], [0, 0]]))


def test_the_largest_eigenvalue_of_a_large_graph(monkeypatch):
    monkeypatch.setattr(eigenvalues, "DENSE", 10)
    weights = signed(150, 0.05)
    graph = graph_of(weights)
    assert radius_of(graph.signed, graph.weights) == pytest.approx(np.abs(np.linalg.eigvals(weights)).max(), rel=1e-6)
