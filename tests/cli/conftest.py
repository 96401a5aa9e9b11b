"""The command line in this process: what it prints and the code it leaves with."""

import sys
from typing import NamedTuple

import numpy as np
import pytest
import yaml

from sparsernn.cli import main


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def cli(capsys, monkeypatch, tmp_path):
    """``cli("run", "spec.yaml")``; no user error may end in a traceback."""
    monkeypatch.setenv("SPARSERNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["sparsernn", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        code = left.value.code
        return Said(0 if code is None else code, out, err)

    return call


@pytest.fixture(scope="session")
def series(tmp_path_factory):
    time = np.arange(240) * 0.3
    path = tmp_path_factory.mktemp("series") / "waves.csv"
    rows = np.stack([3 + 2 * np.sin(time), 10 * np.cos(1.3 * time)], axis=1)
    np.savetxt(path, rows, delimiter=",", header="left,right", comments="")
    return path


@pytest.fixture(scope="session")
def tree(series):
    """A run of 12 updates in plain form; fields may be changed."""

    def make(**fields):
        return {
            "task": {"reconstruction": {"file": str(series), "sequence": 6, "dt": 0.3}},
            "network": {"plrnn": {"hidden": 4}},
            "forcing": {"sparse_identity": {"interval": 3}},
            "epochs": 3,
            "updates_per_epoch": 4,
            "batch": 2,
            "measures": ["score", {"hubs": {"nulls": 2}}],
        } | fields

    return make


@pytest.fixture
def written(tmp_path):
    """Writes a plain spec, or text, to a file and gives its path."""

    def write(value, name="spec.yaml"):
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else yaml.safe_dump(value))
        return path

    return write


@pytest.fixture(scope="session")
def finished(tree, tmp_path_factory):
    """A finished run with one round of magnitude pruning; not to be changed."""
    from sparsernn.training.run import run
    from sparsernn.training.run_spec import read_spec

    fields = {"sparsifier": {"magnitude": {"drop_fraction": 0.25}}, "rounds": {"count": 1}}
    return run(read_spec(tree(**fields)), tmp_path_factory.mktemp("finished") / "runs")
