"""Whatever happens to a file of a run: an error that says what to do, or the same numbers; and the way out works."""

import itertools
import json
import random
import re
import shutil
from pathlib import Path

import pytest
from tests.runs import damage
from typer.testing import CliRunner

from sparsernn.cli.app import app
from sparsernn.errors import StoreError
from sparsernn.runs.checkup import examine, places
from sparsernn.runs.record import Record

STATES = ("finished", "paused", "diverged")


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    return damage.Runs(tmp_path_factory.mktemp("damage"))


@pytest.fixture(scope="session")
def before(runs):
    return {name: damage.seen(directory) for name, directory in runs.directories.items()}


@pytest.mark.parametrize("state", STATES)
def test_readers_refuse_or_give_the_same_numbers(runs, before, tmp_path, state):
    """Every file × every damage × every reader."""
    directory = runs.copy(state, tmp_path / "copy")
    chance, refused = random.Random(3), 0
    for path in damage.files(directory):
        good = path.read_bytes()
        for how, raw in damage.damages(path, runs.others[state], chance):
            path.unlink() if raw is None else path.write_bytes(raw)
            after = damage.seen(directory)
            assert not damage.unlike(before[state], after), f"{path.name}, {how}"
            errors = [v for k, v in after.items() if isinstance(v, Exception) and v != before[state][k]]
            new = [e for e in errors if str(e) not in map(str, before[state].values())]
            refused += bool(new)
            assert all(re.search("run the same command again|delete|run directory|run the spec", str(e)) for e in new)
            if path.name not in ("lock", "checkpoint.safetensors"):
                assert new, f"{path.name}, {how}: nobody has noticed"
                assert not examine(directory).well
            path.write_bytes(good)
    assert refused > 50


@pytest.mark.parametrize("state", STATES)
def test_subtle_damages_and_swapped_files_never_give_other_numbers(runs, before, tmp_path, state):
    directory = runs.copy(state, tmp_path / "copy")
    paths = [p for p in damage.files(directory) if p.name != "lock"]
    for path in paths:
        good = path.read_bytes()
        for how, act in damage.subtle(path, tmp_path):
            path.unlink()
            act()
            assert not damage.unlike(before[state], damage.seen(directory)), f"{path.name}, {how}"
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
            path.write_bytes(good)
    pairs = list(itertools.combinations(paths, 2))
    for one, two in random.Random(state).sample(pairs, 15):
        content = one.read_bytes(), two.read_bytes()
        one.write_bytes(content[1])
        two.write_bytes(content[0])
        after = damage.seen(directory)
        assert not damage.unlike(before[state], after), f"{one.name} and {two.name} swapped"
        assert any(isinstance(v, Exception) and str(v) != str(before[state][k]) for k, v in after.items())
        one.write_bytes(content[0])
        two.write_bytes(content[1])


@pytest.mark.parametrize("how", ["removed", "flipped"])
@pytest.mark.parametrize("state", STATES)
def test_the_same_command_makes_it_again_or_says_what_to_delete(runs, before, tmp_path, state, how):
    names = [p.name for p in damage.files(runs.directories[state]) if p.name != "lock"]
    asked = set()
    for name in names:
        directory = runs.copy(state, tmp_path / "copy")
        path = directory / name
        raw = dict(damage.damages(path, {}, random.Random(name)))[how]
        path.unlink() if raw is None else path.write_bytes(raw)
        for _ in range(3):
            try:
                runs.again(state, directory)
                break
            except StoreError as error:
                said = str(error)
            asked.add(name)
            named = re.search(r"delete (?:that file|it|(\S+\.\w+))", said)
            assert named, said
            (directory / (Path(named[1]).name if named[1] else name)).unlink()
        after = damage.seen(directory)
        same = {k: v for k, v in after.items() if k not in damage.TIMED}
        assert same == {k: v for k, v in before[state].items() if k in same} or all(
            repr(v) == repr(before[state][k]) for k, v in same.items() if v != before[state][k]
        ), name
        left = [f.then for f in examine(directory).findings if not f.harmless]
        assert left in ([], ["delete it: nothing needs it any more"] * (name == "checkpoint.safetensors")), name
    assert asked <= {"spec.json", "history.csv", "checkpoint.safetensors"}


# ------------------------------------------------------------------------------------------------------------ copies


def test_a_round_copied_alone_is_read_and_says_what_is_missing(runs, before, tmp_path):
    source = runs.directories["finished"]
    alone = tmp_path / "my-copy"
    shutil.copytree(source, alone)
    after = damage.seen(alone)
    name = Record(source).about["parent"][:16]
    assert isinstance(after["lineage"], StoreError)
    assert name in str(after["lineage"])
    assert not damage.unlike(before["finished"], {k: v for k, v in after.items() if k != "report"})
    assert not isinstance(after["report"], Exception)
    kept = Record(alone).kept()
    assert [r.directory for r in kept.rounds] == [alone]
    assert name in kept.missing
    told = CliRunner().invoke(app, ["report", str(alone), "--out", str(tmp_path / "page.html"), "--json"])
    assert told.exit_code == 0, told.output
    assert name in json.loads(told.stdout)["missing"][0]
    assert name in (tmp_path / "page.html").read_text()


def test_a_store_that_was_moved_goes_on(runs, before, tmp_path):
    paused = runs.copy("paused", tmp_path / "somewhere" / "else")
    assert damage.unlike(before["paused"], damage.seen(paused)) == []
    record = damage.run(runs.specs["paused"], paused.parent)
    assert (record.directory, record.outcome.name) == (paused, "finished")
    assert record.outcome.epoch in (1, 2, 3)


# ------------------------------------------------------------------------------------------------------------ doctor


def doctor(*arguments):
    return CliRunner().invoke(app, ["doctor", *map(str, arguments)])


def test_doctor_of_a_whole_store(runs):
    stamps = {p: p.stat().st_mtime_ns for p in runs.root.rglob("*")}
    for state, directory in runs.directories.items():
        told = doctor(directory.parent)
        assert told.exit_code == 0, told.output
        assert "all is well" in told.output
        assert examine(directory).outcome == state
    assert stamps == {p: p.stat().st_mtime_ns for p in runs.root.rglob("*")}, "it never writes"


def test_doctor_explains(runs, tmp_path):
    directory = runs.copy("finished", tmp_path / "copy")
    (directory / "weights.safetensors").write_bytes(b"")
    (directory / "importance.safetensors").unlink()
    (directory / ".masks.safetensors.0a.tmp").write_bytes(b"half")
    (directory / "notes.txt").write_text("mine")
    told = doctor(directory.parent)
    assert told.exit_code == 4
    assert "damaged: weights.safetensors" in told.output
    assert "missing: importance.safetensors" in told.output
    assert "from checkpoint.safetensors" in told.output
    assert "left over: notes.txt" in told.output
    found = json.loads(doctor("--json", directory).stdout)
    assert not found["well"]
    assert [c["directory"] for c in found["directories"]] == [str(directory)]
    runs.again("finished", directory)
    assert {f.file for f in examine(directory).findings} == {"notes.txt"}
    assert doctor(directory).exit_code == 0


def test_doctor_of_a_store_without_its_marker_and_of_something_else(runs, tmp_path):
    store = runs.copy("paused", tmp_path / "copy").parent
    (store / "sparsernn.json").unlink()
    assert doctor(store).exit_code == 4
    (tmp_path / "photos").mkdir()
    told = doctor(tmp_path / "photos")
    assert isinstance(told.exception, StoreError), "which leaves the command line with 4"
    with pytest.raises(StoreError, match="neither a store"):
        places([tmp_path / "photos"])
