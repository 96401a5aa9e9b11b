import os
import shutil

import pytest

from sparsernn.errors import SpecError, StoreError, Undefined
from sparsernn.files.atomic import read_json, write_json
from sparsernn.report import write
from sparsernn.report.runs import compare, find, last_rounds
from sparsernn.runs.record import Record


def test_rounds_seeds_and_counts(pruned):
    assert pruned.labels == ["geometric", "magnitude"]
    assert pruned.seeds == [0, 1]
    for line in pruned.lines:
        assert [t.round for t in line.trainings] == [0, 1, 2]
        assert [t.remaining for t in line.trainings] == [64, 32, 16]
        assert [t.share for t in line.trainings] == [1.0, 0.5, 0.25]
        assert [t.label for t in line.trainings] == ["dense", line.label, line.label]


def test_a_shared_first_training_counts_once(pruned):
    # 2 seeds: one dense training each, and two rounds for each of two criteria
    assert len(pruned.trainings) == 2 * (1 + 2 * 2)
    first = [line.trainings[0] for line in pruned.lines if line.seed == 0]
    assert first[0] is first[1]


def test_numbers_are_those_of_the_test_split(pruned):
    training = pruned.trainings[0]
    (entry,) = [e for e in training.record.measures().values() if "reconstruction" in e["measure"]]
    assert training.test["reconstruction/prediction_error"] == entry["test"]["prediction_error"]
    assert training.validation["reconstruction/prediction_error"] == entry["validation"]["prediction_error"]
    assert training.test["reconstruction/prediction_error"] != training.validation["reconstruction/prediction_error"]


def test_a_store_gives_last_rounds_only(pruned_store):
    found = find([pruned_store])
    assert [record.round for record in found] == [2, 2, 2, 2]
    middle = found[0].parent
    assert [r.directory for r in last_rounds([middle, found[0], found[0]])] == [found[0].directory]


def test_an_earlier_round_alone_is_its_own_line(pruned_store):
    middle = find([pruned_store])[0].parent
    (line,) = compare([middle]).lines
    assert [t.remaining for t in line.trainings] == [64, 32]


def test_unfinished_runs_take_part(adding):
    outcomes = {t.label: t.outcome.name for t in adding.trainings}
    assert outcomes == {
        "dense, learning_rate=0.01": "finished",
        "SET, learning_rate=0.01": "finished",
        "dense, learning_rate=1e+30": "diverged",
        "dense, learning_rate=0.02": "paused",
    }
    paused = next(t for t in adding.trainings if t.outcome.name == "paused")
    assert paused.remaining == paused.total, "what it has reached is on disk"
    assert paused.test == {}


def test_dense_is_counted_over_what_others_make_sparse(adding):
    sizes = {t.label: (t.remaining, t.total) for t in adding.trainings if not isinstance(t.remaining, Undefined)}
    assert sizes["SET, learning_rate=0.01"] == (16, 64)
    assert sizes["dense, learning_rate=0.01"] == (64, 64)


def test_alone_a_dense_run_counts_all_matrices(adding):
    record = next(t.record for t in adding.trainings if t.label == "dense, learning_rate=0.01")
    (training,) = compare([record]).trainings
    assert training.label == "dense"
    assert training.remaining == training.total == 8 * 8 + 8 * 2 + 1 * 8


def test_what_is_no_run_is_refused(tmp_path, pruned_store):
    with pytest.raises(StoreError, match="no run directory"):
        find([tmp_path])
    with pytest.raises(SpecError, match="at least one run"):
        compare([])
    (tmp_path / "sparsernn.json").write_text("{}")
    with pytest.raises(StoreError, match="without runs"):
        find([tmp_path])
    assert isinstance(find([pruned_store])[0], Record)


@pytest.mark.parametrize("spec", [{}, {"seed": "x"}, {"sparsifier": 5}, {"network": None}], ids=str)
def test_a_run_whose_spec_is_none_of_ours(pruned, tmp_path, spec):
    record = pruned.trainings[0].record
    copied = tmp_path / record.directory.name
    shutil.copytree(record.directory, copied)
    about = read_json(copied / "spec.json")
    write_json(copied / "spec.json", about | {"spec": (about["spec"] | spec) if spec else {}})
    with pytest.raises(StoreError, match=r"spec\.json is damaged or foreign"):
        compare([Record(copied)])


def test_pictures_that_another_process_draws_are_left_alone(tmp_path):
    """Two reports at once on one directory: only what was abandoned long ago is swept away."""
    young, old = tmp_path / ".curves.png.ab12.tmp", tmp_path / ".curves.png.cd34.tmp"
    for path in (young, old):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    write._write_pictures([], tmp_path, lambda what, done, of: None)
    assert young.exists()
    assert not old.exists()
