import json

import numpy as np
import pytest

t = np.arange(3000)
circle = np.stack([np.sin(0.05 * t), np.cos(0.05 * t)], 1)


@pytest.fixture
def recording(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def put(values, name="x.npy"):
        np.save(tmp_path / name, values)
        return name

    return put


def test_json_is_one_document(cli, recording):
    said = cli("look", recording(circle), "--json", "--dt", "0.5")
    assert said.code == 0
    found = json.loads(said.out)
    assert {"rows", "columns", "dt", "dt_source", "period", "noise", "warnings"} <= set(found)
    assert found["command"] == "sparsernn reconstruct x.npy --dt 0.5 --out my-run"


def test_the_table_fits_eighty_columns_and_ends_with_the_command(cli, recording):
    said = cli("look", recording(circle + 0.002 * t[:, None], "a file with spaces.npy"))
    assert said.code == 0
    lines = said.out.splitlines()
    assert max(map(len, lines[:-1])) <= 80
    assert "warning: nonstationary" in said.out
    assert lines[-1].startswith("  sparsernn reconstruct 'a file with spaces.npy' --detrend ")


def test_warnings_leave_with_0_and_what_cannot_be_read_with_4(cli, recording, tmp_path):
    values = circle.copy()
    values[::100] = -9999
    said = cli("look", recording(values))
    assert said.code == 0
    assert "no command yet" in said.out
    (tmp_path / "bad.npy").write_bytes(b"nothing")
    assert cli("look", "bad.npy").code == 4
    assert cli("look", "nowhere.csv").code == 4
    assert cli("look", recording(circle), "--columns", "q").code == 2


def test_the_page(cli, recording, tmp_path):
    said = cli("look", recording(circle), "--out", "page.html")
    assert said.code == 0
    assert "page: page.html" in said.out
    assert "<h1>A look at x.npy</h1>" in (tmp_path / "page.html").read_text()


def test_several_files_are_stretches(cli, recording):
    said = cli("look", recording(circle[:1500], "a.npy"), recording(circle[:1500] + 1e-9, "b.npy"), "--json")
    found = json.loads(said.out)
    assert found["stretches"] == [1500, 1500]
    assert found["command"].startswith("sparsernn reconstruct a.npy b.npy")


def test_doubtful_columns_are_read_the_likeliest_way_and_the_command_says_so(cli, recording, tmp_path):
    rows = np.column_stack([t // 1000, circle])
    np.savetxt(tmp_path / "trial.csv", rows, delimiter=",", header="trial,x,y", comments="")
    found = json.loads(cli("look", "trial.csv", "--json").out)
    assert (found["columns"], found["stretches"]) == (["x", "y"], [1000] * 3)
    assert found["warnings"][0]["code"] == "trials"
    assert "--trial trial" in found["command"]
    refused = cli("reconstruct", "trial.csv", "--out", "r")
    assert refused.code == 4
    assert '--trial "trial"' in refused.err
    assert "in Python" not in refused.err
    np.savetxt(tmp_path / "rise.csv", np.column_stack([3 + t / 8, circle]), delimiter=",", header="q,x,y", comments="")
    found = json.loads(cli("look", "rise.csv", "--json").out)
    assert (found["columns"], found["dt"]) == (["x", "y"], 0.125)
    assert "--time q" in found["command"]


@pytest.mark.parametrize("out", ["x.npy", "notes.html", "page.pdf", "", ".", "folder.html", "nowhere/page.html"])
def test_a_page_takes_the_place_of_nothing_but_a_page(cli, recording, tmp_path, out):
    """It once wrote over the recording itself."""
    name = recording(circle)
    (tmp_path / "notes.html").write_text("<html>mine</html>")
    (tmp_path / "folder.html").mkdir()
    before = {p: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    said = cli("look", name, "--out", out)
    assert said.code in (2, 4)
    assert "--out" in said.err or "another name" in said.err
    assert {p: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before
    assert cli("look", name, "--out", "page.html").code == cli("look", name, "--out", "page.html").code == 0
