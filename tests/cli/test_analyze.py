import json

import numpy as np
import pytest
from typer.testing import CliRunner

from sparsernn.cli.analyze import Null
from sparsernn.cli.app import app
from sparsernn.topology.motifs import SIGNS
from sparsernn.topology.nullmodels import NULLS


@pytest.fixture
def matrix(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "w.npy", rng.standard_normal((20, 20)) * (rng.random((20, 20)) < 0.25))
    return str(tmp_path / "w.npy")


def call(*words):
    return CliRunner().invoke(app, ["analyze", *words])


def test_json_has_the_keys_that_programs_read(matrix):
    said = json.loads(call(matrix, "--orientation", "target-source", "--nulls", "5", "--json").stdout)
    for key in ("nodes", "edges", "mutual", "eta", "eta_pooled", "clustering", "path_length", "small_world"):
        assert {"value", "null_mean", "null_sd", "z"} <= set(said[key])
    assert list(said["motifs"]) == list(SIGNS)
    assert {"count", "null_mean", "null_sd", "z"} <= set(said["motifs"]["++-"])
    assert set(said["triads"]) == {"030T", "120D", "120U", "120C", "210", "300"}
    loops = said["triads"]["030T"]
    assert loops["balanced"] + loops["unbalanced"] == sum(m["count"] for m in said["motifs"].values())
    assert said["orientation"] == "target-source"
    assert said["null"]["name"] == "signed"
    again = call(matrix, "--orientation", "target-source", "--nulls", "5", "--json").stdout
    assert json.loads(again) == said


def test_the_table_says_what_it_is(matrix, tmp_path):
    done = call(matrix, "--orientation", "source-target", "--nulls", "5", "--out", str(tmp_path / "p.html"))
    assert done.exit_code == 0
    assert "edges are read source → target" in done.stdout
    assert "keeps edges of each sign" in done.stdout
    assert "warning: 300 has" in done.stdout
    assert (tmp_path / "p.html").stat().st_size > 1e6


def test_what_is_wrong_is_said(matrix, tmp_path):
    assert "--orientation source-target" in str(call(matrix).exception)
    assert "must end in .html" in str(call(matrix, "--out", str(tmp_path / "p.pdf")).exception)
    assert "expected COLUMN=VALUE" in str(call(matrix, "--only", "x").exception)
    assert call(matrix, "--nulls", "1").exit_code == 2


def test_the_nulls_are_those_of_the_table():
    assert [str(n) for n in Null] == list(NULLS)
