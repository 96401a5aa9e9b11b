"""The graph of a network's units."""

import jax
import networkx as nx
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.models.network import Network, Ports
from sparsernn.spec import build
from sparsernn.studies.wiring import graph


def made(plain):
    network = build(Network, plain)
    return network, network.init(jax.random.key(3), Ports(0, 2, True))


def test_a_linear_read_out_makes_nodes_of_the_columns():
    network, weights = made({"rnn": {"hidden": 4}})
    weights["cell0"]["recurrent"] = np.array([[[0, 2.0, 0, 0], [0, 0, -3.0, 0], [0, 0, 0, 0], [0.5, 0, 0, 0]]])
    weights["readout"]["weights"] = np.array([[[0, 0, 0, 1.5], [-1.0, 0, 0, 0]]])
    found = graph(network, weights, ("left", "right"))
    assert dict(found.nodes["left"]) == {"kind": "column", "observed": True, "name": "left"}
    assert not any(found.nodes[unit]["observed"] for unit in range(4))
    assert {(a, b): (d["weight"], d["sign"]) for a, b, d in found.edges(data=True)} == {
        (1, 0): (2.0, 1), (2, 1): (-3.0, -1), (0, 3): (0.5, 1), (3, "left"): (1.5, 1), (0, "right"): (-1.0, -1),
    }  # fmt: skip


def test_gates_are_summed_or_picked():
    network, weights = made({"lstm": {"hidden": 3}})
    array = np.asarray(weights["cell0"]["recurrent"])
    summed = graph(network, weights, ("a", "b"))
    units = nx.to_numpy_array(summed, nodelist=range(3))
    np.testing.assert_allclose(units.T, np.abs(array).sum(axis=0))
    assert {d["sign"] for *_, d in summed.subgraph(range(3)).edges(data=True)} == {0}
    assert "|W|" in summed.graph["note"]
    for gate in (2, "candidate"):
        one = graph(network, weights, ("a", "b"), gate)
        np.testing.assert_allclose(nx.to_numpy_array(one, nodelist=range(3)).T, array[2])
        assert all(d["sign"] == np.sign(d["weight"]) for *_, d in one.edges(data=True))
        assert "candidate" in one.graph["note"]
    with pytest.raises(SpecError, match='did you mean "forget"'):
        graph(network, weights, ("a", "b"), "forgot")
    with pytest.raises(SpecError, match="gate"):
        graph(network, weights, ("a", "b"), 4)


def test_a_graph_can_be_written(tmp_path):
    network, weights = made({"plrnn": {"hidden": 4}})
    nx.write_graphml(graph(network, weights, ("a", "b")), tmp_path / "g.graphml")
    back = nx.read_graphml(tmp_path / "g.graphml")
    assert back.number_of_nodes() == 4
    assert back.nodes["0"]["observed"] is True
