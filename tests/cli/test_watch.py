"""`sparsernn watch`: a finished run, epoch by epoch, or a sentence on why not."""

import json

import numpy as np

from sparsernn.runs.record import Record


def test_watched_afterwards_and_shown(cli, written, tree, tmp_path):
    spec, store = written(tree(snapshots=1)), tmp_path / "runs"
    said = cli("run", spec, "--store", store)
    assert "4 snapshots: " in said.out
    (directory,) = [p for p in store.iterdir() if p.is_dir()]
    said = cli("watch", directory, "--measures", "score, {hubs: {nulls: 2}}", "--every", 3, "--json")
    assert said.code == 0
    told = json.loads(said.out)
    assert told["epochs"] == [0, 3]
    assert told["columns"][0] == "score/loss"
    np.testing.assert_array_equal(Record(directory).watched()["hubs/edges"], [16, 16])
    said = cli("watch", directory, "--measures", "score")
    assert "at 4 epochs" in said.out
    page = tmp_path / "page.html"
    assert cli("report", directory, "--out", page).code == 0
    assert "While it learned" in page.read_text()


def test_what_cannot_be_watched_is_said(cli, written, tree, tmp_path):
    cli("run", written(tree()), "--store", tmp_path / "runs")
    (directory,) = [p for p in (tmp_path / "runs").iterdir() if p.is_dir()]
    said = cli("watch", directory, "--measures", "score")
    assert said.code == 4
    assert "kept no snapshots" in said.err
    assert "snapshots: 10" in said.err
    for more in (("--every", 1), ()):  # not advised to be put into a spec
        said = cli("watch", directory, "--measures", "scor", *more)
        assert said.code == 2
        assert 'did you mean "score"' in said.err
