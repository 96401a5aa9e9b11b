"""`sparsernn generate`: the trained network on its own."""

import json
import shlex
import shutil

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.training.run import run
from sparsernn.training.run_spec import read_spec


def test_values_are_a_free_run_in_the_units_of_the_file(cli, finished, tmp_path):
    said = cli("generate", finished.directory, "--steps", 30, "--out", tmp_path / "x.npy", "--start", 4)
    assert said.code == 0
    assert "30 steps of left, right" in said.out
    values = np.load(tmp_path / "x.npy", allow_pickle=False)
    spec = read_spec(finished.spec)
    recording = spec.task.load()
    weights = jax.tree.map(jnp.asarray, finished.weights())
    state = spec.network.first_states(weights, jnp.asarray(recording.test[4], jnp.float32))
    expected = []
    for _ in range(30):
        state = spec.network.step(weights, state, None)
        expected.append(np.asarray(spec.network.read(weights, state[0])) * recording.scale + recording.mean)
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-4)
    assert abs(values[:, 0].mean() - 3) < 3, "left is around 3 in the file"

    cli("generate", finished.directory, "--steps", 30, "--out", tmp_path / "z.npy", "--start", 4, "--standardized")
    standardized = np.load(tmp_path / "z.npy")
    np.testing.assert_allclose(standardized * recording.scale + recording.mean, values, rtol=1e-5, atol=1e-6)


def test_csv_has_the_names_of_the_columns(cli, finished, tmp_path):
    said = cli("generate", finished.directory, "--steps", 7, "--out", tmp_path / "x.csv", "--json")
    about = json.loads(said.out)
    assert about["shape"] == [7, 2]
    assert about["columns"] == ["left", "right"]
    assert about["dt"] == 0.3
    assert about["finite"] is True
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "left,right"
    assert np.loadtxt(lines[1:], delimiter=",").shape == (7, 2)
    cli("generate", finished.directory, "--steps", 7, "--out", tmp_path / "x.npy")
    np.testing.assert_allclose(np.loadtxt(lines[1:], delimiter=","), np.load(tmp_path / "x.npy"), rtol=1e-6)


def test_float64_runs_stay_float64(cli, tree, tmp_path):
    """In single precision the same run would differ after the seventh digit."""
    record = run(read_spec(tree(precision="float64")), tmp_path / "runs")
    cli("generate", record.directory, "--steps", 5, "--out", tmp_path / "x.npy", "--standardized")
    spec = read_spec(record.spec)
    with jax.enable_x64(True):
        weights = jax.tree.map(jnp.asarray, record.weights())
        state = spec.network.first_states(weights, jnp.asarray(spec.task.load().test[0]))
        expected = np.asarray(spec.network.run(weights, state, 5).outputs)
    np.testing.assert_allclose(np.load(tmp_path / "x.npy"), expected, rtol=1e-12)


def test_what_cannot_be_generated(cli, finished, tree, tmp_path):
    run_directory = finished.directory
    for code, said, *arguments in [
        (2, "must end in .npy or .csv", run_directory, "--steps", 5, "--out", tmp_path / "x.mat"),
        (2, "the test stretch has", run_directory, "--steps", 5, "--out", tmp_path / "x.npy", "--start", 10**6),
        (2, "", run_directory, "--steps", 0, "--out", tmp_path / "x.npy"),
        (2, "", run_directory, "--out", tmp_path / "x.npy"),
        (2, "", run_directory, "--steps", "many", "--out", tmp_path / "x.npy"),
        (2, "whose files it might replace", run_directory, "--steps", 5, "--out", run_directory / "history.csv"),
        (4, "is no run directory", tmp_path, "--steps", 5, "--out", tmp_path / "x.npy"),
        (4, "cannot be written", run_directory, "--steps", 5, "--out", tmp_path / "no" / "x.npy"),
    ]:
        answer = cli("generate", *arguments)
        assert answer.code == code, answer
        assert said in answer.err
    fields = tree(task={"adding": {"length": 4, "held_out": 5}}, forcing=None, network={"rnn": {"hidden": 3}})
    adding = run(read_spec(fields), tmp_path / "runs")
    answer = cli("generate", adding.directory, "--steps", 5, "--out", tmp_path / "x.npy")
    assert answer.code == 2
    assert "only a reconstructed system runs freely" in answer.err
    assert not list(tmp_path.glob("x.*"))


def test_the_next_command_can_be_copied(cli, finished, tmp_path):
    place = tmp_path / "my runs" / "a"
    shutil.copytree(finished.directory, place)
    said = cli("generate", place, "--steps", 50, "--out", tmp_path / "my run.csv")
    (line,) = [line for line in said.out.splitlines() if line.startswith("next: sparsernn ")]
    assert cli(*shlex.split(line)[2:]).code == 0
