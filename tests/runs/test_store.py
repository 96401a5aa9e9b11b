"""What lies in a store, what names it, and what happens when it is damaged, foreign, held or full."""

import json
import os
import resource
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from sparsernn.errors import Interrupted, StoreError
from sparsernn.files import safetensors_file, sealed
from sparsernn.runs.record import Record
from sparsernn.runs.store import open_store, opened, pack, unpack
from sparsernn.sparsifiers.base import Clock
from sparsernn.spec import plain
from sparsernn.tasks.reconstruction import Reconstruction
from sparsernn.training import run as running
from sparsernn.training.run import run
from sparsernn.training.run_spec import describe, read_spec
from sparsernn.weights import flatten

WHOLE = {
    "spec.json", "history.csv", "checkpoint.safetensors", "weights.safetensors", "masks.safetensors", "measures.json",
    "evidence.safetensors", "environment.json", "timings.csv", "outcome.json", "prepared.safetensors", "lock",
}  # fmt: skip


@pytest.fixture(scope="module")
def finished(geometric, tmp_path_factory):
    """A finished run with two rounds; not to be changed."""
    return run(geometric(), tmp_path_factory.mktemp("finished") / "runs")


@pytest.fixture
def copied(finished, tmp_path):
    """The same, for breaking."""
    shutil.copytree(finished.directory.parent, tmp_path / "runs")
    return Record(tmp_path / "runs" / finished.directory.name)


# -------------------------------------------------------------------------------------------------- layout, identity


def test_layout(finished, leftovers):
    first, _, last = finished.lineage()
    for record in finished.lineage():
        judged = {"importance.safetensors"} if record.round else set()
        assert {p.name for p in record.directory.iterdir()} == WHOLE | judged
        assert record.directory.name == record.identity[:16]
        assert record.outcome.name == "finished"
        assert record.environment()["versions"]["jax"]
        assert record.seconds() > 0
    assert (first.round, first.parent, last.round) == (0, None, 2)
    assert last.about["parent"] == last.parent.identity
    assert [p.name for p in finished.directory.parent.iterdir() if not p.is_dir()] == ["sparsernn.json"]
    assert not leftovers(finished.directory.parent)
    history = last.history()
    assert list(history)[:7] == ["epoch", "step", "loss", "penalty", "gradient_norm", "learning_rate", "nonzeros"]
    assert set(list(history)[7:]) == {"validation_loss", "validation_mse"}
    np.testing.assert_array_equal(history["step"], [4, 8, 12])
    np.testing.assert_array_equal(history["validation_loss"], history["validation_mse"])
    text = Path(last.directory / "environment.json").read_text()
    assert str(Path.home()) not in text


def test_the_selecting_measure_does_not_replace_the_training_loss(finished):
    history = finished.history()
    assert (history["loss"] != history["validation_loss"]).all()


def test_a_second_call_returns_at_once_and_writes_nothing(finished, geometric, monkeypatch):
    stamps = {p: p.stat().st_mtime_ns for p in finished.directory.parent.rglob("*") if p.is_file() and p.name != "lock"}
    monkeypatch.setattr(running.Stage, "train", lambda *_: pytest.fail("trained again"))
    again = run(geometric(), finished.directory.parent)
    assert again.directory == finished.directory
    assert stamps == {p: p.stat().st_mtime_ns for p in stamps}


def test_a_finished_run_returns_without_its_data(copied, geometric, monkeypatch):
    """By the hash of the file: data that have changed, a damaged file, a measure more are not passed over."""
    told = []
    with monkeypatch.context() as patch:
        patch.setattr(Reconstruction, "load", lambda _: pytest.fail("loaded"))
        again = run(geometric(), copied.directory.parent, at_round=told.append)
    assert again.directory == copied.directory
    assert [r.round for r in told] == [0, 1, 2]
    assert running.standing(geometric(seed=1), copied.directory.parent) == []
    assert running.standing(geometric(measures=["score", "hubs"]), copied.directory.parent) == []
    (copied.parent.directory / "evidence.safetensors").unlink()
    assert running.standing(geometric(), copied.directory.parent) == []
    run(geometric(), copied.directory.parent)
    assert len(running.standing(geometric(), copied.directory.parent)) == 3


def test_a_finished_run_whose_data_have_changed_is_not_passed_over(tmp_path, tree, series):
    path = tmp_path / "x.npy"
    shutil.copyfile(series, path)
    spec = read_spec(tree(task={"reconstruction": {"file": str(path), "sequence": 6}}))
    first = run(spec, tmp_path / "runs")
    assert [r.directory for r in running.standing(spec, tmp_path / "runs")] == [first.directory]
    np.save(path, np.load(path) + np.linspace(0, 1, len(np.load(path)))[:, None])
    assert running.standing(spec, tmp_path / "runs") == []
    assert run(spec, tmp_path / "runs").directory != first.directory


def test_what_decides_the_trajectory_names_the_run(tree):
    base = describe(read_spec(tree()), 0, None)["identity"]

    def named(**fields):
        return describe(read_spec(tree(**fields)), 0, None)["identity"]

    assert named(measures=["score", "hubs"]) == base
    assert named(seed=0) == base, "a default written out is the same run"
    different = {
        "seed": {"seed": 1},
        "epochs": {"epochs": 4},
        "updates": {"updates_per_epoch": 5},
        "batch": {"batch": 3},
        "network": {"network": {"plrnn": {"hidden": 4, "mean_centered": False}}},
        "forcing": {"forcing": {"sparse_identity": {"interval": 4}}},
        "optimizer": {"optimizer": {"adam": {"learning_rate": 1e-2}}},
        "rate": {"optimizer": {"radam": {"learning_rate": 2e-2}}},
        "sparsifier": {"sparsifier": {"static": {"density": 0.5}}},
        "regularizers": {"regularizers": ["l1"]},
        "precision": {"precision": "float64"},
        "select": {"select": {"key": "loss", "every": 2}},
        "judge": {"measures": [{"score": {"batch": 10}}]},
        "task": {"task": {"reconstruction": {"file": tree()["task"]["reconstruction"]["file"], "sequence": 7}}},
    }
    found = {what: named(**fields) for what, fields in different.items()}
    assert len({base, *found.values()}) == len(found) + 1


def test_data_of_the_same_name_but_another_content_are_another_run(tree, tmp_path):
    path = tmp_path / "x.npy"
    names = []
    for scale in (1, 2):
        np.save(path, np.stack([np.sin(scale * np.arange(90.0)), np.cos(np.arange(90.0))], 1))
        spec = read_spec(tree(task={"reconstruction": {"file": str(path), "sequence": 6}}))
        spec.task.refresh()
        names.append(describe(spec, 0, None)["identity"])
    assert names[0] != names[1]


def test_the_same_data_elsewhere_are_the_same_run(copied, tree, geometric, series, tmp_path):
    """The command still resumes after the file has moved, and readers then find it at its new place."""
    moved = tmp_path / "moved.npy"
    shutil.copyfile(series, moved)
    fields = plain(geometric())
    fields["task"]["reconstruction"]["file"] = str(moved)
    first = running.run(geometric(), copied.directory.parent)
    again = running.run(read_spec(fields), copied.directory.parent)
    assert again.directory == first.directory
    assert again.spec["task"]["reconstruction"]["file"] == str(moved)
    running.run(geometric(), copied.directory.parent)
    assert Record(first.directory).spec["task"]["reconstruction"]["file"] == series


def test_rounds_name_their_parent_and_share_the_first_training(tree, geometric):
    spec = geometric()
    first = describe(spec, 0, None)
    assert first["identity"] == describe(read_spec(tree()), 0, None)["identity"], "it is the plain dense run"
    assert describe(geometric(rounds={"count": 5}), 0, None)["identity"] == first["identity"]
    assert describe(geometric(sparsifier="magnitude"), 0, None)["identity"] == first["identity"]
    assert first["spec"]["sparsifier"] is None
    one = describe(spec, 1, first["identity"])
    assert describe(geometric(rounds={"count": 5}), 1, first["identity"])["identity"] == one["identity"]
    others = [
        describe(spec, 2, one["identity"]),
        describe(spec, 1, "0" * 64),
        describe(geometric(rounds={"count": 2, "rewind": "none"}), 1, first["identity"]),
        describe(geometric(sparsifier="magnitude"), 1, first["identity"]),
        describe(geometric(select={"key": "mse"}), 1, first["identity"]),
    ]
    assert len({one["identity"], *(o["identity"] for o in others)}) == 6


def test_the_hash_is_the_same_in_another_process_and_key_order(tree):
    fields = tree(regularizers=[{"l1": {"strength": 0.1}}])
    script = (
        "import json, sys; from sparsernn.training.run_spec import describe, read_spec; "
        "print(describe(read_spec(json.loads(sys.argv[1])), 0, None)['identity'])"
    )
    turned = json.dumps(dict(reversed(fields.items())))
    found = subprocess.run(
        [sys.executable, "-c", script, turned],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert found.stdout.strip() == describe(read_spec(fields), 0, None)["identity"], found.stderr


def test_spec_on_disk_builds_the_same_run(finished, geometric):
    assert plain(read_spec(finished.spec)) == plain(geometric())


def test_measures_asked_for_later_are_added(copied, tree, geometric):
    before = copied.measures()
    record = run(
        geometric(measures=["score", {"hubs": {"nulls": 2}}, {"reconstruction": {"starts": 1}}]),
        copied.directory.parent,
    )
    assert record.directory == copied.directory
    after = record.measures()
    assert list(before) == ["score"]
    assert list(after) == ["score", "hubs", "reconstruction"]
    assert record.numbers()["score/loss"] == before["score"]["test"]["loss"]
    assert [next(iter(entry["measure"])) for entry in after.values()] == ["score", "hubs", "reconstruction"]
    assert set(record.evidence()) == {"reconstruction/data", "reconstruction/model"}
    third = run(geometric(measures=["score", {"score": {"batch": 7}}]), copied.directory.parent)
    *_, second = third.measures()
    assert len(third.measures()) == 4
    assert second == f"score {third.measures()[second]['identity'][:8]}"
    assert set(third.evidence()) == {"reconstruction/data", "reconstruction/model"}, "evidence is kept"


# ------------------------------------------------------------------------------------------- foreign and damaged


def test_stores_that_are_something_else(tmp_path, tiny):
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(StoreError, match="is a file"):
        open_store(file)
    with pytest.raises(StoreError, match="cannot be written"):
        open_store(file / "below")
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "holiday.jpg").write_text("x")
    with pytest.raises(StoreError, match="holds something else"):
        run(tiny(), photos)
    assert [p.name for p in photos.iterdir()] == ["holiday.jpg"]
    (tmp_path / "empty").mkdir()
    assert open_store(tmp_path / "empty") == tmp_path / "empty"
    assert open_store(tmp_path / "deep" / "er") == open_store(tmp_path / "deep" / "er")


def test_a_process_killed_while_it_made_the_store_is_no_obstacle(tmp_path):
    (tmp_path / ".sparsernn.json.0a1b.tmp").write_text("{")
    assert open_store(tmp_path) == tmp_path


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 99}', ""])
def test_markers_that_are_not_ours(tmp_path, content):
    open_store(tmp_path)
    (tmp_path / "sparsernn.json").write_text(content)
    with pytest.raises(StoreError, match=r"sparsernn\.json"):
        open_store(tmp_path)


def test_no_run_directory(tmp_path):
    with pytest.raises(StoreError, match="is no run directory"):
        Record(tmp_path)
    with pytest.raises(StoreError, match="is no run directory"):
        Record(tmp_path / "missing")


def change(path, **fields):
    """What another program would write: whole and sealed, with other fields."""
    path.write_bytes(sealed.dump(path, sealed.parse(path.read_bytes(), path) | fields))


def read_everything(directory):
    record = Record(directory)
    return record.outcome, record.measures(), record.environment()


@pytest.mark.parametrize("name", ["spec.json", "outcome.json", "measures.json", "environment.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1, 2]", b'{"format": 1}'])
def test_damaged_json(copied, geometric, name, content):
    whole = read_everything(copied.directory)
    (copied.directory / name).write_bytes(content)
    with pytest.raises(StoreError, match=name) as caught:
        read_everything(copied.directory)
    assert "run the same command again" in str(caught.value) or "run the spec again" in str(caught.value)
    if name == "spec.json":
        with pytest.raises(StoreError, match=name):
            run(geometric(), copied.directory.parent)
        (copied.directory / name).unlink()
    repaired = run(geometric(), copied.directory.parent)
    outcome, measures, environment = read_everything(repaired.directory)
    assert (outcome, measures) == whole[:2]
    assert {k: v for k, v in environment.items() if k != "note"} == whole[2]
    assert ("note" in environment) == (name == "environment.json")


def test_format_of_another_version(copied, geometric):
    change(copied.directory / "spec.json", format=1)
    for act in (lambda: Record(copied.directory), lambda: run(geometric(), copied.directory.parent)):
        with pytest.raises(StoreError, match="format is 1, expected 2"):
            act()


def test_a_directory_of_another_run(copied, geometric):
    change(copied.directory / "spec.json", identity="f" * 64)
    with pytest.raises(StoreError, match=r"belongs to another run|are of different runs"):
        run(geometric(), copied.directory.parent)


@pytest.mark.parametrize("how", ["truncated", "foreign", "empty", "flipped"])
def test_damaged_weights(copied, geometric, how):
    """Said with the way out, and the way out works."""
    path = copied.parent.directory / "weights.safetensors"
    good = path.read_bytes()
    bad = {
        "truncated": good[:-9],
        "foreign": b"PK\x03\x04" + good,
        "empty": b"",
        "flipped": good[:-5] + b"\x99" + good[-4:],
    }
    path.write_bytes(bad[how])
    with pytest.raises(StoreError, match=r"weights\.safetensors is damaged.*run the same command again"):
        copied.parent.weights()
    run(geometric(), copied.directory.parent)
    assert path.read_bytes() == good


@pytest.mark.parametrize("name", ["weights", "masks"])
def test_missing_parts_of_a_finished_run_are_made_again(copied, geometric, name):
    path = copied.directory / f"{name}.safetensors"
    good = path.read_bytes()
    path.unlink()
    assert run(geometric(), copied.directory.parent).outcome.name == "finished"
    assert path.read_bytes() == good


def test_a_history_that_was_changed_is_found_out(tmp_path, tiny):
    """Of equal length, so that only its content tells."""
    spec = tiny()
    paused = run(spec, tmp_path, until=Clock(8))
    path = paused.directory / "history.csv"
    path.write_bytes(path.read_bytes().replace(b"0.", b"1.", 1))
    with pytest.raises(StoreError, match=r"history\.csv is not what it was.*; delete checkpoint"):
        run(spec, tmp_path)
    (paused.directory / "checkpoint.safetensors").unlink()
    assert run(spec, tmp_path).outcome.name == "finished"


@pytest.mark.parametrize(
    "fields",
    [
        {"round": "x"},
        {"round": None},
        {"identity": [1]},
        {"spec": []},
        {"spec": None},
        {"parent": 5},
        {"judge": "score"},
    ],
    ids=str,
)
def test_a_foreign_spec_file(copied, fields):
    change(copied.directory / "spec.json", **fields)
    with pytest.raises(StoreError, match=f"no usable {next(iter(fields))}"):
        Record(copied.directory)


@pytest.mark.parametrize(
    "how", ["truncated", "foreign", "empty", "other run", "no values", "other shapes", "short history"]
)
def test_damaged_checkpoints(tmp_path, tiny, same, how):
    spec = tiny()
    paused = run(spec, tmp_path / "runs", until=Clock(6, 0, 4, 3))
    assert paused.outcome.name == "paused"
    path = paused.directory / "checkpoint.safetensors"
    arrays, about = safetensors_file.read(path)
    if how == "truncated":
        path.write_bytes(path.read_bytes()[:-20])
    elif how == "foreign":
        path.write_bytes(b"hello" * 100)
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "other run":
        safetensors_file.write(path, arrays, about | {"run": "f" * 64})
    elif how == "no values":
        safetensors_file.write(path, arrays, {"run": about["run"], "values": '{"step": 3}'})
    elif how == "other shapes":
        safetensors_file.write(path, {k: np.zeros((3, 3), np.float32) for k in arrays}, about)
    else:
        (paused.directory / "history.csv").write_text("epoch\n")
    with pytest.raises(StoreError, match=r"delete .* to begin this training again"):
        run(spec, tmp_path / "runs")
    path.unlink()
    same(run(spec, tmp_path / "runs"), run(spec, tmp_path / "again"))


def test_a_missing_parent_is_named(copied, geometric, same, finished):
    name = copied.parent.directory.name
    shutil.rmtree(copied.parent.directory)
    with pytest.raises(StoreError, match=f"{name}.*is missing; copy it too"):
        Record(copied.directory).lineage()
    same(run(geometric(), copied.directory.parent), finished)


def test_a_parent_that_is_no_parent(copied):
    change(copied.directory / "spec.json", parent=copied.identity)
    with pytest.raises(StoreError, match="is not the round"):
        Record(copied.directory).lineage()


@pytest.mark.parametrize("how", ["half a row", "a row more", "a word", "a digit", "header alone", "empty"])
def test_history_that_was_changed(copied, geometric, same, finished, how):
    path = copied.directory / "history.csv"
    text = path.read_text()
    changed = {
        "half a row": text + "4,16,0.5",
        "a row more": text + "4,16,0.5,0,1,0.1,9,1,1\n",
        "a word": text.replace("12", "twelve"),
        "a digit": text.replace("12", "13", 1),
        "header alone": text.splitlines()[0] + "\n",
        "empty": "",
    }
    path.write_text(changed[how])
    with pytest.raises(StoreError, match=r"history\.csv is damaged"):
        copied.history()
    if how in ("half a row", "a row more"):  # the checkpoint knows where it ended
        same(run(geometric(), copied.directory.parent), finished)
        return
    with pytest.raises(StoreError, match=r"delete checkpoint\.safetensors to begin this training again"):
        run(geometric(), copied.directory.parent)
    assert copied.outcome.name == "finished", "nothing was changed"
    (copied.directory / "checkpoint.safetensors").unlink()
    same(run(geometric(), copied.directory.parent), finished)


def test_what_is_not_there_yet(tmp_path, tiny):
    paused = run(tiny(), tmp_path, until=Clock(0, 0, 4, 3))
    assert paused.outcome.name == "paused"
    assert (paused.measures(), paused.evidence(), paused.importance(), paused.regularizers()) == ({}, {}, {}, {})
    (paused.directory / "weights.safetensors").unlink()
    for read in (paused.weights, paused.prunables):
        with pytest.raises(StoreError, match=r"weights\.safetensors is missing; run the same command again"):
            read()
    with opened(open_store(tmp_path), describe(tiny(seed=1), 0, None)) as begun:
        record = Record(begun.directory)
    assert (record.outcome.name, record.prunables(), record.history()) == ("running", (), {})
    with pytest.raises(StoreError, match=r"no weights\.safetensors yet \(outcome: running\)"):
        record.weights()


def test_a_paused_run_shows_the_weights_it_has_reached(tmp_path, tiny):
    spec = tiny(sparsifier=None, select=None)
    paused = run(spec, tmp_path / "a", until=Clock(6))
    whole = run(spec, tmp_path / "b")
    assert paused.outcome.step == 6
    reached, final = flatten(paused.weights()), flatten(whole.weights())
    assert reached.keys() == final.keys()
    assert any((reached[path] != final[path]).any() for path in final)
    assert paused.prunables() == whole.prunables() == spec.trainer().prunables
    finished = run(spec, tmp_path / "a")
    assert finished.directory == paused.directory
    for path, array in flatten(finished.weights()).items():
        np.testing.assert_array_equal(array, final[path])


def test_pack_and_unpack():
    tree = {"a": np.arange(3.0), "b": (np.ones((2, 2), bool), np.int32(4))}
    back = unpack(tree, pack(tree))
    np.testing.assert_array_equal(back["a"], tree["a"].astype(back["a"].dtype))
    with pytest.raises(StoreError, match="is missing, expected"):
        unpack(tree, {})


# ---------------------------------------------------------------------------------------------------------- locks


HOLD = """
import sys, time
from pathlib import Path
from sparsernn.runs.lock import locked
with locked(Path(sys.argv[1]), False, lambda: False):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def held(tmp_path, tiny):
    """A run directory whose lock another OS process holds; (store, process)."""
    store_path = open_store(tmp_path / "runs")
    about = describe(tiny(), 0, None)
    directory = store_path / about["identity"][:16]
    directory.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield store_path, process
    process.kill()
    process.wait()


def test_a_lock_of_another_process(held, tiny):
    store_path, process = held
    with pytest.raises(StoreError, match=f"another process \\(pid {process.pid} on"):
        run(tiny(), store_path)
    with pytest.raises(Interrupted, match=f"waiting for .* \\(pid {process.pid} on"):
        run(tiny(), store_path, wait=True, stopped=lambda: True)
    began = time.monotonic()
    release = threading.Timer(0.7, lambda: process.communicate("\n"))
    release.start()
    record = run(tiny(), store_path, wait=True)
    assert time.monotonic() - began > 0.6
    assert record.outcome.name == "finished"
    release.join()


def test_a_killed_holder_leaves_no_lock(held, tiny):
    store_path, process = held
    process.kill()
    process.wait()
    assert run(tiny(), store_path).outcome.name == "finished"


def test_two_threads_share_the_first_training(tmp_path, geometric, same):
    """Different criteria at once, one store; float64 beside float32."""
    specs = [geometric(), geometric(sparsifier="magnitude"), geometric(precision="float64", rounds={"count": 1})]
    results, errors = {}, []

    def work(i):
        try:
            results[i] = run(specs[i], tmp_path / "shared", wait=True)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert results[0].lineage()[0].directory == results[1].lineage()[0].directory
    assert len([p for p in (tmp_path / "shared").iterdir() if p.is_dir()]) == 5 + 2
    assert {a.dtype.name for a in flatten(results[2].weights()).values()} == {"float64"}
    assert {a.dtype.name for a in flatten(results[1].weights()).values()} == {"float32"}
    for i, spec in enumerate(specs):
        same(results[i], run(spec, tmp_path / "alone"))


# -------------------------------------------------------------------------------------------------------- full disk


class FullDisk(OSError):
    def __init__(self):
        super().__init__(28, "No space left on device")


def test_a_disk_that_fills_up_anywhere(tmp_path, geometric, same, finished, monkeypatch, leftovers):
    """At every single flush to the disk in turn: a StoreError, nothing half written, and the same call goes on."""
    real, left = os.fsync, [0]

    def fsync(handle):
        left[0] -= 1
        if left[0] == 0:
            raise FullDisk
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    total = 0
    for survived in range(1, 200, 5):
        left[0] = survived
        place = tmp_path / str(survived)
        caught = None
        try:
            run(geometric(), place)
        except StoreError as error:
            caught = error
        if caught is None:
            assert left[0] >= 0, "an error was swallowed"
            break
        total += 1
        assert "No space left" in str(caught)
        assert not leftovers(place)
        left[0] = -1
        same(run(geometric(), place), finished)
    assert 10 <= total < 40


LIMITED = textwrap.dedent("""
    import json, resource, sys
    from sparsernn.errors import StoreError
    from sparsernn.training.run import run
    from sparsernn.training.run_spec import read_spec
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
    try:
        run(read_spec(json.loads(sys.argv[1])), sys.argv[2])
    except StoreError as error:
        print("StoreError", error)
        sys.exit(error.exit_code)
""")


def test_the_system_refuses_large_files(tmp_path, tree, same, leftovers):
    """RLIMIT_FSIZE: real writes fail in the middle (Python ignores SIGXFSZ)."""
    assert hasattr(resource, "RLIMIT_FSIZE")
    process = subprocess.run(
        [sys.executable, "-c", LIMITED, json.dumps(tree()), str(tmp_path / "runs"), "2000"],
        capture_output=True, text=True, env={k: v for k, v in os.environ.items() if k != "JAX_COMPILATION_CACHE_DIR"},
    )  # fmt: skip
    assert process.returncode == 4, process.stderr
    assert "StoreError" in process.stdout
    assert "cannot be written: File too large" in process.stdout
    assert not leftovers(tmp_path / "runs")
    same(run(read_spec(tree()), tmp_path / "runs"), run(read_spec(tree()), tmp_path / "fresh"))


def test_a_folder_that_cannot_be_written(tmp_path, tiny):
    """The directory of the run is a file."""
    open_store(tmp_path)
    (tmp_path / describe(tiny(), 0, None)["identity"][:16]).write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        run(tiny(), tmp_path)


def test_opened_clears_away_what_a_killed_process_left(tmp_path, tiny):
    about = describe(tiny(), 0, None)
    with opened(open_store(tmp_path), about) as directory:
        (directory.directory / ".weights.safetensors.12ab.tmp").write_bytes(b"half")
    with opened(open_store(tmp_path), about) as directory:
        assert not list(directory.directory.glob(".*.tmp"))
