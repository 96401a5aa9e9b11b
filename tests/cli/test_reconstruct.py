"""`sparsernn reconstruct` from a file to a report, small."""

import json

import numpy as np
import pytest

from sparsernn.files.safetensors_file import read

SMALL = ("--sequence", 6, "--hidden", 5, "--epochs", 2, "--starts", 2, "--interval", 3)


def test_from_a_file_to_a_report_and_again_at_once(cli, series, tmp_path):
    out = tmp_path / "out"
    criteria = ("--criterion", "geometric", "--criterion", "magnitude")
    command = ("reconstruct", series, "--out", out, *SMALL, *criteria, "--dt", 0.3)
    said = cli(*command)
    assert said.code == 0, said.err
    assert said.out.count("left, right; rows to train, validate, test: 144, 48, 48") == 1
    assert "round 2 of 2: importance of cell0/recurrent" in said.err
    for path in ("report.html", "figures/curves.png", "tables/summary.csv"):
        assert (out / path).stat().st_size > 0
    masks = [read(path)[0]["cell0/recurrent"] for path in (out / "weights").glob("*-masks.safetensors")]
    assert [int(mask.sum()) for mask in masks] == [6, 6], "a quarter of 25 weights is 6.25"
    again = cli(*command)
    assert again.code == 0
    assert "training" not in again.err
    expected, _, rest = said.out.partition("\n")
    assert "minute" in expected
    assert again.out == rest


def test_json_is_one_document(cli, series, tmp_path):
    said = cli("reconstruct", series, "--out", tmp_path / "out", *SMALL, "--density", 1, "--json")
    assert (said.code, said.err) == (0, "")
    document = json.loads(said.out)
    assert document["rows"][0]["weights left"] == 25
    assert any("nearly blind" in note for note in document["notes"])
    assert document["verdict"]["grade"] in ("excellent", "good", "partial", "failed", "undecidable")
    assert {b["name"] for b in document["baselines"]} >= {"mean", "persistence", "linear"}


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.write_text(""), "is empty"),
        (lambda path: path.write_text("a,b\n1,2\nx,3\n"), 'line 3, column "a": "x" is no number'),
        (lambda path: path.write_text("1,2\n3\n"), "line 2: 1 cells where"),
        (lambda path: path.write_text("1,2\n"), "at least two rows"),
        (lambda path: path.write_text("a,b\n" + "1,2\nnan,3\n" * 9), "not finite, the first in row 1"),
        (lambda path: path.write_text("a,b\n" + "1,2\n1,3\n" * 200), 'constant column(s): "a"'),
        (lambda path: np.savetxt(path, np.random.default_rng(0).normal(size=(50, 2)), delimiter=","), "fewer than one"),
    ],
)
def test_data_that_cannot_be_used(cli, tmp_path, write, said):
    path = tmp_path / "data.csv"
    write(path)
    answer = cli("reconstruct", path, "--out", tmp_path / "out")
    assert answer.code == 4
    assert said in answer.err
    assert str(path) in answer.err


@pytest.mark.parametrize("name", ["gaps.csv", "noise.csv", "out/rows.csv"])
def test_a_file_called_as_an_option_keeps_its_name(cli, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / name).write_text("a,b\n" + "1,2\nnan,3\n" * 9)
    answer = cli("reconstruct", name, "--out", "made")
    assert answer.code == 4
    assert answer.err.startswith(f"sparsernn: {name}: 9 values")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--hidden", 1), "--hidden 1 is below the 2 observed columns"),
        (("--density", 0), "--density must lie in (0, 1]"),
        (("--density", 0.01, "--hidden", 5), "would leave 0 weights"),
        (("--columns", "left,up"), 'no column "up"'),
        (("--split", "1,2"), "--split takes three shares"),
        (("--lags", "auto"), "delay embedding takes one column"),
    ],
)
def test_wishes_that_cannot_be(cli, series, tmp_path, more, said):
    options = {"--sequence": 6, "--epochs": 2} | dict(zip(more[::2], more[1::2], strict=True))
    answer = cli("reconstruct", series, "--out", tmp_path / "out", *(word for pair in options.items() for word in pair))
    assert answer.code == 2
    assert said in answer.err


@pytest.mark.parametrize("place", ["report.html", "tables/trainings.csv", "runs/thesis.txt"])
def test_an_output_directory_that_holds_something_else(cli, series, tmp_path, place):
    dear = tmp_path / "out" / place
    dear.parent.mkdir(parents=True)
    dear.write_text("dear")
    for command in (("reconstruct", series, *SMALL), ("demo", "--short")):
        answer = cli(*command, "--out", tmp_path / "out")
        assert answer.code == 4
        assert "holds something else" in answer.err
    assert dear.read_text() == "dear"
    assert [p for p in (tmp_path / "out").rglob("*") if p.is_file()] == [dear]


@pytest.mark.parametrize("scale", [1e308, 1e-310])
def test_values_that_cannot_be_standardized(cli, series, tmp_path, scale):
    path = tmp_path / "extreme.npy"
    np.save(path, np.loadtxt(series, delimiter=",", skiprows=1) / 13 * scale)
    answer = cli("reconstruct", path, "--out", tmp_path / "out", *SMALL)
    assert answer.code == 4
    assert "rescale the column" in answer.err


def test_a_column_that_stands_still_in_the_test_stretch_is_found_before_training(cli, series, tmp_path):
    values = np.loadtxt(series, delimiter=",", skiprows=1)
    values[-48:, 0] = 1.0
    np.save(tmp_path / "late.npy", values)
    answer = cli("reconstruct", tmp_path / "late.npy", "--out", tmp_path / "out", *SMALL)
    assert answer.code == 4
    assert "column x0 is constant over the test stretch" in answer.err
    assert not list(tmp_path.glob("out/runs/*/history.csv"))


def test_a_series_too_short_is_refused_with_the_option_that_reads_it(cli, tmp_path):
    np.savetxt(tmp_path / "few.csv", np.sin(0.3 * np.arange(60)))
    said = cli("reconstruct", tmp_path / "few.csv", "--out", tmp_path / "out")
    assert said.code == 4
    assert "--sequence 5 reads it" in said.err
    assert "sparsernn look" in said.err
    assert not (tmp_path / "out").exists()
