"""SNIP through the training loop, against gradients of an Elman network worked out in NumPy."""

import jax
import numpy as np
import pytest

from sparsernn import rng
from sparsernn.errors import SpecError
from sparsernn.models.network import Network, Ports
from sparsernn.models.rnn import RNN
from sparsernn.optimizers.sgd import SGD
from sparsernn.sparsifiers.methods.snip import snip
from sparsernn.sparsifiers.pruner import Pruner
from sparsernn.sparsifiers.schedule import PerRound
from sparsernn.tasks.adding import Adding
from sparsernn.training.loop import Operands, Trainer, init_carry, segment
from sparsernn.weights import flatten

TASK, ALL = Adding(length=5, held_out=4), ("recurrent", "input", "readout")


def gradients(w, x, y):
    """Back-propagation through time of mean squared error at the last step: tanh(W h + U x + b), B h + c."""
    hs = [np.zeros((x.shape[1], w["cell0/bias"].size))]
    for at in x:
        hs.append(np.tanh(hs[-1] @ w["cell0/recurrent"][0].T + at @ w["cell0/input"][0].T + w["cell0/bias"]))
    error = 2 * (hs[-1] @ w["readout/weights"][0].T + w["readout/bias"] - y) / y.size
    found = {"cell0/recurrent": 0, "cell0/input": 0, "readout/weights": error.T @ hs[-1]}
    back = error @ w["readout/weights"][0]
    for t in range(len(x), 0, -1):
        drive = back * (1 - hs[t] ** 2)
        found["cell0/recurrent"] += drive.T @ hs[t - 1]
        found["cell0/input"] += drive.T @ x[t - 1]
        back = drive @ w["cell0/recurrent"][0]
    return {path: g[None] for path, g in found.items()}


@pytest.fixture(scope="module")
def begun():
    """The dense weights, the first batch, and what SNIP makes of them after one and after two updates, by scope."""
    with jax.enable_x64(True):
        found = {}
        for scope in ("global", "matrix"):
            sparsifier = snip(density=0.3, where=ALL, scope=scope)
            optimizer = SGD(learning_rate=0.1, decay="constant")
            trainer = Trainer(TASK, Network((RNN(6),)), Ports(2, 1, False), None, optimizer, sparsifier, (), 2, 3, 4)
            weights = trainer.network.init(rng.key(0, "init"), trainer.ports)
            sparse = sparsifier.init(rng.key(0, "masks"), trainer.prunables, trainer.clock(0), weights)
            carry = init_carry(trainer, weights, (), sparse)
            operands = Operands(rng.key(0), 0, None, ())
            found[scope] = [segment(trainer, operands, carry, 0, steps) for steps in (1, 2)]
        batch = TASK.batch(None, rng.named(operands.root, "batch", 0), 4)
        flat = {k: np.asarray(v, float) for k, v in flatten(weights).items()}
        return flat, np.asarray(batch.inputs, float), np.asarray(batch.targets, float), found


def test_the_weights_of_largest_sensitivity_stay(begun):
    weights, x, y, found = begun
    sensitivity = {path: np.abs(g * weights[path]) for path, g in gradients(weights, x, y).items()}
    everything = np.sort(np.concatenate([s.ravel() for s in sensitivity.values()]))
    kept = round(0.3 * everything.size)
    masks = found["global"][0].sparse.masks
    assert sum(int(m.sum()) for m in masks.values()) == kept == 16  # of 36 + 12 + 6
    for path, score in sensitivity.items():
        np.testing.assert_array_equal(masks[path], score >= everything[-kept], err_msg=path)
        alone = found["matrix"][0].sparse.masks[path]
        own = round(0.3 * score.size)
        np.testing.assert_array_equal(alone, score >= np.sort(score.ravel())[-own], err_msg=path)


def test_the_first_step_prunes_and_moves_nothing_and_the_second_trains(begun):
    weights, _, _, found = begun
    after, trained = (flatten(carry.weights) for carry in found["global"])
    masks = found["global"][0].sparse.masks
    for path, w in weights.items():
        np.testing.assert_array_equal(after[path], w * np.asarray(masks.get(path, 1)), err_msg=path)
        assert (np.asarray(trained[path]) != after[path]).any(), path
        assert path not in masks or not np.asarray(trained[path])[~np.asarray(masks[path])].any()


def test_no_update_can_be_left_out_between_trainings():
    with pytest.raises(SpecError, match="skips_update"):
        Pruner(PerRound(), drop_fraction=0.2, skips_update=True)
