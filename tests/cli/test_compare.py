import json
import os

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from sparsernn.cli.compare import compare
from sparsernn.dynamics.dstsp import comparison
from sparsernn.errors import DataError, SpecError

app = typer.Typer()
app.command()(compare)


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def series(tmp_path):
    """Two noisy limit cycles of 3,000 rows and their files."""
    t = np.arange(3_000)
    arrays = []
    for seed in (0, 1):
        noise = np.random.default_rng(seed).standard_normal((3_000, 2))
        arrays.append(np.stack([np.sin(t / 7 + seed), np.cos(t / 7 + seed)], 1) + 0.1 * noise)
        np.save(tmp_path / f"{seed}.npy", arrays[-1])
    return arrays, tmp_path / "0.npy", tmp_path / "1.npy"


def test_a_file_against_itself_is_zero(series):
    _, a, _ = series
    out = json.loads(run(a, a, "--json").stdout)
    assert (out["d_stsp"], out["d_h"], out["d_h_per_dimension"], out["inside_fraction"]) == (0, 0, [0, 0], 1)
    assert 0 < out["floor"]["d_stsp"] < out["ceiling"]["d_stsp"]


def test_json_is_the_librarys_result(series):
    (x, y), a, b = series
    out = json.loads(run(a, b, "--json", "--dt", 0.5).stdout)
    assert out == json.loads(json.dumps(comparison.compare(x, y, dt=0.5).to_dict()))
    assert {"d_stsp", "d_h", "d_h_per_dimension", "definition", "inside_fraction", "floor", "ceiling"} <= set(out)


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["--bins", "12", "--box", "legacy"], {"bins": 12, "box": "legacy"}),
        (["--estimator", "gmm", "--variance", "0.4"], {"estimator": "gmm", "variance": 0.4}),
        (["--preset", "hemmer2024", "--padding", "reflect"], {"preset": "hemmer2024", "padding": "reflect"}),
    ],
)
def test_options_reach_the_measure(series, arguments, settings):
    (x, y), a, b = series
    out = json.loads(run(a, b, "--json", *arguments).stdout)
    assert out == json.loads(json.dumps(comparison.compare(x, y, **settings).to_dict()))
    assert out["d_stsp"] != comparison.compare(x, y).d_stsp


def test_second_true_series_gives_the_floor(series):
    _, a, b = series
    out = json.loads(run(a, b, "--json", "--second", b).stdout)
    assert out["floor"]["d_stsp"] == out["d_stsp"]


def test_columns_of_both_files(series, tmp_path):
    (x, y), a, b = series
    np.savetxt(tmp_path / "b.csv", np.column_stack([y, np.zeros(3_000)]), delimiter=",", header="p,q,r", comments="")
    out = json.loads(run(a, b, "--json", "--columns", "1").stdout)
    assert out["d_stsp"] == comparison.compare(x[:, 1:], y[:, 1:]).d_stsp
    with pytest.raises(DataError, match="same columns of both"):
        CliRunner().invoke(app, [str(a), str(tmp_path / "b.csv")], catch_exceptions=False)


@pytest.mark.parametrize("lost", [0.0, np.nan, np.inf])
def test_collapsed_and_escaped_files_are_judged_not_refused(series, tmp_path, lost):
    (_, y), a, _ = series
    gone = y.copy()
    gone[:] = lost
    np.save(tmp_path / "gone.npy", gone)
    result = run(a, tmp_path / "gone.npy", "--json")
    assert result.exit_code == 0
    out = json.loads(result.stdout)
    assert out["d_h"] is None
    assert out["undefined"]["d_h"]
    assert out["d_stsp"] > 0.9 * out["ceiling"]["d_stsp"]


def test_table_shows_value_floor_ceiling_and_definition(series):
    (x, y), a, b = series
    result = run(a, b)
    assert result.exit_code == 0
    found = comparison.compare(x, y)
    for value in (found.d_stsp, found.floor.d_stsp, found.ceiling.d_stsp, found.d_h, found.floor.d_h):
        assert f"{value:.3g}" in result.stdout
    assert found.definition.describe() in result.stdout
    assert "two stretches of the reference" in result.stdout


def test_errors_are_the_librarys(series, tmp_path):
    (x, _), a, b = series
    with pytest.raises(SpecError, match='did you mean "hemmer2024"'):
        CliRunner().invoke(app, [str(a), str(b), "--preset", "hemmer24"], catch_exceptions=False)
    with pytest.raises(DataError):
        CliRunner().invoke(app, [str(a), str(tmp_path / "none.npy")], catch_exceptions=False)
    x[7, 0] = np.nan
    np.save(tmp_path / "hole.npy", x)
    with pytest.raises(DataError, match="row 7"):
        CliRunner().invoke(app, [str(tmp_path / "hole.npy"), str(b)], catch_exceptions=False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_a_pipe_is_refused_and_not_waited_for(series, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for pair in ((series[1], tmp_path / "pipe.csv"), (tmp_path / "pipe.csv", series[1])):
        assert "pipe.csv is no ordinary file" in str(run(*pair).exception)
