"""`sparsernn report` as its users call it."""

import json
import re

import pytest
from typer.testing import CliRunner

from sparsernn.errors import StoreError
from sparsernn.report.grade_numbers import GRADES


def call(*arguments):
    import typer

    from sparsernn.cli.report import report

    app = typer.Typer()
    app.command()(report)
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def test_a_store_with_everything(pruned_store, tmp_path):
    found = call(
        pruned_store, "--out", tmp_path / "r.html", "--png", tmp_path / "png", "--csv", tmp_path / "csv", "--json"
    )
    assert found.exit_code == 0
    said = json.loads(found.stdout)
    assert said["html"] == str(tmp_path / "r.html")
    assert (tmp_path / "r.html").is_file()
    assert len(said["png"]) == len(list((tmp_path / "png").iterdir())) > 8
    assert len(said["csv"]) == len(list((tmp_path / "csv").iterdir())) == 7
    assert said["verdict"]["grade"] in GRADES
    assert said["verdict"]["reasons"]
    assert [v["name"] for v in said["verdicts"]][:2] == ["dense, seed 0", "geometric, round 1, seed 0"]
    assert all(v["grade"] in GRADES and v["reasons"] for v in said["verdicts"])
    assert said["baselines"] == []
    assert [row["weights left"] for row in said["rows"]] == [64, 32, 32, 16, 16]
    assert said["unfinished"] == []


def test_one_run_goes_into_its_own_directory(pruned, tmp_path):
    directory = pruned.lines[0].trainings[-1].record.directory
    found = call(directory)
    assert found.exit_code == 0
    assert (directory / "report.html").is_file()
    assert str(directory / "report.html") in found.stdout
    assert "geometric" in found.stdout
    (directory / "report.html").unlink()


def test_several_runs_go_beside_them(pruned):
    first, second = (pruned.lines[i].trainings[-1].record.directory for i in (0, 2))
    found = call(first, second)
    page = first.parent / "report.html"
    assert found.exit_code == 0
    assert page.is_file()
    page.unlink()


def test_unfinished_runs_are_no_error(adding_store, tmp_path):
    found = call(adding_store, "--out", tmp_path, "--json")
    assert found.exit_code == 0
    assert (tmp_path / "report.html").is_file()
    assert len(json.loads(found.stdout)["unfinished"]) == 2


def test_what_is_no_run(tmp_path):
    with pytest.raises(StoreError, match="no run directory"):
        call(tmp_path)


def test_several_tasks_have_a_section_each(pruned_store, adding_store, tmp_path):
    found = call(pruned_store, adding_store, "--out", tmp_path / "r.html", "--csv", tmp_path / "csv", "--json")
    assert found.exit_code == 0
    said = json.loads(found.stdout)
    tasks = [entry["task"] for entry in said["tasks"]]
    assert tasks == ["wave.csv", "adding"] or tasks == ["adding", "wave.csv"]
    by_task = {entry["task"]: entry["verdict"] for entry in said["tasks"]}
    assert by_task["adding"]["grade"] is None
    assert by_task["wave.csv"]["grade"] in GRADES
    assert said["verdict"]["grade"] is None
    runs = {row["run"] for row in said["rows"] if row["task"] == "wave.csv"}
    assert runs == {"dense", "geometric", "magnitude"}  # no word of what sets the tasks apart
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {"task0-results", "task1-results", "task0-head"} <= set(ids)
    assert len(list((tmp_path / "csv").glob("adding-summary.csv"))) == 1
    plain = call(pruned_store, adding_store, "--out", tmp_path / "r.html").stdout
    assert re.search(r"^\w+: wave\.csv\. At 16 of 64 weights", plain, re.MULTILINE)
    assert re.search(r"^adding: ", plain, re.MULTILINE)


def test_the_first_line_begins_with_the_grade(pruned_store, adding_store, tmp_path):
    first = call(pruned_store, "--out", tmp_path / "r.html").stdout.splitlines()[0]
    assert first.partition(":")[0].lower() in GRADES
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    word = re.search(r'<div class="verdict"><p><b class="grade (\w+)">(\w+):</b>', page)
    assert word[1] == word[2].lower() == first.partition(":")[0].lower()
    assert call(adding_store, "--out", tmp_path / "a.html").stdout.split(":")[0].lower() not in GRADES


def test_nothing_is_drawn_again_that_has_not_changed(pruned_store, tmp_path):
    """Of one run, whose pictures are few."""
    page, pictures = tmp_path / "r.html", tmp_path / "png"
    one = min(path.parent for path in pruned_store.glob("*/spec.json"))
    call(one, "--out", page, "--png", pictures)
    before = {p: p.stat().st_mtime_ns for p in [page, *pictures.iterdir()]}
    again = call(one, "--out", page, "--png", pictures, "--json")
    assert {p: p.stat().st_mtime_ns for p in [page, *pictures.iterdir()]} == before
    assert len(json.loads(again.stdout)["png"]) == len(before) - 1
    next(pictures.glob("curves*")).unlink()
    call(one, "--out", page, "--png", pictures)
    assert set(before) == {page, *pictures.iterdir()}
    assert page.stat().st_mtime_ns != before[page]
    call(one, "--out", page, "--title", "Another")
    assert "Another" in page.read_text(encoding="utf-8")
    page.write_bytes(page.read_bytes()[:-100])
    call(one, "--out", page, "--title", "Another")
    assert page.read_text(encoding="utf-8").endswith("</html>\n")
