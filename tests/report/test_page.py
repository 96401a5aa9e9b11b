"""The page as text: self-contained, escaped, small, said what is undefined; and the files that come with it."""

import base64
import csv
import hashlib
import html
import json
import re
import shutil
from html.parser import HTMLParser

import pytest
from plotly.offline import get_plotlyjs

from sparsernn.errors import DataError, StoreError
from sparsernn.report.runs import compare
from sparsernn.report.write import write, write_report
from sparsernn.runs.record import Record
from sparsernn.tasks.reconstruction import Reconstruction

TITLE = "Two <script>alert(1)</script> waves & more"


class Addresses(HTMLParser):
    """Whatever an element refers to."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("src", "href", "action", "srcset", "data", "poster")]


@pytest.fixture(scope="module")
def report(pruned, tmp_path_factory):
    records = [line.trainings[-1].record for line in pruned.lines]
    return write_report(records, tmp_path_factory.mktemp("report") / "deep" / "er", TITLE, ["A <i>note</i>."])


@pytest.fixture(scope="module")
def text(report):
    return report.html.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def own(text):
    """The page without plotly.js."""
    return text.replace(get_plotlyjs(), "")


def test_all_files_are_written_and_nothing_else(report):
    root = report.html.parent
    assert report.html == root / "report.html"
    assert sorted(p.name for p in root.iterdir()) == ["figures", "report.html", "tables"]
    assert {p.name for p in report.csvs} == {
        "summary.csv", "differences.csv", "over_seeds.csv", "numbers.csv", "importance.csv", "outcomes.csv",
        "grades.csv",
    }  # fmt: skip
    names = {p.name for p in report.pngs}
    assert "curves.png" in names
    for kind in ("attractor", "series", "power_spectrum", "mask", "graph", "degrees", "history", "importance"):
        assert f"{kind}-geometric-round-2-seed-0.png" in names
    assert all(p.stat().st_size > 5_000 for p in report.pngs)
    assert {p.name for p in (root / "figures").iterdir()} == names


def test_rows_are_those_of_the_csv(report):
    rows = list(csv.DictReader(next(p for p in report.csvs if p.name == "summary.csv").open()))
    assert len(rows) == len(report.rows) == 5
    assert [r["run"] for r in rows] == [r["run"] for r in report.rows]
    assert float(rows[1]["D_stsp"]) == report.rows[1]["D_stsp"]
    json.dumps(report.rows, allow_nan=False)


def test_the_page_is_small(own):
    assert len(own.encode()) < 1_500_000


def test_only_two_scripts_may_run_and_nothing_may_be_fetched(text, own):
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', own)[1])
    allowed = dict(part.split(maxsplit=1) for part in policy.split("; "))
    assert allowed["default-src"] == "'none'"
    assert "http" not in policy
    assert "unsafe-eval" not in policy
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts}
    assert set(allowed["script-src"].split()) == hashes
    assert len(hashes) == 2
    assert "@import" not in own
    seen = Addresses()
    seen.feed(own)
    assert "data:," in seen.found
    assert all(address.startswith(("data:", "#")) for address in seen.found), seen.found


def test_hostile_names_stay_text(own):
    assert "<script>alert" not in own
    assert "<img src=x" not in own
    assert "<i>note</i>" not in own
    assert "A &lt;i&gt;note&lt;/i&gt;." in own
    for data in re.findall(r'<script type="application/json" id="[^"]+">(.*?)</script>', own, re.DOTALL):
        assert "<" not in data
        json.loads(data, parse_constant=lambda constant: pytest.fail(constant))


def test_it_says_what_one_needs_to_do_it_again(own, pruned):
    record = pruned.lines[0].trainings[-1].record
    assert record.about["data"] in own
    assert f"jax {record.environment()['versions']['jax']}" in own
    assert "drop_fraction" in own
    assert "rewind: initial" in own
    assert "bins per dimension" in own  # which D_stsp
    assert "<dt>seeds</dt><dd>0, 1</dd>" in own


def test_ids_are_unique_and_links_lead_somewhere(own):
    ids = re.findall(r'\bid="([^"]+)"', own)
    assert len(ids) == len(set(ids))
    for target in re.findall(r'href="#([^"]+)"', own):
        assert target in ids


def test_odd_outcomes_are_shown(adding, tmp_path):
    made = write(adding, tmp_path / "page.html", None, None, "odd")
    page = made.html.read_text(encoding="utf-8").replace(get_plotlyjs(), "")
    assert "diverged at update" in page
    assert "Lower the learning rate" in page
    assert "goes on from here" in page
    assert made.pngs == made.csvs == []


def test_a_run_without_any_weights(adding, tmp_path):
    paused = next(t.record for t in adding.trainings if t.outcome.name == "paused")
    copied = tmp_path / paused.directory.name
    shutil.copytree(paused.directory, copied)
    for file in copied.iterdir():
        if file.name != "spec.json":
            file.unlink()
    made = write(compare([Record(copied)]), tmp_path / "page.html", tmp_path / "png", tmp_path / "csv", "fresh")
    page = made.html.read_text(encoding="utf-8")
    assert "Nothing is measured yet." in page
    assert "no weights on disk yet" in page
    assert made.pngs == []


def test_weights_that_were_lost_are_no_beginning(adding, tmp_path):
    paused = next(t.record for t in adding.trainings if t.outcome.name == "paused")
    copied = tmp_path / paused.directory.name
    shutil.copytree(paused.directory, copied)
    (copied / "weights.safetensors").unlink()
    with pytest.raises(StoreError, match=r"weights.safetensors is missing"):
        compare([Record(copied)])


def test_the_data_may_be_gone(pruned_store, tmp_path, monkeypatch):
    """Series, names and units are in the run directory."""
    import shutil

    copy = tmp_path / "runs"
    shutil.copytree(pruned_store, copy)
    record = Record(sorted(p for p in copy.iterdir() if p.is_dir())[0])

    def gone(self):
        raise DataError("the file has gone")

    monkeypatch.setattr(Reconstruction, "load", gone)
    made = write(compare([Record(record.directory)]), tmp_path / "page.html", None, None, "gone")
    page = made.html.read_text(encoding="utf-8")
    assert "series" in page, "the picture of data and free run, from what the run keeps"
    assert "the file has gone" not in page


def test_a_place_that_cannot_be_written(pruned, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        write(pruned, tmp_path / "file" / "page.html", None, None, "x")
