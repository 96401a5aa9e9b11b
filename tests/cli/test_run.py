"""`sparsernn run`: what it prints, where it puts things, and the code it leaves with."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from sparsernn.runs.record import Record
from sparsernn.sparsifiers.base import Clock
from sparsernn.training.run import run as train
from sparsernn.training.run_spec import read_spec


def test_finished_then_at_once(cli, written, tree, tmp_path):
    command = ("run", written(tree()), "--store", tmp_path / "runs")
    said = cli(*command)
    assert said.code == 0
    assert "finished: " in said.out
    assert "reference: mse of persistence" in said.out
    assert "undefined" not in said.out
    assert "training: 12 of 12" in said.err
    again = cli(*command)
    assert again.code == 0
    assert again.out == said.out
    assert "training" not in again.err


def test_json_is_one_document(cli, written, tree, tmp_path):
    said = cli("run", written(tree()), "--store", tmp_path / "runs", "--json")
    assert said.code == 0
    assert said.err == ""
    document = json.loads(said.out)
    assert document["outcome"]["name"] == "finished"
    assert document["round"] == 0
    record = Record(document["directory"])
    assert record.identity == document["identity"]
    entry = next(iter(record.measures().values()))
    assert document["measures"]["score"]["test"] == entry["test"]
    assert document["measures"]["hubs"]["test"]["edges"] == 16


def test_undefined_numbers_in_json_are_null_with_the_reason(cli, written, tree, tmp_path):
    fields = tree(measures=[{"reconstruction": {"starts": 1, "bins": 4}}])
    said = cli("run", written(fields), "--store", tmp_path / "runs", "--json")
    numbers = json.loads(said.out)["measures"]["reconstruction"]["test"]
    assert numbers["d_h"] is None
    assert numbers["d_stsp_sd"] is None
    assert "one value" in numbers["undefined"]["d_stsp_sd"]
    assert np.isfinite(numbers["d_stsp"])


def test_set_changes_the_spec(cli, written, tree, tmp_path):
    spec = written(tree(sparsifier={"static": {"density": 0.5}}))
    one, two = (
        json.loads(cli("run", spec, "--store", tmp_path / "runs", "--json", *more).out)
        for more in ((), ("--set", "sparsifier.density=0.25", "--set", "network.hidden=6"))
    )
    assert one["directory"] != two["directory"]
    assert Record(two["directory"]).masks()["cell0/recurrent"].shape == (1, 6, 6)
    assert Record(two["directory"]).masks()["cell0/recurrent"].sum() == 9


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("task: {reconstruction: {file: x.npy}", "not readable as YAML"),
        ("- 1", "mapping"),
        ("hello", "mapping"),
        ("a: &x 1\nb: *x", "aliases"),
        ("task: 1\ntask: 2", "twice"),
        ("!!python/object/apply:os.system ['true']", "not readable as YAML"),
    ],
)
def test_texts_that_are_no_spec(cli, written, tmp_path, content, said):
    answer = cli("run", written(content), "--store", tmp_path / "runs")
    assert answer.code == 2
    assert said in answer.err
    assert not (tmp_path / "runs").exists()


def test_all_problems_of_a_spec_at_once_with_the_nearest_names(cli, written, tree, tmp_path):
    fields = tree(
        network={"plrn": {"hidden": 4}},
        optimizer={"radam": {"learnin_rate": 0.1}},
        epochs=0.5,
        sparsifier={"static": {"density": 2}},
        forcing={"sparse_identity": {"interval": 0}},
        epocs=3,
    )
    said = cli("run", written(fields), "--store", tmp_path / "runs")
    assert said.code == 2
    for part in (
        'did you mean "plrnn"', 'did you mean "learning_rate"', 'did you mean "epochs"', "density must lie in (0, 1]",
        "interval must be at least 1", "epochs: ",
    ):  # fmt: skip
        assert part in said.err, part
    assert "6 problems" in said.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["epocs=3"], 'did you mean "epochs"'),
        (["epochs"], "--set takes path=value"),
        (["measures.7=score"], "is no index"),
        (["epochs.x=3"], "cannot be set inside"),
        (["sparsifier=static", "sparsifier.density=0"], "density must lie in"),
        (["sparsifier={static: {density: 0.001}}"], "would leave 0 weights"),
        (["network.hidden=1"], "below the 2 observed columns"),
        (["select=accuracy"], "no measure of this run gives"),
        (["rounds={count: 1}"], "must prune by rounds"),
        (["sparsifier={geometric: {}}", "rounds={count: 1}"], "say by what, for instance select"),
        (["measures=[{hubs: {cell: 3}}]"], "cell is 0..0"),
        (["regularizers=[{l1: {where: [readout]}}]"], "names no matrix"),
        (["seed=-1"], "seed must lie in [0, 2^32)"),
    ],
)
def test_specs_that_cannot_be_run(cli, written, tree, tmp_path, changes, said):
    options = [part for change in changes for part in ("--set", change)]
    answer = cli("run", written(tree()), "--store", tmp_path / "runs", *options)
    assert answer.code == 2
    assert said in answer.err
    assert not (tmp_path / "runs").exists(), "nothing is begun"


def test_usage(cli, tmp_path):
    assert cli("run").code == 2
    assert cli("run", "x.yaml", "--stor", "runs").code == 2
    assert cli("rum", "x.yaml").code == 2
    said = cli("run", "--help")
    assert said.code == 0
    assert "--store" in said.out


def bad_series(tmp_path):
    files = {
        "missing.csv": None,
        "empty.csv": "",
        "words.csv": "a,b\n1,2\nx,y\n",
        "one_row.csv": "1,2\n",
        "short.csv": "\n".join(f"{i},{i * i}" for i in range(12)),
        "nan.csv": "\n".join(f"{i},{'nan' if i == 7 else i * i}" for i in range(90)),
        "constant.csv": "\n".join(f"{i},5" for i in range(90)),
    }
    for name, text in files.items():
        if text is not None:
            (tmp_path / name).write_text(text)
        yield tmp_path / name


def test_data_that_cannot_be_read(cli, written, tree, tmp_path):
    for path in bad_series(tmp_path):
        fields = tree(task={"reconstruction": {"file": str(path), "sequence": 6}})
        said = cli("run", written(fields), "--store", tmp_path / "runs")
        assert said.code == 4, (path.name, said.err)
        assert path.name in said.err, said.err
    assert not (tmp_path / "runs").exists()


def test_files_and_stores_that_cannot_be_used(cli, written, tree, tmp_path):
    assert cli("run", tmp_path / "nothing.yaml").code == 4
    assert cli("run", tmp_path).code == 4
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("")
    said = cli("run", written(tree()), "--store", tmp_path / "photos")
    assert said.code == 4
    assert "holds something else" in said.err
    assert cli("run", written(tree()), "--store", tmp_path / "photos" / "a.jpg").code == 4
    record = train(read_spec(tree()), tmp_path / "runs")
    (record.directory / "outcome.json").write_text("{")
    said = cli("run", written(tree()), "--store", tmp_path / "runs")
    assert said.code == 0, "what outcome.json says can be made again"
    assert (record.directory / "outcome.json").read_text() != "{"


def test_divergence_is_3_with_advice(cli, written, tree, tmp_path):
    fields = tree(optimizer={"sgd": {"learning_rate": 1e12}})
    said = cli("run", written(fields), "--store", tmp_path / "runs")
    assert said.code == 3
    assert "diverged at update" in said.err
    assert "Lower the learning rate" in said.err
    document = cli("run", written(fields), "--store", tmp_path / "runs", "--json")
    assert document.code == 3
    assert json.loads(document.out)["outcome"]["name"] == "diverged"


def test_interruption_is_5_and_the_same_command_resumes(cli, written, tree, tmp_path, monkeypatch):
    from sparsernn.training import loop

    real = loop.segment

    def once(trainer, operands, carry, first, last):
        if first == 5:
            monkeypatch.setattr(loop, "segment", real)
            signal.raise_signal(signal.SIGINT)
        return real(trainer, operands, carry, first, last)

    monkeypatch.setattr(loop, "segment", once)
    monkeypatch.setattr(loop, "CALL_SECONDS", 0.0)
    command = ("run", written(tree()), "--store", tmp_path / "runs")
    said = cli(*command)
    assert said.code == 5
    assert "interrupted at update 6" in said.err
    assert cli(*command).code == 0
    resumed, fresh = (train(read_spec(tree()), tmp_path / name) for name in ("runs", "fresh"))
    for name in ("weights.safetensors", "history.csv", "measures.json"):
        assert (resumed.directory / name).read_bytes() == (fresh.directory / name).read_bytes()


def test_a_paused_run_goes_on(cli, written, tree, tmp_path):
    train(read_spec(tree()), tmp_path / "runs", until=Clock(5, 0, 4, 3))
    assert "finished" in cli("run", written(tree()), "--store", tmp_path / "runs").out


def test_as_a_program(written, tmp_path):
    """`python -m sparsernn` is the same command."""
    environ = {**os.environ, "SPARSERNN_CACHE": str(tmp_path / "cache")}
    said = subprocess.run(
        [sys.executable, "-m", "sparsernn", "run", str(written("epochs: [1"))],
        capture_output=True,
        text=True,
        env=environ,
    )
    assert said.returncode == 2
    assert said.stderr.startswith("sparsernn: ")
    assert "Traceback" not in said.stderr


def test_the_data_are_named(cli, written, tree, tmp_path):
    """So that the digits are never taken for MNIST."""
    pytest.importorskip("sklearn")
    digits = tree(task={"sequential_mnist": {"source": "digits"}}, forcing=None, measures=["score"])
    said = cli("run", written(digits), "--store", tmp_path / "runs")
    assert "data: scikit-learn's digits, 8 rows of 8" in said.out
    assert json.loads(cli("run", written(digits), "--store", tmp_path / "runs", "--json").out)["data"].startswith(
        "scikit"
    )
    assert "left, right" in cli("run", written(tree()), "--store", tmp_path / "runs").out
