"""A task of somebody else with an observed trajectory is trained, forced, judged, run freely and reported as one that
ships is."""

import sys
import types
from dataclasses import dataclass
from functools import lru_cache

import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn import read_spec, run
from sparsernn.measures.baselines import Baselines
from sparsernn.measures.reconstruction import ReconstructionQuality
from sparsernn.report.graded import gradable
from sparsernn.studies.free_run import forecast, free_run
from sparsernn.system import System
from sparsernn.tasks import TASKS
from sparsernn.tasks.adding import Adding
from sparsernn.tasks.observed import Observed, Recording, is_observed


def turned(angle, x, z):
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    return z @ jnp.array([[cos, sin], [-sin, cos]])


@dataclass(frozen=True)
class Circle(Observed):
    """A point on a circle around (5, 0)."""

    angle: float = 0.2
    rows: int = 600
    known: bool = True
    sequence: int = 10
    noise: float = 0.0

    def load(self):
        return _load(self)

    def _rows(self, rows, phase):
        turns = phase + self.angle * np.arange(rows)
        return np.stack([5 + np.cos(turns), np.sin(turns)], axis=1)

    def fresh(self, rows, number):
        recording = self.load()
        return (self._rows(rows, float(number)) - recording.mean) / recording.scale if self.known else None

    def truth(self):
        return System(turned, self.angle, None, 2, 1.0, np.ones(2)) if self.known else super().truth()


@lru_cache
def _load(task):
    return Recording.of(task._rows(task.rows, 0.0), (0.5, 0.25, 0.25), None, "a circle")


@pytest.fixture
def registered(monkeypatch):
    module = types.ModuleType("circles")
    module.Circle = Circle
    monkeypatch.setitem(sys.modules, "circles", module)
    monkeypatch.setitem(TASKS, "circle", "circles:Circle")
    monkeypatch.setattr(Circle, "__module__", "circles")


def test_it_is_trained_judged_and_runs_freely(registered, tmp_path):
    spec = read_spec(
        {
            "task": "circle", "network": {"plrnn": {"hidden": 4}}, "forcing": {"sparse_identity": {"interval": 5}},
            "epochs": 1, "updates_per_epoch": 3, "batch": 4,
            "measures": [{"reconstruction": {"starts": 1}}, "baselines"],
        }
    )  # fmt: skip
    record = run(spec, tmp_path)
    found = record.measures()
    own = found["reconstruction"]["test"]
    assert own["d_stsp_floor"] < 0.1, "other runs of a circle are on the circle"
    assert abs(own["largest_exponent_true"]) < 1e-3
    assert found["baselines"]["test"]["linear/prediction_error"] < 1e-6, "a circle is linear"
    ahead = free_run(record, 5)
    assert ahead.values.shape == (5, 2)
    assert ahead.names == ("x0", "x1")
    history = Circle()._rows(30, 1.0)
    assert forecast(record, history, 3).values.shape == (3, 2)
    assert is_observed(record.spec["task"])
    assert gradable([types.SimpleNamespace(record=record)])


def test_where_the_system_is_not_known_the_floor_is_of_halves():
    task = Circle(known=False)
    assert "not known" in task.truth()
    assert task.fresh(10, 1) is None
    assert task.keepsake()[1]["known"] == "false"


def test_other_tasks_are_refused_with_the_reason():
    for measure in (ReconstructionQuality(), Baselines()):
        assert measure.unsupported_reason(Circle()) is None
        assert "observed" in measure.unsupported_reason(Adding(length=6))
    assert not is_observed({"adding": {}})
    assert not is_observed({"unheard_of": {}})
