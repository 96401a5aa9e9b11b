"""Cells against PyTorch, whose values are stored in tests/fixtures by make_cell_references.py."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from sparsernn import masks
from sparsernn.models.network import Forcing, Network
from sparsernn.precision import precise
from sparsernn.spec import build
from sparsernn.weights import flatten, unflatten

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = (
    "rnn_tanh",
    "rnn_relu",
    "lstm",
    "lstm_two_layers",
    "plrnn_mean_centered",
    "plrnn_vanilla",
    "gru",
    "rhn",
    "ctrnn",
    "neural_ode",
)
CLIPPED = ("rnn_tanh", "rnn_relu", "plrnn_vanilla", "neural_ode")  # PyTorch adds 1e-6 to the norm it clips by


class Reference:
    def __init__(self, name, dtype):
        with np.load(FIXTURES / f"{name}.npz", allow_pickle=False) as stored:
            arrays = dict(stored)
        self.settings = json.loads(str(arrays.pop("settings")))
        self.network = build(Network, self.settings["network"])
        self.losses = arrays.pop("losses")
        self.masks = {"cell0/recurrent": arrays.pop("mask")} if "mask" in arrays else {}
        arrays = {k: v.astype(dtype) for k, v in arrays.items()}
        self.inputs, self.first = arrays.pop("inputs", None), arrays.pop("first", None)
        self.targets, self.outputs = arrays.pop("targets"), arrays.pop("outputs")
        self.groups = {"initial": {}, "gradient": {}, "trained": {}}
        for key, value in arrays.items():
            group, _, path = key.partition("/")
            self.groups[group][path] = value

    def weights(self, group):
        return unflatten(self.groups[group])

    def run(self, weights, i):
        weights = masks.apply(weights, self.masks)
        if self.first is None:
            states = self.network.zeros(self.targets.shape[2:3])
            return self.network.unroll(weights, self.inputs[i], states).outputs
        interval = self.settings["interval"]
        alpha = ((jnp.arange(self.targets.shape[1]) + 1) % interval == 0).astype(self.first.dtype)
        states = self.network.first_states(weights, self.first[i])
        return self.network.unroll(weights, None, states, Forcing(self.targets[i], alpha)).outputs

    def loss(self, weights, i):
        return self.loss_and_outputs(weights, i)[0]

    def loss_and_outputs(self, weights, i):
        outputs = self.run(weights, i)
        return jnp.square(outputs - jnp.asarray(self.targets)[i]).mean(), outputs

    def first_update(self):
        """Outputs and gradients of the first batch."""
        both = jax.value_and_grad(lambda w: self.loss_and_outputs(w, 0), has_aux=True)
        (_, outputs), gradients = jax.jit(both)(self.weights("initial"))
        return outputs, gradients

    def optimizer(self):
        options = dict(self.settings["options"])
        rate = options.pop("lr")
        rule = {
            "adam": optax.scale_by_adam,
            "radam": optax.scale_by_radam,
            "sgd": lambda momentum=0.0: optax.trace(momentum),
        }[self.settings["optimizer"]](**options)
        clip = self.settings["clip"]
        first = optax.identity() if clip is None else optax.clip_by_global_norm(clip)
        decay = lambda count: rate * self.settings["gamma"] ** count.astype(float)  # optax's own is float32 only
        return optax.chain(first, rule, optax.scale_by_learning_rate(decay))

    def train(self):
        optimizer, weights = self.optimizer(), self.weights("initial")

        def update(carry, i):
            weights, slots = carry
            loss, gradients = jax.value_and_grad(self.loss)(weights, i)
            moves, slots = optimizer.update(gradients, slots, weights)
            return (optax.apply_updates(weights, moves), slots), loss

        batches = jnp.arange(len(self.losses)) % len(self.targets)
        self.inputs, self.first, self.targets = jax.tree.map(jnp.asarray, (self.inputs, self.first, self.targets))
        (weights, _), losses = jax.jit(lambda w: jax.lax.scan(update, (w, optimizer.init(w)), batches))(weights)
        return weights, losses


def assert_weights(got, expected, tolerance):
    got = flatten(got)
    assert set(got) == set(expected)
    for path, array in expected.items():
        np.testing.assert_allclose(got[path], array, atol=tolerance, rtol=tolerance, err_msg=path)


@pytest.mark.parametrize("name", NAMES)
def test_float64(name):
    with precise():
        reference = Reference(name, np.float64)
        outputs, gradients = reference.first_update()
        np.testing.assert_allclose(outputs, reference.outputs, atol=1e-12)
        assert_weights(gradients, reference.groups["gradient"], 1e-12)
        weights, losses = reference.train()
        tolerance = 1e-5 if name in CLIPPED else 1e-10
        np.testing.assert_allclose(losses, reference.losses, rtol=tolerance)
        assert_weights(weights, reference.groups["trained"], tolerance)
        assert all(v.dtype == np.float64 for v in flatten(weights).values())


@pytest.mark.parametrize("name", NAMES)
def test_float32(name):
    with precise(False):
        reference = Reference(name, np.float32)
        outputs, gradients = reference.first_update()
        np.testing.assert_allclose(outputs, reference.outputs, atol=3e-5, rtol=3e-5)
        assert_weights(gradients, reference.groups["gradient"], 1e-5)
        weights, losses = reference.train()
        np.testing.assert_allclose(losses, reference.losses, rtol=1e-4)
        assert_weights(weights, reference.groups["trained"], 1e-4)
        assert all(v.dtype == np.float32 for v in flatten(weights).values())


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_learned_something(name):
    """Else 50 equal updates would say little."""
    reference = Reference(name, np.float64)
    moved = [np.abs(reference.groups["trained"][p] - v).max() for p, v in reference.groups["initial"].items()]
    assert min(moved) > 1e-2
    assert reference.losses[-5:].mean() < reference.losses[:5].mean()
    assert min(np.abs(v).max() for v in reference.groups["gradient"].values()) > 1e-3
