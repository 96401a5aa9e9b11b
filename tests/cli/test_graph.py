import json

import numpy as np
import pytest
from typer.testing import CliRunner

from sparsernn.cli.app import app
from sparsernn.errors import SpecError, StoreError
from sparsernn.files.graphs.kinds import read_wiring
from sparsernn.topology.generators import GENERATORS
from sparsernn.topology.generators.balanced import Balanced


def call(*words):
    return CliRunner().invoke(app, ["graph", *words])


@pytest.mark.parametrize("name", ["g.npy", "g.csv", "g.graphml"])
def test_the_file_holds_the_graph(tmp_path, name):
    place = tmp_path / name
    words = ("balanced", "--nodes", "60", "--density", "0.08", "--eta", ".8", "--seed", "3", "--out", str(place))
    said = json.loads(call(*words, "--json").stdout)
    signs = Balanced(density=0.08, eta=0.8).generate(60, 3).dense()
    read = read_wiring(place)
    read = read if read.orientation == "source-target" else read.turned()
    found = np.zeros((60, 60))
    found[read.source, read.target] = read.weights
    assert (found == signs).all()
    (about,) = said["graphs"]
    assert about["edges"] == 283
    assert about["eta"] >= 0.8
    assert said["orientation"] == ("source-target" if name == "g.graphml" else "target-source")
    assert call(*words).exit_code == 0, "the same graph again"
    other = call(*words, "--seed", "4").exception
    assert isinstance(other, StoreError)
    assert "holds something else" in str(other)


def test_graphs_along_the_way(tmp_path):
    words = ("balanced", "--nodes", "80", "--measure", "pooled", "--keep", "4", "--out", str(tmp_path / "g.npy"))
    done = call(*words)
    assert done.exit_code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"g-{i}.npy" for i in range(4)]
    assert "rows are targets, columns sources" in done.stdout
    assert isinstance(call(*words).exception, StoreError)


def test_every_generator_is_a_command(tmp_path):
    listed = call("--help").stdout
    for name in GENERATORS:
        assert name in listed
        assert "--density" in call(name, "--help").stdout
        assert call(name, "--nodes", "60", "--out", str(tmp_path / f"{name}.csv")).exit_code == 0
    assert call("blanced", "--nodes", "60").exit_code == 2
    assert call("erdos_renyi", "--nodes", "60", "--keep", "3", "--out", "x.csv").exit_code == 2


def test_what_is_wrong_is_said_in_options(tmp_path):
    said = call("balanced", "--nodes", "9", "--density", "2", "--eta", "1.1", "--out", "x.npy").exception
    assert isinstance(said, SpecError)
    assert said.problems == ["--density must lie in (0, 1], got 2.0", "--eta must lie in [0, 1], got 1.1"]
    assert "--nodes must be" in str(call("balanced", "--nodes", "0", "--out", str(tmp_path / "x.npy")).exception)
    assert 'not written as ".txt"' in str(call("balanced", "--nodes", "9", "--out", "x.txt").exception)
    assert "no folder" in str(call("balanced", "--nodes", "9", "--out", "/no/where.npy").exception)
