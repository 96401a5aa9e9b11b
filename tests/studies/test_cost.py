"""What a reconstruction will cost is said before it begins, and no default takes hours without a word."""

import numpy as np
import pytest

import sparsernn
from sparsernn.errors import SpecError
from sparsernn.studies.cost import expected, products, suggested, told, work
from sparsernn.studies.recording import Wish, specs
from sparsernn.training.run_spec import read_spec


@pytest.fixture(scope="module")
def channels(tmp_path_factory):
    """128 columns of few rows."""
    path = tmp_path_factory.mktemp("wide") / "eeg.npy"
    rng = np.random.default_rng(0)
    time = 0.1 * np.arange(1_500)[:, None]
    np.save(path, np.sin(time * (1 + 0.02 * np.arange(128))) + 0.1 * rng.normal(size=(1_500, 128)))
    return path


@pytest.mark.parametrize(
    ("cell", "times"), [("plrnn", 1), ("lstm", 4), ("gru", 3), ("rhn", 10), ("ctrnn", 6), ("neural_ode", 24)]
)
def test_products_of_a_step_are_those_of_the_equations(cell, times):
    spec = read_spec({"task": {"reconstruction": {"system": "lorenz63"}}, "network": {cell: {"hidden": 8}}})
    assert products(spec) == times * 64


def test_more_weights_than_can_be_judged_in_minutes_are_ranked_unless_judging_is_asked_for(channels, tmp_path):
    (ranked,), notes = specs(Wish(str(channels)))
    assert type(ranked.sparsifier.drop).__name__ == "ActivityScaledMagnitude"
    assert any("--criterion geometric" in note and "25,600 weights" in note for note in notes)
    assert work([ranked]).judged == 0
    (said,) = expected([ranked], tmp_path)
    assert "minutes" in said
    assert "hour" not in said
    (judged,), notes = specs(Wish(str(channels), criteria=("geometric",), hidden=320))
    assert work([judged]).judged == 102_400 + 51_200
    (said,) = expected([judged], tmp_path)
    assert "hour" in said
    assert "--criterion activity" in said
    assert not any("pruned by" in note for note in notes)


def test_a_long_training_names_a_shorter_one(channels):
    (spec,), _ = specs(Wish(str(channels), epochs=20_000))
    (said,) = told(work([spec]))
    assert "hour" in said
    assert "--epochs 50" in said


def test_what_look_suggests_is_priced_as_what_reconstruct_does(channels):
    (spec,), _ = specs(Wish(str(channels)))
    assert suggested(len(spec.task.load().validation), 128, {}, spec.task.sequence) == told(work([spec]))


def test_runs_that_are_there_are_not_priced(channels, tmp_path):
    (spec,), _ = specs(Wish(str(channels)))
    (tmp_path / "runs" / "abc").mkdir(parents=True)
    (tmp_path / "runs" / "abc" / "spec.json").write_text("{}")
    assert expected([spec], tmp_path) == []


def test_a_network_that_no_memory_holds_is_refused_before_anything_is_made(tmp_path):
    with pytest.raises(SpecError, match="hidden=1000000000 makes 1,000,000,000,000,000,000 weights"):
        sparsernn.reconstruct(np.sin(0.1 * np.arange(900)), hidden=10**9, out=tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()
