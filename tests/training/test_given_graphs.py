"""Graphs as what a training begins from: generated, or from the files that network scientists have."""

import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.files.graphs.writing import write_graph
from sparsernn.topology.generators.balanced import Balanced
from sparsernn.topology.radius import spectral_radius
from sparsernn.training.first_weights import first_weights
from sparsernn.training.run_spec import describe, read_spec

PATH = "cell0/recurrent"
N = 12


def spec(initial, cell="rnn", hidden=N, **fields):
    tree = {"task": {"adding": {"length": 5}}, "network": {cell: {"hidden": hidden}}, "initial": initial}
    return read_spec(tree | fields)


def begun(*arguments, **fields):
    made = spec(*arguments, **fields)
    found = first_weights(made, made.trainer())
    return np.asarray(found.weights["cell0"]["recurrent"]), np.asarray(found.masks[PATH])


GRAPH = {"balanced": {"density": 0.4, "eta": 0.6, "loops": None}}


def test_a_generated_graph():
    signs = Balanced(0.4, 0.6, loops=None).generate(N, 5).dense().T
    weights, masks = begun({"graph": GRAPH, "graph_seed": 5})
    np.testing.assert_array_equal(masks[0], signs != 0)
    np.testing.assert_array_equal(np.sign(weights[0])[masks[0]], signs[masks[0]])
    fresh, _ = begun({"graph": GRAPH, "graph_seed": 5, "weights": False})
    np.testing.assert_array_equal(np.abs(fresh), np.abs(weights))
    assert (np.sign(fresh) != np.sign(weights)).any()
    np.testing.assert_array_equal(begun({"graph": GRAPH}, seed=5)[1][0], signs != 0)
    _, masks = begun({"graph": GRAPH, "graph_seed": 5, "weights": False}, cell="gru")
    np.testing.assert_array_equal(masks, np.broadcast_to(signs != 0, (3, N, N)))


def test_the_graph_decides_the_identity_and_a_file_of_it_is_the_same(tmp_path):
    named = lambda initial, **fields: describe(spec(initial, **fields), 0, None)["identity"]
    graph = Balanced(0.4, 0.6, loops=None).generate(N, 0)
    write_graph(tmp_path / "g.npy", N, graph.source, graph.target, 1 - 2 * graph.negative)
    a = named({"graph": GRAPH})
    assert a == named({"graph": GRAPH, "graph_seed": 0}) == named({"from": str(tmp_path / "g.npy"), "weights": "signs"})
    assert len({a, named({"graph": GRAPH, "graph_seed": 1}), named({"graph": GRAPH, "radius": 1.0})}) == 3


@pytest.mark.parametrize("radius", [0.9, 1.3])
@pytest.mark.parametrize("dale", [False, True])
def test_the_radius_is_that_of_the_first_weights(radius, dale):
    held = {"signs": {"excitatory": 0.75}} if dale else {}
    weights, masks = begun({"graph": GRAPH, "weights": False, "radius": radius}, **held)
    assert spectral_radius(weights[0] * masks[0]) == pytest.approx(radius, rel=1e-5)
    if dale:
        assert all(len(set(np.sign(column[column != 0]))) == 1 for column in (weights[0] * masks[0]).T if column.any())


def test_files_of_graphs(tmp_path):
    edges = [(0, 1, 2.0, "chem"), (1, 2, -1.0, "chem"), (2, 0, 3.0, "gap"), (2, 1, 1.0, "chem")]
    text = "source,target,weight,kind\n" + "".join(f"n{s},n{t},{w},{k}\n" for s, t, w, k in edges)
    (tmp_path / "e.csv").write_text(text)
    full = np.zeros((3, 3))
    for s, t, w, _ in edges:
        full[t, s] = w
    place = str(tmp_path / "e.csv")
    weights, masks = begun(place, hidden=3)
    np.testing.assert_array_equal(weights[0], full.astype("float32"))
    _, masks = begun({"from": place, "only": ["kind=chem"]}, hidden=3)
    assert masks.sum() == 3
    assert not masks[0, 0, 2]
    source, target, values = (np.array([e[i] for e in edges]) for i in (0, 1, 2))
    write_graph(tmp_path / "g.graphml", 3, source, target, values)
    np.testing.assert_array_equal(begun(str(tmp_path / "g.graphml"), hidden=3)[0], weights)
    rows = [f"{name},{','.join(map(str, row))}" for name, row in zip("abc", full, strict=True)]
    (tmp_path / "named.csv").write_text("\n".join([",a,b,c", *rows, ""]))
    with pytest.raises(SpecError, match="graph of 3 named nodes; say orientation"):
        begun(str(tmp_path / "named.csv"), hidden=3)
    for how, expected in (("target-source", full), ("source-target", full.T)):
        found, _ = begun({"from": str(tmp_path / "named.csv"), "orientation": how}, hidden=3)
        np.testing.assert_array_equal(found[0], expected.astype("float32"))
    np.savez(tmp_path / "two.npz", one=full, other=np.eye(3))
    np.testing.assert_array_equal(begun({"from": str(tmp_path / "two.npz"), "key": "one"}, hidden=3)[0], weights)


def test_a_null_of_a_graph(tmp_path):
    rng = np.random.default_rng(0)
    graph = rng.standard_normal((N, N)) * (rng.random((N, N)) < 0.3)
    np.save(tmp_path / "w.npy", graph)
    np.fill_diagonal(graph, 0)
    place = str(tmp_path / "w.npy")
    weights, masks = begun({"from": place, "null": "signed"})
    assert (masks[0] != (graph != 0)).any()
    for axis in (0, 1):
        for sign in (1, -1):
            np.testing.assert_array_equal((weights[0] * sign > 0).sum(axis), (graph * sign > 0).sum(axis))
    np.testing.assert_allclose(np.sort(weights[0], axis=None), np.sort(graph, axis=None), rtol=1e-6)
    same, other = begun({"from": place, "null": "signed"}), begun({"from": place, "null": "signed"}, seed=1)
    np.testing.assert_array_equal(same[0], weights)
    assert (other[1] != masks).any()
    assert begun({"from": place, "null": "er"})[1].sum() == np.count_nonzero(graph)
    with pytest.raises(SpecError, match='no null model "sined", did you mean "signed"'):
        spec({"from": place, "null": "sined"})


def test_what_is_wrong_is_said(tmp_path):
    for initial, said in (
        ({"graph": GRAPH, "from": "x.npy"}, "give one of from"),
        ({"weights": False}, "give one of from"),
        ({"graph": GRAPH, "key": "w"}, "only say how a file is read"),
        ({"from": "x.npy", "graph_seed": 1}, "graph_seed is for a graph or a null"),
        ({"graph": {"balanced": {"eta": 2}}}, "initial.graph.balanced: eta must lie"),
        ({"graph": "blanced"}, 'did you mean "balanced"'),
        ({"from": "x.npy", "radius": 0}, "radius must be positive"),
    ):
        with pytest.raises(SpecError) as error:
            spec(initial)
        assert said in str(error.value)
    np.save(tmp_path / "five.npy", np.ones((5, 5)))
    with pytest.raises(SpecError, match="a graph of 5 nodes needs as many units: hidden: 5"):
        begun(str(tmp_path / "five.npy"))
    np.save(tmp_path / "line.npy", np.eye(N, k=1))
    with pytest.raises(SpecError, match="spectral radius 0, which no factor changes"):
        begun({"from": str(tmp_path / "line.npy"), "radius": 1.0})
    with pytest.raises(SpecError, match="only:"):
        begun({"from": str(tmp_path / "line.npy"), "only": ["x"]})
    with pytest.raises(SpecError, match="square and of one size"):
        begun({"graph": GRAPH, "where": ["input"]})
