"""`sparsernn show`: runs and files."""

import json

import numpy as np

from sparsernn.files import safetensors_file
from sparsernn.sparsifiers.base import Clock
from sparsernn.training.run import run
from sparsernn.training.run_spec import read_spec


def test_a_run(cli, finished):
    said = cli("show", finished.directory)
    assert said.code == 0
    assert "finished at update 12" in said.out
    (row,) = [line for line in said.out.splitlines() if "cell0/recurrent" in line]
    assert "1 × 4 × 4" in row
    assert "recurrent" in row
    assert " 12 " in row
    assert "0.75" in row


def test_a_run_as_json(cli, finished):
    said = cli("show", finished.directory, "--json")
    about = json.loads(said.out)
    assert (about["round"], about["outcome"]["name"]) == (1, "finished")
    (matrix,) = [a for a in about["arrays"] if a["name"] == "cell0/recurrent"]
    assert matrix == {
        "name": "cell0/recurrent",
        "shape": [1, 4, 4],
        "dtype": "float32",
        "size": 16,
        "nonzeros": 12,
        "role": "recurrent",
    }
    assert {a["role"] for a in about["arrays"]} == {"", "recurrent"}


def test_a_paused_run_and_one_without_weights(cli, tree, tmp_path):
    record = run(read_spec(tree()), tmp_path / "runs", until=Clock(5, 0, 4, 3))
    said = cli("show", record.directory)
    assert said.code == 0
    assert "paused at update 5" in said.out
    about = json.loads(cli("show", record.directory, "--json").out)
    assert {a["role"] for a in about["arrays"]} == {"recurrent", ""}
    (record.directory / "weights.safetensors").unlink()
    lost = cli("show", record.directory, "--json")
    assert (lost.code, lost.out) == (4, "")
    assert "weights.safetensors is missing" in lost.err


def test_a_weights_file_knows_its_prunable_matrices(cli, finished):
    about = json.loads(cli("show", finished.directory / "weights.safetensors", "--json").out)
    roles = {a["name"]: a.get("role") for a in about["arrays"]}
    assert roles["cell0/recurrent"] == "recurrent"
    assert roles["cell0/bias"] is None


def test_files_of_ours_and_of_anybody(cli, finished, tmp_path):
    said = cli("show", finished.directory / "masks.safetensors")
    assert said.code == 0
    assert "bool" in said.out
    safetensors_file.write(tmp_path / "theirs.safetensors", {"layer.weight": np.eye(3)}, {"made": "elsewhere"})
    about = json.loads(cli("show", tmp_path / "theirs.safetensors", "--json").out)
    assert about["metadata"] == {"made": "elsewhere"}
    assert about["arrays"] == [{"name": "layer.weight", "shape": [3, 3], "dtype": "float64", "size": 9, "nonzeros": 3}]


def test_what_is_neither(cli, tmp_path, finished):
    (tmp_path / "x.safetensors").write_bytes(b"no")
    (tmp_path / "pickle.safetensors").write_bytes(b"\x80\x04\x95" + b"x" * 100)
    truncated = (finished.directory / "weights.safetensors").read_bytes()[:-7]
    (tmp_path / "cut.safetensors").write_bytes(truncated)
    for what in ("missing", "x.safetensors", "pickle.safetensors", "cut.safetensors", "."):
        said = cli("show", tmp_path / what)
        assert said.code == 4, what
        assert said.err.startswith("sparsernn: ")
    assert "is no run directory" in cli("show", tmp_path).err
    assert cli("show").code == 2
