"""A connectome and its controls: equal edges, equal radius, and the table of a tiny run."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from sparsernn.cli.app import app
from sparsernn.cli.constrain import Control
from sparsernn.errors import SpecError, StoreError
from sparsernn.studies.constrained import CONTROLS, constrained, read_connectome
from sparsernn.topology.radius import spectral_radius
from sparsernn.training.first_weights import first_weights
from sparsernn.weights import get

N, PATH = 14, "cell0/recurrent"
TASK = {"task": {"adding": {"length": 5}}}


@pytest.fixture(scope="module")
def weights():
    """[target, source], with two self-connections."""
    rng = np.random.default_rng(0)
    made = rng.standard_normal((N, N)) * (rng.random((N, N)) < 0.3)
    np.fill_diagonal(made, 0)
    made[0, 0] = made[1, 1] = 1
    return made


def test_controls_have_equal_edges_and_radius(weights, tmp_path):
    graph = read_connectome(weights, "target-source")
    found = constrained(graph, TASK, tmp_path, seeds=2, held="entry", radius=0.8)
    assert list(found.variants) == ["connectome", *CONTROLS]
    assert any("2 self-connections" in note for note in found.notes)
    edges, own = np.count_nonzero(weights) - 2, weights * ~np.eye(N, dtype=bool)
    degrees = {}
    for name, specs in found.variants.items():
        for spec in specs:
            begun = first_weights(spec, spec.trainer())
            matrix = np.asarray(get(begun.weights, PATH))[0] * np.asarray(begun.masks[PATH])[0]
            assert np.count_nonzero(matrix) == edges
            assert spectral_radius(matrix) == pytest.approx(0.8, rel=1e-4)
            assert abs((matrix > 0).sum() - (own > 0).sum()) <= 1
            degrees.setdefault(name, []).append(np.sign(matrix))
    first = np.sign(own)
    assert all((m == first).all() for m in degrees["connectome"])
    assert all(((m != 0) == (first != 0)).all() for m in degrees["sign_shuffled"])
    assert all(((m > 0).sum(0) == (first > 0).sum(0)).all() for m in degrees["rewired"])
    for name in CONTROLS:
        assert (degrees[name][0] != degrees[name][1]).any(), "every seed has its own"


def test_a_graph_without_signs(weights, tmp_path):
    found = constrained(read_connectome(np.abs(weights), "target-source"), TASK, tmp_path, seeds=1)
    assert "sign_shuffled" not in found.variants
    (spec,) = found.variants["connectome"]
    assert spec.signs.excitatory == 0.8
    assert spec.initial.weights is False
    with pytest.raises(StoreError, match="holds something else"):
        constrained(read_connectome(weights, "target-source"), TASK, tmp_path)


def test_what_is_wrong_is_said(weights, tmp_path):
    graph = read_connectome(weights, "target-source")
    with pytest.raises(SpecError) as error:
        constrained(graph, TASK | {"initial": "x"}, tmp_path, seeds=0, controls=["bla"])
    assert len(error.value.problems) == 3
    with pytest.raises(SpecError, match="wiring of one cell"):
        constrained(graph, TASK | {"network": {"cells": ["rnn", "rnn"]}}, tmp_path)
    with pytest.raises(SpecError, match="--orientation source-target"):
        read_connectome(weights)
    with pytest.raises(SpecError, match="no edges"):
        read_connectome(np.eye(3), "target-source")
    assert [str(c) for c in Control] == list(CONTROLS)


def test_the_command_and_the_command_again(weights, tmp_path):
    np.save(tmp_path / "w.npy", weights)
    out = tmp_path / "out"
    words = ["constrain", str(tmp_path / "w.npy"), "--orientation", "target-source", "--task", "adding"]
    words += ["--set", "task.adding.length=5", "--set", "epochs=1", "--set", "updates_per_epoch=2", "--seeds", "1"]
    words += ["--control", "rewired", "--nulls", "5", "--workers", "1", "--out", str(out), "--json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.exception
    said = json.loads(done.stdout)
    assert [v["variant"] for v in said["variants"]] == ["connectome", "rewired"]
    assert {v["edges"] for v in said["variants"]} == {np.count_nonzero(weights) - 2}
    assert all(len(v["numbers"]["score/mse"]) == len(v["eta"]) == 1 for v in said["variants"])
    rows = (out / "tables" / "summary.csv").read_text()
    assert "fixed mask, connectome.npy" in rows
    assert "fixed mask, signed null" in rows
    before = {p: p.stat().st_mtime_ns for p in out.glob("runs/*/weights.safetensors")}
    again = json.loads(CliRunner().invoke(app, words).stdout)
    assert again["variants"] == said["variants"]
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert "give one of --task" in str(CliRunner().invoke(app, words[:4] + ["--out", str(out)]).exception)
