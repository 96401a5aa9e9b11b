"""`sparsernn forecast`, and runs that stand alone: `show`, `generate`, `forecast`, `compare` without the recording."""

import json
import shutil

import numpy as np
import pytest

from sparsernn.files.series import read_series
from sparsernn.runs.record import Record
from sparsernn.training.run import run
from sparsernn.training.run_spec import read_spec


@pytest.fixture
def alone(tree, series, tmp_path):
    """``alone(**task)``: a run that was trained on a copy of the recording, and the copy."""

    def make(**task):
        copy = tmp_path / "waves.csv"
        shutil.copy(series, copy)
        fields = {"file": str(copy), "sequence": 6, "dt": 0.3} | task
        measures = [{"reconstruction": {"starts": 2}}]
        return run(read_spec(tree(task={"reconstruction": fields}, measures=measures)), tmp_path / "runs"), copy

    return make


def test_a_forecast_goes_on_from_the_last_rows(cli, alone, series, tmp_path):
    record, _ = alone()
    said = cli("forecast", record.directory, "--history", series, "--steps", 9, "--out", tmp_path / "f.csv", "--json")
    assert said.code == 0, said
    about = json.loads(said.out)
    assert (about["shape"], about["columns"], about["dt"]) == ([9, 2], ["left", "right"], 0.3)
    found = read_series(tmp_path / "f.csv")
    assert (found.names, found.dt) == (("left", "right"), 0.3)
    # columns by name, wherever they stand, and others beside them
    rows = np.loadtxt(series, delimiter=",", skiprows=1)
    other = tmp_path / "other.csv"
    mixed = np.column_stack([rows[:, 1], np.sin(np.arange(len(rows)) ** 2), rows[:, 0]])
    np.savetxt(other, mixed, delimiter=",", header="right,more,left", comments="")
    assert cli("forecast", record.directory, "--history", other, "--steps", 9, "--out", tmp_path / "g.csv").code == 0
    np.testing.assert_array_equal(read_series(tmp_path / "g.csv").values, found.values)
    for out in ("f.npy", "f.npz"):
        assert cli("forecast", record.directory, "--history", series, "--steps", 9, "--out", tmp_path / out).code == 0
        np.testing.assert_array_equal(read_series(tmp_path / out).values, found.values, "exactly, in any format")


def test_what_cannot_be_forecast(cli, alone, series, tmp_path):
    record, copy = alone(smooth=2.0)
    few = tmp_path / "few.csv"
    few.write_text("\n".join(copy.read_text().splitlines()[:6]) + "\n")
    wide = tmp_path / "wide.npy"
    np.save(wide, np.random.default_rng(0).normal(size=(100, 3)))
    for code, said, history, out in [
        (4, "needs the last 9 rows", few, "f.csv"),
        (2, "has 3", wide, "f.csv"),
        (4, "nowhere.csv", tmp_path / "nowhere.csv", "f.csv"),
        (2, "must end in .npy or .csv", series, "f.txt"),
        (2, "is the history itself", series, series),
        (2, "is the recording itself", series, copy),
    ]:
        answer = cli("forecast", record.directory, "--history", history, "--steps", 5, "--out", tmp_path / out)
        assert answer.code == code, answer
        assert any(word in answer.err for word in said.split("|")), answer
    assert not (tmp_path / "f.csv").exists()


@pytest.mark.parametrize("what", ["gone", "changed", "moved"])
def test_a_run_stands_alone(cli, alone, tmp_path, what):
    record, copy = alone(smooth=1.5, every=2)
    directory = record.directory
    shown = json.loads(cli("show", directory, "--json").out)
    cli("generate", directory, "--steps", 20, "--out", tmp_path / "before.npy")
    compared = json.loads(cli("compare", directory, "--json").out)
    if what == "gone":
        copy.unlink()
    elif what == "changed":
        copy.write_text("left,right\n" + "".join(f"{i % 7},{i % 5}\n" for i in range(400)))
    else:
        shutil.move(tmp_path / "runs", tmp_path / "else")
        copy.unlink()
        directory = tmp_path / "else" / directory.name
    said = cli("generate", directory, "--steps", 20, "--out", tmp_path / "after.npy")
    assert said.code == 0, said
    np.testing.assert_array_equal(np.load(tmp_path / "after.npy"), np.load(tmp_path / "before.npy"))
    assert ("has changed since this run was trained" in said.err) == (what == "changed")
    again = json.loads(cli("show", directory, "--json").out)
    assert bool(again["data"].pop("changed")) == (what == "changed")
    shown["data"].pop("changed")
    assert again == shown
    told = cli("show", directory).out
    assert "smoothed by a Gaussian of 1.5 rows = 0.45 (sd); one row of 2 kept: dt 0.6" in told.replace("\n", " ")
    found = json.loads(cli("compare", directory, "--json").out)
    assert {k: found[k] for k in ("d_stsp", "d_h", "floor")} == {k: compared[k] for k in ("d_stsp", "d_h", "floor")}
    assert bool(found.get("notes")) == (what == "changed")


def test_like_is_compared_with_like(cli, alone, tmp_path, monkeypatch):
    """What a run generates is not held against the recording that it was not trained on as it stands."""
    monkeypatch.chdir(tmp_path)
    record, copy = alone(smooth=1.5, every=2)
    said = cli("generate", record.directory, "--steps", 60, "--out", tmp_path / "run.csv")
    assert "every" in said.out or "one row of 2 kept" in said.out
    assert f"next: sparsernn compare {record.directory} {tmp_path / 'run.csv'}" in said.out.replace("\n", "")
    refused = cli("compare", copy, tmp_path / "run.csv")
    assert refused.code == 2
    assert "smoothed (smooth 1.5), rows left out (every 2)" in refused.err
    command = refused.err.split("sparsernn compare ")[1].split()
    works = cli("compare", *command, "--json")
    assert works.code == 0, (command, works)
    assert json.loads(works.out)["rows"]["generated"] == 60
    # the recording itself, unprepared, against the run; two runs prepared in two ways; numbers in sd
    assert "not alike" in cli("compare", record.directory, copy).err
    other, _ = alone(smooth=3.0, every=2)
    unlike = cli("compare", other.directory, tmp_path / "run.csv")
    assert (unlike.code, "smooth 3" in unlike.err or "smooth 1.5" in unlike.err) == (2, True)
    cli("generate", record.directory, "--steps", 60, "--out", tmp_path / "sd.csv", "--standardized")
    assert "standard deviations" in cli("compare", record.directory, tmp_path / "sd.csv").err
    # a run whose data were taken as they are may be held against them
    plain, _ = alone()
    cli("generate", plain.directory, "--steps", 60, "--out", tmp_path / "plain.csv")
    assert cli("compare", copy, tmp_path / "plain.csv", "--dt", 0.3).code == 0


def test_a_perfect_run_of_prepared_data_scores_zero(cli, alone, tmp_path):
    """The run's own test stretch, written by any program, is what `compare RUN` holds it against."""
    record, _ = alone(smooth=1.5, every=2)
    from sparsernn.studies.free_run import test_stretch

    made = test_stretch(Record(record.directory))
    np.savetxt(tmp_path / "perfect.csv", made.values, delimiter=",", header="left,right", comments="")
    found = json.loads(cli("compare", record.directory, tmp_path / "perfect.csv", "--json").out)
    assert found["d_stsp"] == pytest.approx(0, abs=1e-9)
    swapped = tmp_path / "swapped.csv"
    np.savetxt(swapped, made.values[:, ::-1], delimiter=",", header="right,left", comments="")
    again = json.loads(cli("compare", record.directory, swapped, "--json").out)
    assert again["d_stsp"] == pytest.approx(0, abs=1e-9), "columns are matched by name"


def test_reading_options_reach_compare(cli, tmp_path):
    rng = np.random.default_rng(0)
    x = np.column_stack([np.sin(np.arange(2000) * 0.3), np.cos(np.arange(2000) * 0.21)]) + 0.05 * rng.normal(
        size=(2000, 2)
    )
    np.savez(tmp_path / "two.npz", train=x, test=x[::-1])
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "t.npy", x.T)
    np.savetxt(tmp_path / "x.csv", x, delimiter=";", header="a;b", comments="", fmt="%.17g")
    (tmp_path / "x.csv").write_text((tmp_path / "x.csv").read_text().replace(".", ","))
    assert "--variable" in cli("compare", "--help").out
    for arguments in (
        ["two.npz", "x.npy", "--variable", "train"],
        ["x.npy", "two.npz", "--variable", "train"],
        ["t.npy", "t.npy", "--transpose"],
        ["x.csv", "x.csv", "--decimal", ","],
        ["x.npy", "x.npy", "--columns", "1"],
    ):
        said = cli("compare", *(tmp_path / a if "." in a and a != "," else a for a in arguments), "--json")
        assert said.code == 0, (arguments, said)
        assert json.loads(said.out)["d_stsp"] == pytest.approx(0, abs=1e-9)
    assert cli("compare", tmp_path / "x.npy", tmp_path / "x.npy", "--variable", "train").code == 2
    alone = cli("compare", tmp_path / "x.npy")
    assert (alone.code, "compared with what" in alone.err) == (2, True)


def test_a_forecast_never_begins_at_a_fill_value(cli, alone, tmp_path):
    record, copy = alone()
    names, *lines = copy.read_text().splitlines()
    last = lines[-1].split(",")
    for value, code in (("-9999", 4), ("9.97e36", 4), (last[1], 0)):
        (tmp_path / "h.csv").write_text("\n".join([names, *lines[:-1], ",".join([last[0], value, *last[2:]])]) + "\n")
        out = tmp_path / "ahead.csv"
        said = cli("forecast", record.directory, "--history", tmp_path / "h.csv", "--steps", 5, "--out", out)
        assert said.code == code, said
        assert out.exists() == (code == 0)
        assert code == 0 or "h.csv: its last row" in said.err
