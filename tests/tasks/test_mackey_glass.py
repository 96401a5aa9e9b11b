"""Windows of the series, and a score that a stated network reaches."""

import numpy as np
import pytest

from sparsernn import read_spec, run
from sparsernn.errors import SpecError
from sparsernn.tasks.mackey_glass import MackeyGlass

SMALL = {"rows": 3_000, "past": 60, "ahead": 5}


def test_windows_are_the_series_and_no_split_sees_another():
    task = MackeyGlass(**SMALL)
    series = task.load()
    assert [len(series[s]) for s in ("train", "validation", "test")] == [2_400, 300, 300]
    (batch,) = task.examples("test", 10**9)
    for i in (0, 7):
        np.testing.assert_allclose(batch.inputs[:, i, 0], series["test"][5 * i :][:60], rtol=1e-6)
        np.testing.assert_allclose(batch.targets[i], series["test"][5 * i + 60 :][:5], rtol=1e-6)
    assert len(batch.targets) == 48, "every value behind the first window once"
    assert np.abs(series["train"]).max() < 1


def test_a_shorter_window_is_no_other_series():
    assert MackeyGlass(**SMALL).load() is MackeyGlass(**SMALL | {"past": 30}).load()
    assert MackeyGlass(**SMALL).content_hash() != MackeyGlass(**SMALL | {"past": 30}).content_hash()


def test_bad_fields_are_told_together():
    with pytest.raises(SpecError) as caught:
        MackeyGlass(rows=1_000, tau=0.55)
    assert {"tau must be a multiple of 0.1, got 0.55"} < set(caught.value.problems)
    assert "a window needs 500 + 50" in str(caught.value)


def test_a_small_network_beats_the_last_value_and_the_mean(tmp_path):
    """24 tanh units, 300 updates: less than half of what both miss."""
    spec = {
        "task": {"mackey_glass": SMALL | {"past": 30}}, "network": {"rnn": {"hidden": 24}}, "batch": 32, "epochs": 5,
        "optimizer": {"adam": {"learning_rate": 3e-3, "clip_norm": 1.0, "decay": "cosine"}}, "updates_per_epoch": 60,
        "measures": ["score"],
    }  # fmt: skip
    found = run(read_spec(spec), tmp_path).measures()["score"]["test"]
    assert found["mse"] < 0.5 * min(found["reference: mse of the mean"], found["reference: mse of the last value"])
