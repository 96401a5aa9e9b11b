"""The published settings run, with tiny networks and few updates."""

from pathlib import Path

import numpy as np
import pytest
from tests.tasks import written

from sparsernn import read_spec, run
from sparsernn.errors import DataError
from sparsernn.files.spec_file import read_yaml
from sparsernn.tasks.gestures import GesturePhases

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALLER = {
    "sequential_mnist": {"source": "digits", "test_images": 100},
    "sms": {"length": 8},
    "gestures": {},
    "mackey_glass": {"rows": 600, "past": 20, "ahead": 5},
}


@pytest.mark.parametrize("name", ["mnist", "sms", "gestures", "mackey_glass"])
def test_published_settings_run(name, tmp_path):
    spec = read_yaml(EXAMPLES / f"zhang2023_{name}.yaml")
    ((task, fields),) = spec["task"].items()
    spec["task"] = {task: {**fields, **SMALLER[task]}}
    if task == "sequential_mnist":
        pytest.importorskip("sklearn", reason="the digits come with scikit-learn (extra: examples)")
    if task == "sms":
        spec["task"]["sms"]["path"] = written.messages(tmp_path)
    if task == "gestures":
        try:
            GesturePhases().load()
        except DataError as error:
            pytest.skip(f"the data are not on this machine: {error}")
    cells = spec["network"].get("cells", [spec["network"]])
    cells[0]["rnn"]["hidden"] = 4
    spec |= {"epochs": 1, "updates_per_epoch": 2, "batch": 4, "watch": None}
    record = run(read_spec(spec), tmp_path / "runs")
    assert record.outcome.name == "finished"
    found = record.measures()["score"]["test"]
    assert all(np.isfinite(value) for value in found.values())


def test_they_are_the_sizes_of_the_paper():
    units = {"mnist": 150, "sms": 100, "gestures": 128, "mackey_glass": 128}
    for name, count in units.items():
        spec = read_spec(read_yaml(EXAMPLES / f"zhang2023_{name}.yaml"))
        assert spec.network.cells[0].hidden == count
        assert spec.optimizer.clip_value == 1.0
        assert spec.optimizer.decay == "constant"
