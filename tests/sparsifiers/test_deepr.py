"""Deep rewiring: signs for good, steps of its own, exact numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn import rng
from sparsernn.masks import Prunable
from sparsernn.models.network import Network, Ports
from sparsernn.models.rnn import RNN
from sparsernn.optimizers.sgd import SGD
from sparsernn.sparsifiers.base import Clock, Snapshot
from sparsernn.sparsifiers.methods.deepr import DeepR
from sparsernn.tasks.adding import Adding
from sparsernn.training.loop import Operands, Trainer, init_carry, segment

PRUNABLES = (Prunable("w", "recurrent", 1, 12, 12),)
CLOCK = Clock(5, 0, 10, 2)


def begun(deepr, seed=0):
    weights = {"w": jnp.asarray(np.random.default_rng(seed).normal(size=(1, 12, 12)), jnp.float32)}
    return deepr.init(jax.random.key(seed), PRUNABLES, CLOCK._replace(step=0), weights), weights


def test_weights_that_cross_zero_go_and_as_many_come_at_zero():
    deepr = DeepR(density=0.25)
    state, weights = begun(deepr)
    crossing = np.zeros((1, 12, 12), bool)
    crossing.flat[np.flatnonzero(state.masks["w"])[:7]] = True
    moved = {"w": jnp.where(state.masks["w"], jnp.where(crossing, -weights["w"], weights["w"]), 0)}
    after, kept, changed = deepr.update_masks(jax.random.key(1), state, Snapshot(CLOCK, moved, moved))
    before, now, w = (np.asarray(a) for a in (state.masks["w"], after.masks["w"], kept["w"]))
    assert now.sum() == before.sum() == 36
    assert (w[crossing] == 0).all()
    stayed = before & ~crossing
    np.testing.assert_array_equal(w[stayed], np.asarray(weights["w"])[stayed])
    assert (w[now & ~stayed] == 0).all()
    np.testing.assert_array_equal(changed["w"], crossing | (now & ~stayed))
    np.testing.assert_array_equal(after.memory["w"], np.where(np.asarray(weights["w"]) < 0, -1, 1))


def test_a_nudge_is_the_pull_to_zero_and_noise_of_the_stated_size():
    state, weights = begun(DeepR(density=0.5))
    mask = np.asarray(state.masks["w"])
    dense = {"w": jnp.where(mask, weights["w"], 0)}
    pulled = DeepR(density=0.5, l1=0.1).nudge(jax.random.key(0), state, dense, 0.5, CLOCK)["w"]
    np.testing.assert_allclose(pulled[mask], (dense["w"] - 0.05 * np.sign(weights["w"]))[mask], rtol=1e-6)
    assert (np.asarray(pulled)[~mask] == 0).all()
    noisy = DeepR(density=0.5, l1=0.0, temperature=0.08)
    shifts = np.stack([noisy.nudge(jax.random.key(k), state, dense, 0.25, CLOCK)["w"] for k in range(200)])
    shifts = shifts - np.asarray(dense["w"])
    assert shifts[:, mask].std() == pytest.approx((2 * 0.25 * 0.08) ** 0.5, rel=0.03)
    assert abs(shifts[:, mask].mean()) < 0.01
    assert (shifts[:, ~mask] == 0).all()


def test_in_a_training_signs_hold_and_the_number_is_exact():
    deepr = DeepR(density=0.3, l1=1e-2, temperature=1e-3)
    network, task = Network((RNN(10),)), Adding(8)
    trainer = Trainer(task, network, Ports(2, 1, False), None, SGD(learning_rate=0.1), deepr, (), 4, 25, 8)
    weights = network.init(rng.key(0, "init"), trainer.ports)
    state = deepr.init(rng.key(0, "masks"), trainer.prunables, trainer.clock(0), weights)
    carry = init_carry(trainer, weights, (), state)
    signs = np.where(np.asarray(weights["cell0"]["recurrent"]) < 0, -1, 1)
    seen = {np.asarray(state.masks["cell0/recurrent"]).tobytes()}
    for step in range(0, 90, 10):
        carry = segment(trainer, Operands(rng.key(0), 0, None, ()), carry, step, step + 10)
        w, mask = (np.asarray(a) for a in (carry.weights["cell0"]["recurrent"], carry.sparse.masks["cell0/recurrent"]))
        assert mask.sum() == 30
        assert (w[~mask] == 0).all()
        assert (w * signs >= 0).all()
        seen.add(mask.tobytes())
    assert len(seen) > 5, "it rewires"
