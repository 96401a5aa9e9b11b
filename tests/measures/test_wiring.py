"""Spectral radius and distribution of weights, of networks whose numbers are known."""

import jax
import numpy as np
import pytest

from sparsernn.errors import Undefined
from sparsernn.measures.lyapunov import Lyapunov
from sparsernn.measures.spectral_radius import SpectralRadius
from sparsernn.measures.weight_distribution import WeightDistribution
from sparsernn.models.lstm import LSTM
from sparsernn.models.network import Network, Ports
from sparsernn.models.rnn import RNN
from sparsernn.tasks.adding import Adding
from sparsernn.tasks.language import Language

TASK = Adding(length=8, held_out=60)


def weights_of(network):
    return jax.tree.map(np.array, network.init(jax.random.key(0), Ports(2, 1)))


def test_a_stack_has_the_radius_of_its_largest_cell():
    network = Network((RNN(4), RNN(5)))
    weights = weights_of(network)
    weights["cell0"]["recurrent"] = np.diag([0.5, -0.2, 0, 0])[None]
    weights["cell1"]["recurrent"] = 1.5 * np.roll(np.eye(5), 1, axis=0)[None]
    found = SpectralRadius().measure(network, weights, {}, TASK, "test")
    assert found == pytest.approx({"cell0/recurrent": 0.5, "cell1/recurrent": 1.5, "network": 1.5})
    weights["cell0"]["recurrent"][0, 0, 0] = np.inf
    assert isinstance(SpectralRadius().measure(network, weights, {}, TASK, "test")["network"], Undefined)


def test_gates_each_and_together():
    network = Network((LSTM(2),))
    weights = weights_of(network)
    weights["cell0"]["recurrent"] = np.array([k * np.eye(2) for k in (-1, 2, 3, 0)], float)
    found = SpectralRadius().measure(network, weights, {}, TASK, "test")
    assert [found[f"cell0/recurrent {k}"] for k in range(4)] == [1, 2, 3, 0]
    assert found["network"] == 6


def test_only_weights_that_are_left_are_counted():
    network = Network((RNN(3),))
    weights = weights_of(network)
    weights["cell0"]["recurrent"] = np.array([[[0, 1.0, -1], [0, 0, 1], [0, 0, -1]]])
    found = WeightDistribution().measure(network, weights, {}, TASK, "test")
    assert found["cell0/recurrent/count"] == 4
    assert found["cell0/recurrent/negative"] == 0.5
    assert found["cell0/recurrent/kurtosis"] == -2
    assert found["cell0/recurrent/q05"] == -1
    kept = WeightDistribution().evidence(network, weights, {}, TASK, "test")
    assert list(kept["cell0 recurrent"]) == [-1, -1, 1, 1]
    weights["readout"]["weights"][:] = 0
    found = WeightDistribution().measure(network, weights, {}, TASK, "test")
    assert found["readout/weights/count"] == 0
    assert isinstance(found["readout/weights/sd"], Undefined)


def test_exponents_of_a_driven_network_without_recurrence_to_speak_of():
    """``h' = tanh(a h + U x)`` with small input weights contracts by about a a step."""
    network = Network((RNN(2),))
    weights = weights_of(network)
    weights["cell0"]["recurrent"] = np.diag([0.5, 0.25])[None]
    weights["cell0"]["input"] = 1e-4 * weights["cell0"]["input"]
    found = Lyapunov(steps=300, transient=20).measure(network, weights, {}, TASK, "test")
    assert found["steps"] == 300
    assert found["exponent_1"] == pytest.approx(np.log(0.5), abs=1e-4)
    assert found["exponent_2"] == pytest.approx(np.log(0.25), abs=1e-4)
    assert found["kaplan_yorke"] == 0
    short = Lyapunov(transient=400).measure(network, weights, {}, TASK, "test")
    assert "480 steps" in short["exponent_1"]


def test_a_language_model_is_driven_by_its_text(tmp_path):
    """With a tied embedding of zeros every word is the same: the exponents are those of the cells alone."""
    path = tmp_path / "book.txt"
    path.write_text("\n".join("one two three four five" for _ in range(120)), encoding="utf-8")
    task = Language(file=str(path))
    network = Network((RNN(2),), embedding=2, tied=True)
    ports = Ports(0, task.outputs, tokens=task.tokens)
    weights = jax.tree.map(np.zeros_like, network.init(jax.random.key(0), ports))
    weights["cell0"]["recurrent"] = np.diag([0.5, 0.25])[None]
    found = Lyapunov(steps=100, transient=60).measure(network, weights, {}, task, "train")
    assert found["exponent_1"] == pytest.approx(np.log(0.5), abs=1e-6)
    assert isinstance(Lyapunov(transient=0).measure(network, weights, {}, task, "test")["exponent_1"], Undefined)
