"""The four methods of Zhang et al. 2023 against NumPy programs written from their formulas, over several epochs.

What a training does to weights is a drift; the draws are those of the methods (from their keys), what is made of them
is not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.masks import Prunable
from sparsernn.models.network import Network, Ports
from sparsernn.models.rnn import RNN
from sparsernn.optimizers.adam import Adam
from sparsernn.rng import named
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock, Snapshot
from sparsernn.sparsifiers.names import method_name
from sparsernn.spec import build
from sparsernn.tasks.adding import Adding
from sparsernn.training.loop import Trainer, adopt, init_carry

W = (Prunable("w", "recurrent", 1, 24, 24),)
CLOCK = Clock(0, 0, 10, 21)
FIRST = np.random.default_rng(10**6).normal(size=(1, 24, 24)).astype(np.float32)


def drift(step):
    return (np.random.default_rng(step).normal(size=(1, 24, 24)) * 0.2).astype(np.float32)


def moments(method):
    return [s for s in range(1, CLOCK.horizon + 1) if bool(method.due(CLOCK._replace(step=s)))]


def walk(method, steps, reference):
    """Both beside each other. `reference(step, key, weights, mask)` gives the new weights and mask."""
    state = method.init(jax.random.key(0), W, CLOCK, {"w": jnp.asarray(FIRST)})
    mask = np.asarray(state.masks["w"])
    weights, w = {"w": jnp.asarray(FIRST * mask)}, FIRST * mask
    for step in steps:
        at, key = CLOCK._replace(step=step), jax.random.key(step)
        weights = {"w": (weights["w"] + drift(step)) * state.masks["w"]}
        weights = method.nudge(key, state, weights, 0.1, at)
        w, mask = reference(step, key, (w + drift(step)) * mask, mask)
        if method.due(at):
            state, weights, _ = method.update_masks(key, state, Snapshot(at, weights, weights))
        np.testing.assert_array_equal(state.masks["w"], mask)
        np.testing.assert_allclose(weights["w"], w, rtol=1e-5, atol=1e-6)
    return mask


def grown(key, missing, count):
    bits = np.where(missing, np.asarray(jax.random.bits(named(key, "grow", "w"), (1, 24, 24))).astype(np.int64), -1)
    chosen = np.zeros(bits.size, bool)
    chosen[np.argsort(bits.ravel())[bits.size - count :]] = True
    return chosen.reshape(bits.shape)


def of_preset(name, **fields):
    return build(AbstractSparsifier, {name: fields})


def test_pruning_two():
    method = of_preset("zhang2023_pruning2", density=0.05, begin=5 / 21)
    assert moments(method) == [60, 70, 80, 90, 100], "after epoch 5 up to half of 21, rounded to even"

    def reference(step, key, w, mask):
        t = step // 10 - 5
        if step % 10 or not 1 <= t <= 5:
            return w, mask
        kept = round(576 * 0.05) + (576 - round(576 * 0.05)) * (1 - t / 5) ** 3
        mask = mask & (abs(w) >= np.sort(abs(w).ravel())[576 - round(kept)])
        return w * mask, mask

    assert walk(method, range(10, 220, 10), reference).sum() == round(576 * 0.05)


def test_set():
    method = of_preset("zhang2023_set", density=0.2, drop_fraction=0.2)
    assert moments(method) == list(range(10, 210, 10))

    def reference(step, key, w, mask):
        if step == 210:
            return w, mask
        positive, negative = np.sort(w[w > 0]), np.sort(w[w < 0])
        total = round(0.2 * mask.sum())
        first = round(total * len(positive) / (len(positive) + len(negative)))
        core = mask & ((w > positive[first - 1]) | (w < negative[len(negative) - (total - first)]))
        assert core.sum() == mask.sum() - total
        return w * core, core | grown(key, ~core, total)

    assert walk(method, range(10, 220, 10), reference).sum() == round(576 * 0.2)


def test_deep_rewiring_after_every_update():
    method = build(AbstractSparsifier, {"deepr": {"density": 0.2, "l1": 0.3, "temperature": 0.02}})
    sign = np.where(FIRST < 0, -1, 1)

    def reference(step, key, w, mask):
        noise = np.asarray(jax.random.normal(named(key, "w"), w.shape))
        w = np.where(mask, w - 0.1 * 0.3 * sign + np.sqrt(2 * 0.1 * 0.02) * noise, 0)
        active = mask & (w * sign >= 0)
        return w * active, active | grown(key, ~active, round(576 * 0.2) - active.sum())

    assert moments(method) == list(range(1, 210))
    walk(method, range(1, 30), reference)


@pytest.mark.parametrize(
    ("form", "first", "newborn"),
    [
        ({"deepr_epoch": {"density": 0.2, "l1": 1e-2, "noise": 1e-2}}, 115, 0),
        ({"zhang2023_deepr": {"density": 0.2, "l1": 1e-2, "noise": 1e-2}}, 106, 1e-12),
    ],
)
def test_deep_rewiring_once_an_epoch(form, first, newborn):
    method = build(AbstractSparsifier, form)
    sign = np.where(FIRST < 0, -1, 1)
    assert moments(method) == list(range(10, 210, 10))
    begun = method.init(jax.random.key(0), W, CLOCK, {"w": jnp.asarray(FIRST)}).masks["w"].sum()
    assert abs(int(begun) - first) <= (0 if newborn == 0 else 12), "with replacement: 576 (1 - (1 - 1/576)^115) = 104"
    assert newborn == 0 or int(begun) < 115

    def reference(step, key, w, mask):
        if step % 10 or step == 210:
            return w, mask
        noise = np.asarray(jax.random.normal(named(key, "w"), w.shape))
        w = np.where(mask, w + 1e-2 * noise - 1e-2 * sign, 0)
        active = mask & (w * sign > 0)
        new = grown(key, ~active, 115 - active.sum())
        return np.where(new, newborn * sign, w * active), active | new

    walk(method, range(5, 215, 5), reference)


def test_new_connections_of_the_published_form_have_a_size_and_a_sign():
    method = of_preset("zhang2023_deepr", density=0.2)
    state = method.init(jax.random.key(0), W, CLOCK, {"w": jnp.asarray(FIRST)})
    crossed = {"w": jnp.where(state.masks["w"], -FIRST, 0)}
    after, w, _ = method.update_masks(jax.random.key(1), state, Snapshot(CLOCK._replace(step=10), crossed, crossed))
    new = np.asarray(after.masks["w"])
    np.testing.assert_array_equal(np.asarray(w["w"])[new], np.where(FIRST < 0, -1, 1)[new] * np.float32(1e-12))


@pytest.mark.parametrize("name", ["pruning1", "pruning2", "deepr", "set"])
def test_presets_restart_the_optimizer_and_have_names(name):
    method = of_preset(f"zhang2023_{name}")
    assert method.restarts_optimizer
    assert not method.of.restarts_optimizer, "the library's own does not"
    assert method_name(method) == f"zhang2023 {name}"
    assert method.where == ("recurrent",)


@pytest.mark.parametrize("form", ["set", {"restarting": {"of": "set"}}])
def test_where_masks_change_the_optimizer_begins_anew_if_it_is_asked_to(form):
    network = Network((RNN(6),))
    sparsifier = build(AbstractSparsifier, form)
    trainer = Trainer(Adding(4), network, Ports(2, 1, False), None, Adam(), sparsifier, (), 4, 5, 8)
    weights = network.init(jax.random.key(0), trainer.ports)
    sparse = sparsifier.init(jax.random.key(0), trainer.prunables, trainer.clock(0), weights)
    carry = init_carry(trainer, weights, (), sparse)
    used = carry._replace(opt_state=jax.tree.map(lambda a: a + 1, carry.opt_state))
    changed = {"cell0/recurrent": jnp.zeros((1, 6, 6), bool).at[0, 0, 0].set(True)}
    after = adopt(trainer, used, sparse, weights, changed)
    ones = sum(int((leaf == 1).sum()) for leaf in jax.tree.leaves(after.opt_state))
    everything = sum(leaf.size for leaf in jax.tree.leaves(used.opt_state))
    assert ones == (0 if form != "set" else everything - 2), "both moments of the one weight, or all"


def test_a_restarted_optimizer_is_as_new():
    adam = Adam()
    parameters = ({"w": jnp.ones(3), "readout": jnp.ones(2)}, ())
    state = adam.init(parameters, {})
    gradients = jax.tree.map(jnp.ones_like, parameters)
    _, moved = adam.move(gradients, jnp.ones(()), state, parameters, jnp.ones(()), ())
    assert any(np.any(a != b) for a, b in zip(jax.tree.leaves(moved), jax.tree.leaves(state), strict=True))
    jax.tree.map(np.testing.assert_array_equal, adam.restart(moved, parameters), state)
