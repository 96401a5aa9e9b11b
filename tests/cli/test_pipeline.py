"""A page after every stage; the same command again; another recording in a used place; nothing left by what fails."""

import json
import re

import numpy as np
import pytest

from sparsernn.cli import pipeline
from sparsernn.report import write
from sparsernn.report.grade_numbers import GRADES
from sparsernn.tasks import recording

SMALL = ("--sequence", 6, "--hidden", 5, "--epochs", 2, "--starts", 2, "--interval", 3, "--criterion", "magnitude")


@pytest.fixture
def watched(monkeypatch):
    """What the page said after every stage."""
    pages = []
    usual = pipeline.Pages.at_stage

    def at_stage(self, number, record):
        usual(self, number, record)
        page = self.out / "report.html"
        text = page.read_text(encoding="utf-8") if page.is_file() else ""
        found = re.search(r'<p class="so-far">([^<]*)</p>', text)
        pages.append((record.round, found[1] if found else "", "figure-baselines" in text or "baselines" in text))

    monkeypatch.setattr(pipeline.Pages, "at_stage", at_stage)
    return pages


@pytest.fixture
def without_pictures(monkeypatch):
    """Pictures as files take most of the time of these small runs; `test_reconstruct` has them drawn."""

    def named(pictures, folder, progress):
        folder.mkdir(exist_ok=True)
        places = [folder / f"{name}.png" for name, panel in pictures if panel.picture is not None]
        for place in places:
            place.write_bytes(b"a picture")
        return places

    monkeypatch.setattr(write, "_write_pictures", named)


def test_the_page_is_there_after_the_first_training(cli, series, tmp_path, watched, without_pictures):
    out = tmp_path / "out"
    command = ("reconstruct", series, "--out", out, *SMALL, "--dt", 0.3)
    said = cli(*command)
    assert said.code == 0, said.err
    rounds, words, _ = zip(*watched, strict=True)
    assert rounds == (0, 1, 2)
    assert words[0].startswith("So far: round 0 of 2 (magnitude, seed 0). Still running or to come: round 1 of 2")
    assert words[1].startswith("So far: round 1 of 2")
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'class="so-far"' not in page  # the one at the end
    assert 'class="grade ' in page
    assert "echo state network" in page
    # the verdict leads what is printed at the end
    graded = [line for line in said.out.splitlines() if line.partition(":")[0].lower() in GRADES]
    assert len(graded) == 1

    before = {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file() and "runs" not in p.parts}
    again = cli(*command)
    assert (again.code, again.out) == (0, said.out.partition("\n")[2]), "all but what is to be expected"
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file() and "runs" not in p.parts} == before
    (out / "tables" / "summary.csv").unlink()
    (out / "weights" / sorted(p.name for p in (out / "weights").iterdir())[0]).unlink()
    assert cli(*command).code == 0
    assert {p for p in out.rglob("*") if p.is_file() and "runs" not in p.parts} == set(before)


def test_json_has_verdict_and_baselines(cli, series, tmp_path, without_pictures):
    said = json.loads(cli("reconstruct", series, "--out", tmp_path / "out", *SMALL, "--density", 1, "--json").out)
    assert said["verdict"]["grade"] in GRADES
    assert said["verdict"]["reasons"]
    assert [v["name"] for v in said["verdicts"]] == ["dense, seed 0"]
    names = {b["name"] for b in said["baselines"]}
    assert names == {"mean", "persistence", "linear", "echo_state", "next_generation"}
    for entry in said["baselines"]:
        assert {"d_stsp", "d_h", "prediction_error", "parameters", "seconds", "error_at"} <= set(entry)


def test_another_recording_in_a_used_place_is_refused(cli, series, tmp_path, without_pictures):
    out = tmp_path / "out"
    small = (*SMALL, "--density", 1)
    assert cli("reconstruct", series, "--out", out, *small).code == 0
    page = (out / "report.html").read_bytes()
    other = tmp_path / "other.npy"
    np.save(other, np.random.default_rng(0).normal(size=(240, 2)).cumsum(axis=0))
    answer = cli("reconstruct", other, "--out", out, *small)
    assert answer.code == 4
    assert "another recording" in answer.err
    assert "waves.csv" in answer.err
    assert "other.npy" in answer.err
    assert "--out" in answer.err
    assert (out / "report.html").read_bytes() == page
    # the same recording prepared otherwise, and the same at another place
    assert cli("reconstruct", series, "--out", out, *small, "--smooth", 1).code == 0
    moved = tmp_path / "moved.csv"
    moved.write_bytes(series.read_bytes())
    assert cli("reconstruct", moved, "--out", out, *small).code == 0
    # other rows under the same name
    own = tmp_path / "own"
    assert cli("reconstruct", moved, "--out", own, *small).code == 0
    rows = np.loadtxt(moved, delimiter=",", skiprows=1)
    rows[7, 0] += 0.5
    np.savetxt(moved, rows, delimiter=",", header="left,right", comments="")
    for cached in (recording.load, recording._read):  # as in another process
        cached.cache_clear()
    answer = cli("reconstruct", moved, "--out", own, *small)
    assert answer.code == 4
    assert "changed since" in answer.err


def test_what_fails_leaves_no_directory(cli, series, tmp_path, monkeypatch):
    from sparsernn.errors import SpecError
    from sparsernn.training import side_by_side

    deep = tmp_path / "a" / "b"
    assert cli("reconstruct", series, "--out", deep, *SMALL, "--density", 0.01).code == 2
    assert not (tmp_path / "a").exists()

    def fails(*_):
        raise SpecError("it does not go")

    monkeypatch.setattr(side_by_side, "run_all", fails)
    assert cli("reconstruct", series, "--out", deep, *SMALL).code == 2
    assert not (tmp_path / "a").exists()
    empty = tmp_path / "empty"
    empty.mkdir()
    assert cli("reconstruct", series, "--out", empty, *SMALL).code == 2
    assert list(empty.iterdir()) == []  # it was there before


def test_run_names_the_next_command(cli, tree, written, tmp_path):
    said = cli("run", written(tree()), "--store", tmp_path / "my runs")
    directory = next(p for p in (tmp_path / "my runs").iterdir() if p.is_dir())
    assert f"next: sparsernn report '{directory}'" in said.out
    assert f"sparsernn generate '{directory}' --steps 10000 --out free-run.npy" in said.out
    assert cli("report", directory).code == 0
