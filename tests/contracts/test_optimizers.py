"""The contract of an optimizer, over its registry."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from sparsernn.errors import SpecError
from sparsernn.masks import Prunable
from sparsernn.operands import join, split
from sparsernn.optimizers import OPTIMIZERS
from sparsernn.optimizers.adam import Adam
from sparsernn.optimizers.adamw import AdamW
from sparsernn.optimizers.averaging import Averaging
from sparsernn.optimizers.base import AbstractOptimizer
from sparsernn.optimizers.sgd import SGD
from sparsernn.spec import build, plain

MATRIX = (Prunable("m", "recurrent", 1, 2, 2),)


@pytest.fixture(params=OPTIMIZERS)
def name(request):
    return request.param


@pytest.fixture
def optimizer(name):
    fields = {"learning_rate": [0.1, 0.01], "decay": "cosine", "clip_norm": 2.0, "weight_decay": None}
    return build(AbstractOptimizer, {name: fields})


def down(optimizer, weights, gradient, steps):
    """`steps` steps; gradient: a function of the weights."""
    state = optimizer.init((weights, ()), {})

    @jax.jit
    def step(weights, state):
        found = (gradient(weights), ())
        norm = optax.tree_utils.tree_norm(found)
        (weights, _), state = optimizer.move(found, norm, state, (weights, ()), optimizer.rate(0, 1), MATRIX)
        return weights, state

    for _ in range(steps):
        weights, state = step(weights, state)
    return weights, state


def test_round_trips(name):
    full = {
        "learning_rate": [0.1, 0.01],
        "clip_norm": 2.0,
        "weight_decay": 1e-3,
        "groups": [{"where": ["recurrent"], "learning_rate_factor": 0.1, "clip_norm": 1.0}],
        "plateau": {"divisor": 2},
        "averaging": {},
    }
    for fields in ({}, full):
        optimizer = build(AbstractOptimizer, {name: fields})
        again = build(AbstractOptimizer, plain(optimizer))
        assert again == optimizer
        assert hash(again) == hash(optimizer)
        assert join(*split(optimizer)) == optimizer


def test_every_optimizer_descends(optimizer):
    """Towards the minimum of a bowl, from every side."""
    target = jnp.array([1.0, -2.0, 0.5])
    weights, _ = down(optimizer, {"m": jnp.zeros(3)}, lambda w: {"m": w["m"] - target}, 150)
    assert float(jnp.abs(weights["m"] - target).max()) < 0.35
    assert (jnp.abs(weights["m"] - target) < jnp.abs(target)).all()


def test_a_step_ends_where_optax_ends(optimizer):
    weights = {"m": jnp.array([[1.0, -2.0], [0.0, 3.0]])}
    bowl = lambda w: {"m": 0.3 * w["m"]}
    mine, _ = down(optimizer, weights, bowl, 5)
    clip, rule = optax.clip_by_global_norm(2.0), optax.chain(optimizer.rule(), optax.scale(-0.1))
    state = rule.init(weights)
    for _ in range(5):
        moves, state = rule.update(clip.update(bowl(weights), clip.init(weights))[0], state)
        weights = optax.apply_updates(weights, moves)
    np.testing.assert_allclose(mine["m"], weights["m"], rtol=2e-6)


@pytest.mark.parametrize("decay", ["constant", "exponential", "cosine"])
def test_rates_begin_at_the_first_and_never_pass_the_last(name, decay):
    made = build(AbstractOptimizer, {name: {"learning_rate": [0.2, 0.002], "decay": decay}})
    rates = np.array([float(made.rate(e, 7)) for e in range(8)])
    assert rates[0] == pytest.approx(0.2)
    assert rates[-1] == pytest.approx(0.2 if decay == "constant" else 0.002, rel=1e-5)
    assert (np.diff(rates) <= 0).all()
    np.testing.assert_allclose(jax.jit(lambda e: made.rate(e, 7))(jnp.int32(3)), rates[3], rtol=1e-6)
    single = build(AbstractOptimizer, {name: {"learning_rate": 0.3, "decay": decay}})
    assert [float(single.rate(e, 7)) for e in (0, 6)] == pytest.approx([0.3, 0.3])


def test_clips():
    gradients = {"a": jnp.array([3.0, 0.0]), "b": jnp.array([[-4.0]])}
    norm = optax.tree_utils.tree_norm(gradients)
    assert float(norm) == 5
    by_norm = SGD(clip_norm=1.0).clip(gradients, norm)
    np.testing.assert_allclose(by_norm["a"], [0.6, 0], rtol=1e-6)
    np.testing.assert_allclose(by_norm["b"], [[-0.8]], rtol=1e-6)
    np.testing.assert_array_equal(SGD(clip_norm=6.0).clip(gradients, norm)["a"], gradients["a"])
    np.testing.assert_array_equal(SGD(clip_value=2.0).clip(gradients, norm)["b"], [[-2.0]])
    nothing = {"a": jnp.zeros(2)}
    np.testing.assert_array_equal(SGD(clip_norm=1.0).clip(nothing, jnp.zeros(()))["a"], [0, 0])


def test_state_is_forgotten_where_marked_only(optimizer):
    weights = {"m": jnp.ones((2, 2)), "b": jnp.ones(3)}
    _, state = down(optimizer, weights, lambda w: jax.tree.map(jnp.ones_like, w), 3)
    marks = jnp.array([[True, False], [False, True]])
    after = optimizer.forget(state, (weights, ()), {"m": marks})
    assert jax.tree.structure(after) == jax.tree.structure(state)
    for old, new in zip(jax.tree.leaves(state), jax.tree.leaves(after), strict=True):
        expected = np.where(marks, 0, old) if np.shape(old) == (2, 2) else old
        np.testing.assert_array_equal(new, expected)


def test_masked_entries_stay_where_they_are(name):
    """At 0 with a gradient of 0, decay and groups or not."""
    fields = {"weight_decay": 0.1, "groups": [{"where": ["recurrent"], "learning_rate_factor": 2.0, "clip_norm": 1.0}]}
    optimizer = build(AbstractOptimizer, {name: {"learning_rate": 0.1} | fields})
    mask = jnp.array([[1.0, 0.0], [0.0, 1.0]])
    weights, _ = down(optimizer, {"m": mask}, lambda w: {"m": mask}, 4)
    assert (np.asarray(weights["m"] == 0) == (mask == 0)).all()


def test_decay_stands_beside_the_rule(name):
    """Without a gradient weights shrink by 1 - eta * decay a step, whatever the rule."""
    optimizer = build(AbstractOptimizer, {name: {"learning_rate": 0.1, "weight_decay": 0.5}})
    weights, _ = down(optimizer, {"m": jnp.full(3, 2.0)}, lambda w: {"m": jnp.zeros(3)}, 2)
    np.testing.assert_allclose(weights["m"], 2 * 0.95**2, rtol=1e-6)


def test_adamw_is_adam_with_a_decay():
    bowl = lambda w: {"m": w["m"] - 1}
    ours, _ = down(AdamW(0.1), {"m": jnp.array([0.0, 3.0])}, bowl, 5)
    same, _ = down(Adam(0.1, weight_decay=0.01), {"m": jnp.array([0.0, 3.0])}, bowl, 5)
    np.testing.assert_array_equal(ours["m"], same["m"])
    weights, rule = {"m": jnp.array([0.0, 3.0])}, optax.adamw(0.1, weight_decay=0.01)
    state = rule.init(weights)
    for _ in range(5):
        moves, state = rule.update(bowl(weights), state, weights)
        weights = optax.apply_updates(weights, moves)
    np.testing.assert_allclose(ours["m"], weights["m"], rtol=1e-6)


def test_validation_leaves_the_shapes_and_types_of_the_state(name):
    optimizer = build(AbstractOptimizer, {name: {"plateau": {}, "averaging": {"checks": 2}}})
    state = optimizer.init(({"m": jnp.ones((1, 2, 2))}, ()), {"m": jnp.ones((1, 2, 2), bool)})
    after = state
    for worth in (3.0, 2.0, float("inf"), 4.0):
        after = optimizer.after_validation(after, worth, 7)
    assert jax.tree.structure(after) == jax.tree.structure(state)
    assert [(a.shape, a.dtype, a.weak_type) for a in jax.tree.leaves(after)] == [
        (a.shape, a.dtype, a.weak_type) for a in jax.tree.leaves(state)
    ]
    assert optimizer.needs_validation
    assert not build(AbstractOptimizer, name).needs_validation


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"learning_rate": 0.0}, "positive"),
        ({"learning_rate": [0.1, -0.1]}, "positive"),
        ({"clip_norm": 0}, "clip_norm"),
        ({"clip_value": -1}, "clip_value"),
        ({"clip_norm": 1, "clip_value": 1}, "not by both"),
        ({"weight_decay": -1}, "weight_decay"),
        ({"decay": "linear"}, "decay"),
        ({"learning_rte": 1}, "did you mean"),
        ({"groups": [{"learning_rate_factor": 1}]}, "groups.0.where: missing"),
        ({"groups": [{"where": []}]}, "name at least one"),
        ({"groups": [{"where": ["input"], "learning_rate_factor": -1}]}, "learning_rate_factor"),
        ({"groups": [{"where": ["input"], "clip_norm": 0}]}, "clip_norm"),
        ({"plateau": {"divisor": 1}}, "divisor"),
        ({"averaging": {"checks": 0}}, "checks"),
    ],
)
def test_bad_optimizers(name, fields, said):
    with pytest.raises(SpecError, match=said):
        build(AbstractOptimizer, {name: fields})


def test_momentum_has_bounds():
    for momentum in (-0.1, 1.0):
        with pytest.raises(SpecError, match="momentum"):
            SGD(momentum=momentum)
    with pytest.raises(SpecError) as caught:
        SGD(momentum=2, learning_rate=-1)
    assert len(caught.value.problems) == 2
    assert SGD(averaging=Averaging()).averaging.checks == 5
