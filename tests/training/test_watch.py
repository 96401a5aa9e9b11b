"""Watching decides nothing, is complete or refused, and goes on where a run was stopped."""

import csv
import itertools

import numpy as np
import pytest

from sparsernn.errors import StoreError, Undefined
from sparsernn.measures.hubs import Hubs
from sparsernn.runs.checkup import examine
from sparsernn.runs.record import Record
from sparsernn.runs.watch import Watch, WatchedNumbers
from sparsernn.sparsifiers.base import Clock
from sparsernn.training.run import run
from sparsernn.training.run_spec import describe
from sparsernn.training.watching import watch_afterwards

HUBS = {"hubs": {"nulls": 2}}
RIGL = {"sparsifier": {"rigl": {"density": 0.5, "every": 3, "drop_fraction": 0.4}}}
WATCH = {"watch": {"measures": ["score", HUBS], "every": 1}, "snapshots": 2}


@pytest.fixture(scope="module")
def watched(tiny, tmp_path_factory):
    """Twelve updates in three epochs, rewired, watched, with snapshots; not to be changed."""
    return run(tiny(**RIGL, **WATCH), tmp_path_factory.mktemp("watched"))


@pytest.fixture(scope="module")
def plain_run(tiny, tmp_path_factory):
    return run(tiny(**RIGL), tmp_path_factory.mktemp("plain"))


def test_it_is_the_same_run_bit_for_bit(watched, plain_run, same, tree):
    assert watched.directory.name == plain_run.directory.name
    same(watched, plain_run)
    assert plain_run.watched() == {}


def test_one_row_an_epoch_one_column_a_key(watched):
    found = watched.watched()
    np.testing.assert_array_equal(found["epoch"], [0, 1, 2, 3])
    np.testing.assert_array_equal(found["hubs/edges"], [8, 8, 8, 8])
    np.testing.assert_array_equal(found["score/loss"][1:], watched.history()["validation_loss"])
    with (watched.directory / "watch.csv").open() as file:
        header, *rows = csv.reader(file)
    assert header == list(found)
    table = np.array([[float(cell) if cell else np.nan for cell in row] for row in rows])
    np.testing.assert_array_equal(table, np.stack(list(found.values()), 1))
    assert {"watch.csv", "watch.json"} <= set(watched.ledger().files)
    assert examine(watched.directory).well


def test_snapshots_hold_the_weights_of_their_epoch(watched, tmp_path, tiny):
    assert watched.snapshots() == [0, 2, 3]
    two = run(tiny(**RIGL), tmp_path, until=Clock(8, 0, 4, 3))
    for kept, then in zip(watched.snapshot(2), (two.weights(), two.masks()), strict=True):
        np.testing.assert_equal(kept, then)
    with pytest.raises(StoreError, match=r"of epoch 1 was kept \(there are those of 0, 2, 3\)"):
        watched.snapshot(1)


@pytest.mark.parametrize("stops", [[0, 5], [4, 8, 11]])
def test_stopping_changes_nothing_that_is_watched(watched, tiny, tmp_path, same, stops):
    for step in stops:
        run(tiny(**RIGL, **WATCH), tmp_path, until=Clock(step, 0, 4, 3))
    record = run(tiny(**RIGL, **WATCH), tmp_path)
    same(record, watched)
    for name in ("watch.csv", "watch.json", *(f"snapshots/epoch-000000{i}.safetensors" for i in (0, 2, 3))):
        assert (record.directory / name).read_bytes() == (watched.directory / name).read_bytes(), name


def test_dying_between_two_checkpoints(watched, tiny, tmp_path, same, monkeypatch):
    """What was noted after the last checkpoint is noted again."""
    asked = itertools.count()

    def progress(what, done, of):
        if what == "training" and next(asked) % 3 == 2:
            raise RuntimeError

    spec = tiny(**RIGL, **WATCH)
    for _ in range(8):
        try:
            record = run(spec, tmp_path, progress=progress, checkpoint_seconds=0.0)
            break
        except RuntimeError:
            pass
    same(record, watched)
    assert (record.directory / "watch.csv").read_bytes() == (watched.directory / "watch.csv").read_bytes()


def test_afterwards_from_snapshots(watched, tiny, tmp_path):
    run(tiny(**RIGL, snapshots=1), tmp_path)
    record = run(tiny(**RIGL, watch=["score", HUBS]), tmp_path)
    assert (record.directory / "watch.csv").read_bytes() == (watched.directory / "watch.csv").read_bytes()
    again = watch_afterwards(record, Watch((Hubs(nulls=3),), every=3))
    names = [name for name in again.watched() if name.endswith("/edges")]
    assert names[0] == "hubs/edges", "the plain name belongs to the first of a kind"
    np.testing.assert_array_equal(again.watched()[names[1]], [8, np.nan, np.nan, 8])
    stamp = (record.directory / "watch.json").stat().st_mtime_ns
    run(tiny(**RIGL, watch=["score", HUBS]), tmp_path)
    assert (record.directory / "watch.json").stat().st_mtime_ns == stamp, "nothing is done twice"


def test_without_snapshots_it_says_what_to_do(plain_run, tiny, tmp_path):
    run(tiny(**RIGL, snapshots=2), tmp_path, until=Clock(8, 0, 4, 3))
    with pytest.raises(StoreError, match=r"at epoch 1.*epochs 0, 2\. .*delete checkpoint\.safetensors"):
        run(tiny(**RIGL, watch=[HUBS]), tmp_path)
    record = run(tiny(**RIGL, watch={"measures": [HUBS], "every": 2}), tmp_path)
    np.testing.assert_array_equal(record.watched()["epoch"], [0, 2, 3])
    with pytest.raises(StoreError, match=r"epochs 0, 1, 2, 3.*leave watch out.*delete that directory"):
        watch_afterwards(plain_run, Watch((Hubs(nulls=2),)))


def test_snapshots_may_be_deleted_and_damaged_ones_are_refused(tiny, tmp_path):
    record = run(tiny(**RIGL, snapshots=1), tmp_path)
    folder = record.directory / "snapshots"
    (folder / "epoch-0000001.safetensors").unlink()
    bad = folder / "epoch-0000002.safetensors"
    bad.write_bytes(bad.read_bytes()[:-3])
    assert [f.file for f in examine(record.directory).findings] == ["snapshots/epoch-0000002.safetensors"]
    with pytest.raises(StoreError, match="delete it"):
        record.snapshot(2)
    bad.unlink()
    record = run(tiny(**RIGL), tmp_path)
    assert record.snapshots() == [0, 3]
    assert examine(record.directory).well
    assert record.is_readable()


@pytest.mark.parametrize("name", ["watch.csv", "watch.json"])
def test_damage_is_made_good_from_snapshots(watched, tiny, tmp_path, name):
    record = run(tiny(**RIGL, watch=[HUBS], snapshots=1), tmp_path)
    good = (record.directory / name).read_bytes()
    (record.directory / name).write_bytes(good[:-3])
    assert not examine(record.directory).well
    run(tiny(**RIGL, watch=[HUBS], snapshots=1), tmp_path)
    assert (record.directory / name).read_bytes() == good


def test_rounds_are_watched_one_by_one(tiny, tmp_path):
    fields = {"sparsifier": {"magnitude": {"drop_fraction": 0.25}}, "rounds": {"count": 1}}
    record = run(tiny(**fields, watch={"measures": [HUBS], "every": 3}), tmp_path)
    assert [list(r.watched()["hubs/edges"]) for r in record.lineage()] == [[16, 16], [12, 12]]


def test_undefined_is_an_empty_cell_with_its_reason():
    watched = WatchedNumbers()
    watched.take(0, [Hubs()], lambda _: {"edges": Undefined("no graph")})
    watched.take(1, [Hubs()], lambda _: {"edges": 3.0, "density": 0.5})
    assert watched.table() == b"epoch,hubs/edges,hubs/density\n0,,\n1,3.0,0.5\n"
    assert repr(watched.entries["hubs"]["epochs"]["0"]["edges"]) == "undefined because no graph"
    assert watched.missing(Watch((Hubs(),)), 2, 2) == {2: [Hubs()]}


def test_watch_and_snapshots_are_outside_the_identity(tiny):
    names = {describe(tiny(**fields), 0, None)["identity"] for fields in ({}, WATCH, {"snapshots": 1})}
    assert len(names) == 1


def test_record_of_a_run_under_way_reads_what_is_there(tiny, tmp_path):
    record = run(tiny(**RIGL, **WATCH), tmp_path, until=Clock(6, 0, 4, 3))
    np.testing.assert_array_equal(Record(record.directory).watched()["epoch"], [0, 1])
