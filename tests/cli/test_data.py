import hashlib
import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from sparsernn.cli.data import app
from sparsernn.errors import DataError, SpecError
from sparsernn.files import download
from sparsernn.files.datasets import DATASETS, DataSet, RemoteFile

CONTENT = b"hello"
URL = "https://example.org/a.bin"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs `sparsernn data ...` on a machine without data, where the data set "tiny" can be fetched."""
    file = RemoteFile("a.bin", 5, hashlib.sha256(CONTENT).hexdigest(), (URL,))
    monkeypatch.setitem(DATASETS, "tiny", DataSet("one file", "tiny", "a license", "somebody 2020", (file,)))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("SPARSERNN_DATA", raising=False)
    monkeypatch.setattr(download, "_pieces", lambda url, begin=0: iter([(0, CONTENT)] if url == URL else []))

    def invoke(*arguments):
        result = CliRunner().invoke(app, arguments)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    return invoke


def test_list(run):
    text = run("list")
    for name, dataset in DATASETS.items():
        assert name in text
        assert dataset.license[:8] in text


def test_fetch_then_where_then_list(run, tmp_path):
    with pytest.raises(DataError, match="sparsernn data fetch tiny"):
        run("where", "tiny")
    path = tmp_path / "sparsernn" / "tiny" / "a.bin"
    assert json.loads(run("list", "--json"))["tiny"]["folder"] is None
    assert str(path) in run("fetch", "tiny").splitlines()
    assert path.read_bytes() == CONTENT
    assert run("where", "tiny").splitlines() == [str(path)]
    about = json.loads(run("list", "--json"))["tiny"]
    assert about == {
        "about": "one file",
        "license": "a license",
        "citation": "somebody 2020",
        "size": 5,
        "source": "example.org",
        "folder": str(path.parent),
        "checked": True,
        "wrong": [],
    }
    path.write_bytes(b"hallo")
    about = json.loads(run("list", "--json"))["tiny"]
    assert (about["checked"], about["wrong"]) == (False, ["a.bin"])
    run("fetch", "tiny")
    assert path.read_bytes() == CONTENT


def test_json_is_all_that_is_printed(run, tmp_path):
    expected = {"name": "tiny", "files": {"a.bin": str(tmp_path / "sparsernn" / "tiny" / "a.bin")}}
    assert json.loads(run("fetch", "tiny", "--json")) == expected
    assert json.loads(run("where", "tiny", "--json")) == expected


def test_fetch_all_gets_what_can_be_had(run, monkeypatch, tmp_path):
    for name in set(DATASETS) - {"tiny", "mnist"}:
        monkeypatch.delitem(DATASETS, name)
    with pytest.raises(DataError, match=r"1 of 2 data sets could not be had. mnist: train-images.*stopped after 0"):
        run("fetch", "all")
    assert (tmp_path / "sparsernn" / "tiny" / "a.bin").read_bytes() == CONTENT
    monkeypatch.delitem(DATASETS, "mnist")
    assert json.loads(run("fetch", "all", "--json")) == {"sets": {}}, "it is here"
    to = str(tmp_path / "here")
    assert list(json.loads(run("fetch", "all", "--to", to, "--json"))["sets"]) == ["tiny"]


def test_fetch_to_another_directory(run, tmp_path, monkeypatch):
    run("fetch", "tiny", "--to", str(tmp_path / "here"))
    assert (tmp_path / "here" / "tiny" / "a.bin").read_bytes() == CONTENT
    monkeypatch.setenv("SPARSERNN_DATA", str(tmp_path / "here"))
    assert run("where", "tiny").strip() == str(tmp_path / "here" / "tiny" / "a.bin")


def test_unknown_names_are_usage_errors(run):
    for command in ("fetch", "where"):
        with pytest.raises(SpecError, match='did you mean "tiny"'):
            run(command, "tinny")


def test_nothing_heavy_is_imported():
    script = (
        "import sys; from sparsernn.cli.data import app; from typer.testing import CliRunner\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "assert not {'jax', 'numba', 'numpy'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ)
