"""SET and RigL by hand; cosine; what ends when."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable, nonzeros
from sparsernn.sparsifiers.base import Clock, Snapshot, SparseState
from sparsernn.sparsifiers.methods.rigl import rigl
from sparsernn.sparsifiers.methods.set import set_
from sparsernn.sparsifiers.redistribute import ByMagnitude
from sparsernn.sparsifiers.rewirer import Rewirer
from sparsernn.sparsifiers.schedule import PerRound


def moments(rewirer, clock):
    return [s for s in range(clock.horizon + 1) if rewirer.due(clock._replace(step=s))]


def test_set_rewires_after_every_epoch_but_the_last():
    assert moments(set_(), Clock(0, 0, 5, 4)) == [5, 10, 15]


def test_rigl_rewires_every_hundred_steps_until_three_quarters():
    assert moments(rigl(), Clock(0, 0, 100, 8)) == [100, 200, 300, 400, 500]  # 600 = T is no more
    assert rigl().skips_update
    assert not set_().skips_update


def test_rigl_by_hand():
    w = np.zeros((1, 4, 4), np.float32)
    w[0, 0] = [1.0, -2.0, 3.0, -4.0]
    w[0, 1] = [0.5, 5.0, 6.0, 0.25]
    g = np.zeros_like(w)
    g[0, 2], g[0, 0, 0], g[0, 1, 3] = [0.1, -9.0, 0.2, 0.3], 100.0, 5.0
    mask = jnp.asarray(w != 0)
    # fraction .5 at t = 0.2 T: .25 (1 + cos(.2 pi)) = .4523 of 8 is 4 (3.6); dropped .25 .5 1 2
    rewirer = rigl(drop_fraction=0.5, every=10, until=0.5)
    snapshot = Snapshot(Clock(10, 0, 10, 10), {"w": jnp.asarray(w)}, {"w": jnp.asarray(abs(g))}, None)
    state, weights, changed = rewirer.update_masks(jax.random.key(0), SparseState({"w": mask}, ()), snapshot)
    # largest |gradient| among the missing: 9 and those just dropped with 100 and 5 (again, from 0), then .3
    expected = np.array([[[1, 0, 1, 1], [0, 1, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0]]], bool)
    np.testing.assert_array_equal(state.masks["w"], expected)
    kept = np.where(np.isin(np.abs(w), [3, 4, 5, 6]), w, 0)
    np.testing.assert_array_equal(weights["w"], kept)
    np.testing.assert_array_equal(changed["w"], (expected | np.asarray(mask)) & (kept == 0))


def test_cosine_falls_to_nothing_and_counts_are_exact():
    rewirer = Rewirer(drop_fraction=0.4, decay="cosine", density=0.5)
    clock = Clock(0, 0, 10, 10)
    state = rewirer.init(jax.random.key(0), (Prunable("w", "recurrent", 1, 20, 20),), clock, {})
    for k, step in enumerate(moments(rewirer, clock), start=1):
        weights = {"w": jax.random.normal(jax.random.key(step), (1, 20, 20))}
        snapshot = Snapshot(clock._replace(step=step), weights, weights, None)
        before = state.masks["w"]
        state, after, _ = rewirer.update_masks(jax.random.key(step), state, snapshot)
        dropped = int((before & (after["w"] == 0)).sum())
        assert dropped == round(200 * 0.2 * (1 + np.cos(np.pi * k / 10)))
        assert nonzeros(state.masks) == 200


def test_set_drops_the_fraction_of_each_sign():
    clock = Clock(5, 0, 5, 4)
    prunables = (Prunable("w", "recurrent", 1, 20, 20),)
    rewirer = set_(density=0.5, drop_fraction=0.3)
    state = rewirer.init(jax.random.key(0), prunables, clock, {})
    w = jax.random.normal(jax.random.key(1), (1, 20, 20)) + 0.4
    new, after, _ = rewirer.update_masks(jax.random.key(2), state, Snapshot(clock, {"w": w}, {"w": w}, None))
    alive, stay = np.asarray(w[state.masks["w"]]), np.asarray(after["w"][after["w"] != 0])
    positive, negative = np.sort(alive[alive > 0]), np.sort(alive[alive < 0])
    cut = round(60 * len(positive) / 200)
    np.testing.assert_array_equal(np.sort(stay), np.r_[negative[: len(negative) - 60 + cut], positive[cut:]])
    assert nonzeros(new.masks) == 200


def test_random_growth_is_uniform_over_what_is_missing():
    # one weight of a 3 x 3 matrix dropped and grown among all nine places: 900 draws, 100 +- 9.4 each
    clock, rewirer = Clock(5, 0, 5, 4), Rewirer(density=1 / 9, drop_fraction=1.0)
    state = SparseState({"w": jnp.zeros((1, 3, 3), bool).at[0, 1, 1].set(True)}, ())
    w = {"w": jnp.ones((1, 3, 3))}
    draw = jax.jit(jax.vmap(lambda k: rewirer.update_masks(k, state, Snapshot(clock, w, w, None))[0].masks["w"]))
    seen = np.asarray(draw(jax.random.split(jax.random.key(0), 900)), int).sum(axis=0)
    assert seen.sum() == 900
    assert abs(seen - 100).max() < 47


def test_redistribution_moves_weights_to_the_larger_ones():
    prunables = tuple(Prunable(n, "recurrent", 1, 10, 10) for n in "ab")
    rewirer = Rewirer(density=0.3, drop_fraction=0.5, redistribute=ByMagnitude())
    state = rewirer.init(jax.random.key(0), prunables, Clock(0, 0, 5, 4), {})
    weights = {"a": jnp.full((1, 10, 10), 1.0), "b": jnp.full((1, 10, 10), 2.0)}
    new, _, _ = rewirer.update_masks(jax.random.key(1), state, Snapshot(Clock(5, 0, 5, 4), weights, weights, None))
    assert {p: int(m.sum()) for p, m in new.masks.items()} == {"a": 25, "b": 35}  # 15 left each, 30 shared 1 : 2


def test_a_full_matrix_is_rewired_onto_itself():
    rewirer = set_(density=1.0, drop_fraction=0.3)
    clock = Clock(5, 0, 5, 4)
    state = rewirer.init(jax.random.key(0), (Prunable("w", "recurrent", 1, 5, 5),), clock, {})
    w = {"w": jnp.ones((1, 5, 5))}
    new, weights, changed = rewirer.update_masks(jax.random.key(0), state, Snapshot(clock, w, w, None))
    assert nonzeros(new.masks) == 25
    assert int(changed["w"].sum()) == 8 == int((weights["w"] == 0).sum())


@pytest.mark.parametrize(
    "fields",
    [
        {"density": 0.0},
        {"drop_fraction": 1.5},
        {"until": 0.0},
        {"until": 2.0},
        {"decay": "cosine", "schedule": PerRound()},
    ],
)
def test_fields_that_do_not_fit(fields):
    with pytest.raises(SpecError):
        Rewirer(**fields)


@pytest.mark.parametrize(
    "rewirer", [set_(density=0.5), rigl(density=0.5, every=5), Rewirer(redistribute=ByMagnitude())]
)
def test_in_double_precision(rewirer):
    clock, prunables = Clock(5, 0, 5, 4), tuple(Prunable(n, "recurrent", 2, 6, 6) for n in "ab")
    with jax.enable_x64(True):
        state = rewirer.init(jax.random.key(0), prunables, clock, {})
        weights = {n: 1 + 1e-10 * jax.random.normal(jax.random.key(i), (2, 6, 6)) for i, n in enumerate("ab")}
        update = jax.jit(lambda s, w: rewirer.update_masks(jax.random.key(1), s, Snapshot(clock, w, w, None)))
        new, after, _ = update(state, weights)
        assert after["a"].dtype == jnp.float64
        assert nonzeros(new.masks) == nonzeros(state.masks)
        if rewirer.drop != set_().drop:  # float32 would see equal magnitudes
            stay, old = after["a"] != 0, state.masks["a"]
            assert jnp.where(stay, weights["a"], jnp.inf).min() > jnp.where(old & ~stay, weights["a"], -jnp.inf).max()
