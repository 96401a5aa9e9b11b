"""The contracts of optimizers and forcings, over their registries."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from sparsernn.errors import SpecError
from sparsernn.spec import build, plain
from sparsernn.tasks.base import Batch
from sparsernn.training import FORCINGS, OPTIMIZERS
from sparsernn.training.forcing import AbstractForcing, Generalized, SparseIdentity, plan
from sparsernn.training.optimizers import SGD, AbstractOptimizer, forget


@pytest.fixture(params=OPTIMIZERS)
def optimizer(request):
    return build(
        AbstractOptimizer, {request.param: {"learning_rate": [0.1, 0.01], "decay": "cosine", "clip_norm": 2.0}}
    )


@pytest.fixture(params=FORCINGS)
def forcing(request):
    return build(AbstractForcing, request.param)


def test_round_trips(optimizer, forcing):
    for family, part in ((AbstractOptimizer, optimizer), (AbstractForcing, forcing)):
        again = build(family, plain(part))
        assert again == part
        assert hash(again) == hash(part)


def test_every_optimizer_descends(optimizer):
    """Towards the minimum of a bowl, from every side."""
    target = jnp.array([1.0, -2.0, 0.5])
    weights, rule = jnp.zeros(3), optimizer.rule()
    slots = rule.init(weights)
    for _ in range(150):
        gradient = weights - target
        norm = optax.tree_utils.tree_norm(gradient)
        steps, slots = rule.update(optimizer.clip(gradient, norm), slots, weights)
        weights = weights - optimizer.rate(0, 1) * steps
    assert float(jnp.abs(weights - target).max()) < 0.35
    assert (jnp.abs(weights - target) < jnp.abs(target)).all()


@pytest.mark.parametrize("decay", ["constant", "exponential", "cosine"])
def test_rates_begin_at_the_first_and_never_pass_the_last(optimizer, decay):
    made = build(AbstractOptimizer, {next(iter(plain(optimizer))): {"learning_rate": [0.2, 0.002], "decay": decay}})
    rates = np.array([float(made.rate(e, 7)) for e in range(8)])
    assert rates[0] == pytest.approx(0.2)
    assert rates[-1] == pytest.approx(0.2 if decay == "constant" else 0.002, rel=1e-5)
    assert (np.diff(rates) <= 0).all()
    np.testing.assert_allclose(jax.jit(lambda e: made.rate(e, 7))(jnp.int32(3)), rates[3], rtol=1e-6)
    single = build(AbstractOptimizer, {next(iter(plain(optimizer))): {"learning_rate": 0.3, "decay": decay}})
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


def test_slots_are_forgotten_where_marked_only(optimizer):
    weights = {"m": jnp.ones((2, 2)), "b": jnp.ones(3)}
    rule = optimizer.rule()
    slots = rule.init(weights)
    for _ in range(3):
        _, slots = rule.update(weights, slots, weights)
    marks = {"m": jnp.array([[True, False], [False, True]]), "b": jnp.zeros((), bool)}
    after = forget(rule, slots, marks)
    assert jax.tree.structure(after) == jax.tree.structure(slots)
    for old, new in zip(jax.tree.leaves(slots), jax.tree.leaves(after), strict=True):
        expected = np.where(marks["m"], 0, old) if np.shape(old) == (2, 2) else old
        np.testing.assert_array_equal(new, expected)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"learning_rate": 0.0}, "positive"),
        ({"learning_rate": [0.1, -0.1]}, "positive"),
        ({"clip_norm": 0}, "clip_norm"),
        ({"clip_value": -1}, "clip_value"),
        ({"clip_norm": 1, "clip_value": 1}, "not by both"),
        ({"decay": "linear"}, "decay"),
        ({"learning_rte": 1}, "did you mean"),
    ],
)
def test_bad_optimizers(optimizer, fields, said):
    with pytest.raises(SpecError, match=said):
        build(AbstractOptimizer, {next(iter(plain(optimizer))): fields})


def test_momentum_has_bounds():
    for momentum in (-0.1, 1.0):
        with pytest.raises(SpecError, match="momentum"):
            SGD(momentum=momentum)
    with pytest.raises(SpecError) as caught:
        SGD(momentum=2, learning_rate=-1)
    assert len(caught.value.problems) == 2


def test_forcings_lie_between_nothing_and_everything(forcing):
    alphas = np.asarray(forcing.alphas(40))
    assert alphas.shape == (40,)
    assert ((alphas >= 0) & (alphas <= 1)).all()
    assert alphas.max() > 0
    np.testing.assert_array_equal(forcing.alphas(25), alphas[:25])


def test_sparse_identity_and_generalized():
    np.testing.assert_array_equal(SparseIdentity(3).alphas(7), [0, 0, 1, 0, 0, 1, 0])
    np.testing.assert_array_equal(SparseIdentity(1).alphas(3), [1, 1, 1])
    np.testing.assert_allclose(Generalized(0.2).alphas(3), [0.2] * 3, rtol=1e-6)
    for wrong in (lambda: SparseIdentity(0), lambda: Generalized(1.5), lambda: Generalized(-0.1)):
        with pytest.raises(SpecError):
            wrong()


def test_plan_signals_the_targets():
    batch = Batch(None, jnp.arange(24.0).reshape(4, 3, 2), None)
    signal, alpha = plan(SparseIdentity(2), batch)
    np.testing.assert_array_equal(signal, batch.targets)
    np.testing.assert_array_equal(alpha, [0, 1, 0, 1])
    np.testing.assert_array_equal(plan(None, batch).alpha, [0, 0, 0, 0])
