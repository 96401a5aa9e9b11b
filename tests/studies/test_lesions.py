"""Lesions: what is taken away, and what is measured."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from sparsernn.cli.app import app
from sparsernn.errors import SpecError
from sparsernn.masks import Prunable
from sparsernn.measures.score import Score
from sparsernn.studies.lesion_plans import ANY, BALANCED, EDGES, UNBALANCED, Weighted, plans
from sparsernn.studies.lesions import _matrix, lesions
from sparsernn.topology.generators.tangent_motifs import TangentMotifs
from sparsernn.topology.listed_loops import listed_loops
from sparsernn.topology.signed_graph import graph_of
from sparsernn.topology.tangent import tangent_loops
from sparsernn.training.run import run
from sparsernn.training.run_spec import read_spec, spec_of


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """An RNN on a graph with four tangent motifs, hardly trained."""
    place = tmp_path_factory.mktemp("lesions")
    np.save(place / "g.npy", TangentMotifs(density=0.2, motifs=4).generate(16, 1).dense().T)
    spec = {
        "task": {"adding": {"length": 5}},
        "network": {"rnn": {"hidden": 16}},
        "initial": {"from": str(place / "g.npy"), "weights": False},
        "epochs": 1,
        "updates_per_epoch": 2,
        "measures": ["score"],
    }
    return run(read_spec(spec), place / "runs")


def test_numbers_are_those_of_the_network_with_holes(record):
    found = lesions(record, orders=2, seed=3, measure=Score(batch=500))
    weights, masks, spec = record.weights(), record.masks(), spec_of(record)
    matrix = weights["cell0"]["recurrent"]
    mask = graph_of(masks["cell0/recurrent"][0].T.astype(float))
    planned = plans(mask, graph_of(matrix[0].T), None, 2, np.random.default_rng([3, 7]))
    assert found.intact == pytest.approx(record.numbers()["score/mse"], rel=1e-6)
    for kind in (UNBALANCED, BALANCED):
        if kind not in planned.orders:
            continue
        holed = matrix.copy()
        for step, edges in enumerate(planned.orders[kind][1], 1):
            for source, target in edges:
                assert holed[0, target, source] != 0
                holed[0, target, source] = 0
            other = {**weights, "cell0": {**weights["cell0"], "recurrent": holed}}
            number = Score(batch=500).measure(spec.network, other, masks, spec.task, "test")["mse"]
            curve = found.curve(kind)
            assert curve.score[1, step] == pytest.approx(number, rel=1e-6)
            assert curve.removed[1, step] == pytest.approx(np.abs(matrix).sum() - np.abs(holed).sum(), rel=1e-5)
    ends = np.array([c.score[:, -1] for c in found.curves if c.kind in (UNBALANCED, BALANCED)])
    assert (ends[:, 0] == ends[:, 1]).all(), "the order does not matter once all are gone"
    np.testing.assert_array_equal(record.weights()["cell0"]["recurrent"], matrix)


def test_the_command(record, tmp_path):
    words = ["lesion", str(record.directory), "--orders", "2", "--count", "1"]
    said = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert said["number"] == "mse"
    assert said["what"] == "tangent motifs"
    assert set(said["kinds"]) <= {UNBALANCED, BALANCED, ANY, EDGES}
    assert all(len(kind["mean"]) == 2 for kind in said["kinds"].values())
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "l.html")])
    assert done.exit_code == 0
    assert "after 1 removals" in done.stdout
    assert (tmp_path / "l.html").stat().st_size > 1e6
    assert 'gives no "accuracy_"' in str(CliRunner().invoke(app, [*words, "--key", "accuracy_"]).exception)


def test_gates_have_no_signs():
    with pytest.raises(SpecError, match="has 3 gates"):
        _matrix((Prunable("cell0/recurrent", "recurrent", 3, 4, 4),), None)
    two = tuple(Prunable(f"cell{i}/recurrent", "recurrent", 1, 4, 4) for i in range(2))
    assert _matrix(two, "cell1/recurrent") == two[1]
    with pytest.raises(SpecError, match="must be named: path=cell0/recurrent, cell1/recurrent"):
        _matrix(two, None)


# -------------------------------------------------------------------------------------------------------------- plans


def test_all_loops_are_listed():
    rng = np.random.default_rng(0)
    signs = rng.choice([-1, 0, 1], (14, 14), p=[0.2, 0.6, 0.2]) * ~np.eye(14, dtype=bool)
    found = {tuple(map(int, loop)) for loop in listed_loops(graph_of(signs).signed, rng)}
    n = range(14)
    assert found == {
        (i, j, k) for i in n for j in n for k in n if signs[i, j] and signs[j, k] and signs[i, k] and i != k
    }


def test_plans_of_tangent_motifs():
    graph = TangentMotifs(motifs=15).generate(150, 0)
    rng = np.random.default_rng(1)
    weights = graph.dense() * rng.uniform(0.1, 1, (150, 150))
    found = plans(graph_of(graph.dense()), graph_of(weights), None, 3, rng)
    weighted = Weighted(graph_of(weights))
    own = {e for loop in tangent_loops(graph) for e in loop.edges}
    for kind, sign in ((UNBALANCED, -1), (BALANCED, 1)):
        for order in found.orders[kind]:
            assert all(np.sign([weights[s, t] for s, t in motif]).prod() == sign for motif in order)
            assert {tuple(map(int, e)) for motif in order for e in motif} <= own
    assert len(found.orders[UNBALANCED][0]) + len(found.orders[BALANCED][0]) == 15
    for order, model in zip(found.orders[EDGES], found.orders[UNBALANCED], strict=True):
        taken = [tuple(map(int, e)) for edges in order for e in edges]
        assert len(set(taken)) == 3 * len(model)
        assert not set(taken) & own
        sizes = [sum(map(weighted.size, steps)) for steps in (order, model)]
        assert sizes[0] == pytest.approx(sizes[1], rel=0.05)


def test_plans_of_any_network():
    rng = np.random.default_rng(2)
    weights = rng.standard_normal((40, 40)) * (rng.random((40, 40)) < 0.3)
    graph = graph_of(weights)
    found = plans(graph_of(weights != 0), graph, 6, 4, rng)
    weighted = Weighted(graph)
    assert found.what == "feed-forward loops"
    for own, alike, edges in zip(*(found.orders[k] for k in (UNBALANCED, BALANCED, EDGES)), strict=True):
        for motifs, sign in ((own, -1), (alike, 1)):
            ends = [tuple(map(int, e)) for motif in motifs for e in motif]
            assert len(set(ends)) == 18, "no edge twice"
            assert all(np.sign([weights[s, t] for s, t in motif]).prod() == sign for motif in motifs)
        for a, b, c in zip(own, alike, edges, strict=True):
            assert weighted.size(b) == pytest.approx(weighted.size(a), rel=0.1)
            assert weighted.size(c) == pytest.approx(weighted.size(a), rel=0.3)
    with pytest.raises(SpecError, match="no unbalanced feed-forward loops"):
        plans(graph_of(weights != 0), graph_of(np.abs(weights)), 6, 1, rng)
