"""`sparsernn report` as its users call it."""

import json

import pytest
from typer.testing import CliRunner

from sparsernn.errors import StoreError


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
    assert len(said["csv"]) == len(list((tmp_path / "csv").iterdir())) == 6
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
