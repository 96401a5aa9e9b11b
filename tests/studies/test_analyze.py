from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
from scipy import sparse

import sparsernn
from sparsernn.errors import DataError, SpecError, Undefined
from sparsernn.studies.wired import _turnable


def weights(nodes=25, seed=0, density=0.2):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((nodes, nodes)) * (rng.random((nodes, nodes)) < density)


def test_orientation_turns_a_matrix():
    one = sparsernn.analyze(weights(), "source-target", nulls=5)
    other = sparsernn.analyze(weights().T, orientation="target-source", nulls=5)
    assert one.to_dict()["motifs"] == other.to_dict()["motifs"]
    turned = sparsernn.analyze(weights(), "target-source", nulls=5)
    assert turned.triads["120U"].triads.value == one.triads["120D"].triads.value
    assert turned.numbers["eta"].value == one.numbers["eta"].value
    same = sparsernn.analyze(sparse.csr_array(weights()), "source-target", nulls=5)
    assert same.to_dict()["motifs"] == one.to_dict()["motifs"]


def test_a_matrix_that_does_not_say_is_asked():
    with pytest.raises(SpecError, match="--orientation source-target"):
        sparsernn.analyze(weights())


def test_all_wrong_options_at_once():
    with pytest.raises(SpecError, match="4 problems"):
        sparsernn.analyze(weights(), "source", nulls=1, seed=-1, statistic="counts")
    with pytest.raises(SpecError, match="no null model"):
        sparsernn.analyze(weights(), "source-target", null="nothing")
    with pytest.raises(DataError, match="square"):
        sparsernn.analyze(np.ones((2, 3)), "source-target")
    with pytest.raises(DataError, match="real numbers"):
        sparsernn.analyze(np.array([["a", "b"], ["c", "d"]]), "source-target")


def test_concentrations():
    counts = sparsernn.analyze(weights(), "source-target", nulls=50)
    shares = sparsernn.analyze(weights(), "source-target", nulls=50, statistic="concentration")
    one, other = counts.motifs["++-"], shares.motifs["++-"]
    assert one.number == other.number
    assert one.null_mean > 1 > other.null_mean
    assert one.z == pytest.approx(other.z, abs=0.5)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("s.csv", "node,sign\na,1\nb,-1\nc,inhibitory\n"),
        ("s.txt", "+\n-\n-\n"),
        ("s.csv", "0,1,1\n-1,0,-1\n-1,-1,0\n"),
    ],
)
def test_signs_from_a_file(tmp_path, name, text):
    edges = tmp_path / "e.csv"
    edges.write_text("source,target\na,b\nb,c\na,c\n")
    (tmp_path / name).write_text(text)
    found = sparsernn.analyze(edges, nulls=5, signs=tmp_path / name)
    assert found.motifs["+-+"].number == 1
    assert f"signs are those of {name}" in found.notes
    assert isinstance(sparsernn.analyze(edges, nulls=5).motifs["+-+"].number, Undefined)


def test_signs_that_are_missing(tmp_path):
    edges, signs = tmp_path / "e.csv", tmp_path / "s.csv"
    edges.write_text("source,target\na,b\nb,c\n")
    signs.write_text("a,1\n")
    with pytest.raises(DataError, match="no sign for 1 of 2 edges"):
        sparsernn.analyze(edges, nulls=5, signs=signs)


def test_a_run_is_read_with_its_gauge(tmp_path):
    spec = {"task": {"adding": {"length": 4}}, "network": {"rnn": {"hidden": 8}}, "epochs": 1, "updates_per_epoch": 1}
    record = sparsernn.run(sparsernn.read_spec(spec), tmp_path)
    found = sparsernn.analyze(record, nulls=5)
    assert (found.orientation, found.graph.loops) == ("target-source", 8)
    assert found.numbers["edges"].value == 56
    assert "sparsernn.Record" not in found.source
    assert found.gauge is not None
    assert found.gauge.draws == 20
    with pytest.raises(SpecError, match='no matrix "cell1"'):
        sparsernn.analyze(record.directory, key="cell1")


def test_which_units_can_be_turned_over():
    def turnable(network, key="cell0/recurrent", **more):
        return _turnable(SimpleNamespace(spec={"task": "adding", "network": network, **more}, directory="run"), key)

    assert turnable({"rnn": {"activation": "tanh"}}) == (True, "")
    assert turnable({"rnn": {"activation": "relu"}}) == (False, "")
    assert turnable({"plrnn": {}}) == (False, "")
    assert turnable({"cells": [{"plrnn": {}}, {"ctrnn": {}}]}, "cell1/recurrent") == (True, "")
    assert turnable({"no_such_cell": {}}) == (False, "")
    assert turnable({"rnn": {}}, signs={"by": "source"}) == (False, "")  # Dale's law: signs that mean something
    assert turnable({"lstm": {}}, "cell0/recurrent:2") == (True, "")
    odd, why = turnable({"lstm": {}}, "cell0/recurrent:1")
    assert not odd
    assert "balance means something for cell0/recurrent:2" in why


def test_the_page_stands_alone_and_escapes_names(tmp_path):
    graph = nx.relabel_nodes(nx.gnp_random_graph(12, 0.4, seed=0, directed=True), lambda i: f"<b>{i}</b>")
    nx.write_graphml(graph, tmp_path / "g.graphml")
    sparsernn.analyze(tmp_path / "g.graphml", nulls=5).write(tmp_path / "g.html")
    page = (tmp_path / "g.html").read_text(encoding="utf-8")
    assert "<b>" not in page.split("<script")[0]
    assert "src=" not in page.split("<script>")[0]
    assert "Signed motifs and balance are undefined" in page
    sparsernn.analyze(weights(), "source-target", nulls=5).write(tmp_path / "w.html")
    assert "Motif profile" in (tmp_path / "w.html").read_text(encoding="utf-8")


def test_signs_of_a_matrix_with_names_go_by_name(tmp_path):
    (tmp_path / "e.csv").write_text("source,target,weight\na,b,1\nb,c,1\nc,a,1\na,c,1\nd,a,1\nb,d,1\n")
    rows = {"d": "-1,-1,-1,-1", "c": "-1,-1,-1,-1", "b": "1,1,1,1", "a": "1,1,1,1"}
    signs = tmp_path / "s.csv"
    signs.write_text(",d,c,b,a\n" + "".join(f"{name},{row}\n" for name, row in rows.items()))
    found = sparsernn.analyze(tmp_path / "e.csv", signs=signs, nulls=5)
    names = np.array(found.names)
    sent = {(names[s], bool(w > 0)) for s, w in zip(found.graph.signed.source, found.graph.weights, strict=True)}
    assert sent == {("a", True), ("b", True), ("c", False), ("d", False)}
    signs.write_text(signs.read_text().replace("d", "x"))
    with pytest.raises(DataError, match='"x", which is no node'):
        sparsernn.analyze(tmp_path / "e.csv", signs=signs, nulls=5)
