"""Splits of the gesture recordings, counted against what is published of them."""

import numpy as np
import pytest

from sparsernn import read_spec, run
from sparsernn.errors import DataError, SpecError
from sparsernn.tasks.gestures import GesturePhases


@pytest.fixture
def task():
    made = GesturePhases()
    try:
        made.load()
    except DataError as error:
        pytest.skip(f"the data are not on this machine: {error}")
    return made


def test_recordings_are_held_out_whole(task):
    rows = {split: len(windows.labels) for split, windows in task.load().items()}
    assert rows == {"train": 1_743 + 1_260 + 1_069 + 1_107, "validation": 1_830, "test": 1_420 + 1_444}
    counts = sum(np.bincount(windows.labels, minlength=5) for windows in task.load().values())
    assert counts.tolist() == [2_741, 2_097, 2_950, 998, 1_087], "D, P, S, H, R"
    train = task.load()["train"]
    np.testing.assert_allclose(train.values.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(train.values.std(axis=0), 1, atol=1e-3)
    assert np.abs(task.load()["test"].values.std(axis=0) - 1).max() > 0.1, "the test split's own scale is not used"
    edge = 1_743 - 32
    assert not set(range(edge + 1, 1_743)) & set(train.begins), "no window crosses from one recording to the next"


def test_each_recording_by_its_own_scale(task):
    own = GesturePhases(standardize="recording").load()["test"].values
    np.testing.assert_allclose(own[:1_420].std(axis=0), 1, atol=1e-3)


def test_the_published_split_has_its_counts_and_its_leak(task):
    windows = GesturePhases(split="zhang2023").load()
    assert {split: len(w.begins) for split, w in windows.items()} == {"train": 455, "validation": 60, "test": 90}
    begins = np.concatenate([w.begins for w in windows.values()])
    assert len(set(begins)) == 605
    near = [np.abs(windows["train"].begins - b).min() <= 16 for b in windows["test"].begins]
    assert np.mean(near) > 0.9


def test_bad_fields():
    with pytest.raises(SpecError, match="none twice"):
        GesturePhases(validation=("a1",), test=("a1",))
    with pytest.raises(SpecError, match="leave both out"):
        GesturePhases(split="zhang2023", window=16)
    with pytest.raises(SpecError, match="no recording to train on"):
        GesturePhases(validation=("a1", "a2", "a3", "b1"), test=("b3", "c1", "c3"))


def test_continuous_time_cells_beat_the_commonest_phase(task, tmp_path):
    """24 units, 300 updates; examples/gestures_ctrnn.yaml is the same with more of both."""
    spec = {
        "task": {"gestures": {"window": 64, "standardize": "recording"}},
        "network": {"ctrnn": {"hidden": 24, "tau": 3.0, "substeps": 3, "dt": 0.33}}, "batch": 16, "epochs": 3,
        "updates_per_epoch": 100, "optimizer": {"adam": {"learning_rate": 5e-3, "clip_value": 1.0}},
        "measures": ["score"],
    }  # fmt: skip
    found = run(read_spec(spec), tmp_path).measures()["score"]["test"]
    assert found["accuracy"] > found["reference: accuracy of the commonest phase"] + 0.05
