"""The contract of a regularizer, over the whole registry."""

import sys
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn import rng
from sparsernn.errors import SpecError
from sparsernn.masks import Prunable, chosen
from sparsernn.regularizers import REGULARIZERS
from sparsernn.regularizers.base import AbstractRegularizer, Strength
from sparsernn.regularizers.l1 import L1
from sparsernn.spec import build, plain, scaling
from sparsernn.training.matching import strengths
from sparsernn.weights import get

PRUNABLES = (
    Prunable("cell0/recurrent", "recurrent", 2, 3, 3),
    Prunable("cell0/input", "input", 2, 3, 4),
    Prunable("readout/weights", "readout", 1, 5, 3),
)


def weights():
    draw = np.random.default_rng(0).normal
    return {
        "cell0": {"recurrent": draw(size=(2, 3, 3)), "input": draw(size=(2, 3, 4)), "bias": draw(size=3)},
        "readout": {"weights": draw(size=(1, 5, 3)), "bias": draw(size=5)},
    }


@dataclass(frozen=True)
class SpectralNorm(AbstractRegularizer):
    """Of the first recurrent gate, as ``u W v`` with vectors of a power iteration that no gradient moves; and a trained
    scale, which one does. Only here: a penalty with every kind of array."""

    strength: Strength = 1.0
    scales = scaling("strength")
    stopped = ("u", "v")

    def init(self, key, prunables):
        (p,) = chosen(prunables, ("recurrent",))
        u, v = (jax.random.normal(k, (n,)) for k, n in zip(jax.random.split(key), (p.target, p.source), strict=True))
        unit = lambda a: a / jnp.linalg.norm(a)
        return {"u": unit(u), "v": unit(v), "scale": jnp.ones(())}, {"floor": jnp.full((), 0.5)}

    def advance(self, trained, fixed, weights, prunables):
        matrix = get(weights, "cell0/recurrent")[0]
        v = matrix.T @ trained["u"]
        v = v / (jnp.linalg.norm(v) + 1e-12)
        u = matrix @ v
        return trained | {"v": v, "u": u / (jnp.linalg.norm(u) + 1e-12)}

    def penalty(self, trained, fixed, weights, prunables):
        along = trained["u"] @ get(weights, "cell0/recurrent")[0] @ trained["v"]
        return fixed["floor"] + trained["scale"] ** 2 * along**2


@dataclass(frozen=True)
class Straight(AbstractRegularizer):
    """Counts what is not 0, with the gradient of |W|: on purpose not its derivative. Only here."""

    strength: Strength = 1.0
    scales = scaling("strength")
    surrogate = True

    def penalty(self, trained, fixed, weights, prunables):
        matrix = get(weights, "cell0/recurrent")
        size = jnp.abs(matrix).sum()
        return jax.lax.stop_gradient((matrix != 0).sum() - size) + size


HERE = {"spectral_norm": SpectralNorm, "straight": Straight}


@pytest.fixture(params=[*REGULARIZERS, *HERE])
def regularizer(request, monkeypatch):
    if request.param in HERE:  # correct parts that the suite must let through
        cls = HERE[request.param]
        monkeypatch.setitem(sys.modules, cls.__module__, sys.modules[__name__])
        monkeypatch.setitem(REGULARIZERS, request.param, f"{cls.__module__}:{cls.__qualname__}")
    return build(AbstractRegularizer, {request.param: {"strength": 0.5}})


@pytest.fixture
def double():
    with jax.enable_x64(True):
        yield


def value(regularizer, weights):
    trained, fixed = regularizer.init(jax.random.key(0), PRUNABLES)
    return regularizer.penalty(regularizer.still(trained), fixed, weights, PRUNABLES)


def test_round_trip_and_hash(regularizer):
    again = build(AbstractRegularizer, plain(regularizer))
    assert again == regularizer
    assert hash(again) == hash(regularizer)
    assert plain(replace(regularizer, strength=1.0)) != plain(regularizer)


def test_penalty_is_a_finite_scalar_without_the_strength(regularizer, double):
    found = value(regularizer, weights())
    assert found.shape == ()
    assert np.isfinite(found)
    assert found > 0
    assert value(replace(regularizer, strength=3.0), weights()) == found


def test_penalty_is_pure_and_compiles(regularizer, double):
    given = weights()
    copy = jax.tree.map(np.copy, given)
    one, two = value(regularizer, given), jax.jit(lambda w: value(regularizer, w))(given)
    assert float(one) == pytest.approx(float(two), rel=1e-12)
    jax.tree.map(np.testing.assert_array_equal, given, copy)


def test_gradient_is_finite_everywhere_and_right(regularizer, double):
    gradient = jax.grad(lambda w: value(regularizer, w))
    zero = gradient(jax.tree.map(lambda a: jnp.zeros_like(a), weights()))
    assert all(np.isfinite(g).all() for g in jax.tree.leaves(zero)), "masked weights are exactly 0"
    if regularizer.surrogate:
        assert all(np.isfinite(g).all() for g in jax.tree.leaves(gradient(weights())))
        return
    direction = jax.tree.map(lambda a: np.random.default_rng(1).normal(size=a.shape), weights())
    slope = sum(np.vdot(g, d) for g, d in zip(*map(jax.tree.leaves, (gradient(weights()), direction)), strict=True))
    moved = lambda h: float(value(regularizer, jax.tree.map(lambda w, d: w + h * d, weights(), direction)))
    assert float(slope) == pytest.approx((moved(1e-6) - moved(-1e-6)) / 2e-6, rel=1e-6)


def test_gradient_of_trained_arrays_is_finite_and_right(regularizer, double):
    trained, fixed = regularizer.init(jax.random.key(0), PRUNABLES)
    trained = jax.tree.map(lambda a: jnp.asarray(a, float), trained)
    penalty = lambda t: regularizer.penalty(regularizer.still(t), fixed, weights(), PRUNABLES)
    gradient = jax.grad(penalty)(trained)
    for name in regularizer.stopped:
        assert not np.any(gradient[name]), f"stopped names {name}"
    assert all(np.isfinite(g).all() for g in jax.tree.leaves(gradient)), "a root at 0 (a unit and itself)?"
    direction = jax.tree.map(lambda a: np.random.default_rng(1).normal(size=a.shape), trained)
    direction |= {name: np.zeros(np.shape(trained[name])) for name in regularizer.stopped}
    slope = sum(np.vdot(g, d) for g, d in zip(*map(jax.tree.leaves, (gradient, direction)), strict=True))
    moved = lambda h: float(penalty(jax.tree.map(lambda t, d: t + h * d, trained, direction)))
    assert float(slope) == pytest.approx((moved(1e-6) - moved(-1e-6)) / 2e-6, rel=1e-6, abs=1e-9)


def test_init_and_retract(regularizer):
    """Arrays come from the key alone, and retracting what already lies right moves nothing."""
    one, two = (regularizer.init(jax.random.key(4), PRUNABLES) for _ in range(2))
    jax.tree.map(np.testing.assert_array_equal, one, two)
    trained, _ = one
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), regularizer.retract(trained), trained)


def test_advance_is_pure_and_keeps_shapes(regularizer, double):
    """Also of weights that are all 0; what no gradient moves must be moved by something."""
    trained, fixed = regularizer.init(jax.random.key(4), PRUNABLES)
    copies = jax.tree.map(np.copy, (trained, fixed))
    for given in (weights(), jax.tree.map(np.zeros_like, weights())):
        found = regularizer.advance(trained, fixed, given, PRUNABLES)
        again = jax.jit(lambda t, f, w: regularizer.advance(t, f, w, PRUNABLES))(trained, fixed, given)
        assert jax.tree.structure(found) == jax.tree.structure(trained)
        for new, same, old in zip(*map(jax.tree.leaves, (found, again, trained)), strict=True):
            assert np.shape(new) == np.shape(old)
            assert np.isfinite(new).all()
            np.testing.assert_allclose(new, same, rtol=1e-9, atol=1e-12)
    moved = regularizer.advance(trained, fixed, weights(), PRUNABLES)
    assert all((np.asarray(moved[name]) != np.asarray(trained[name])).any() for name in regularizer.stopped)
    jax.tree.map(np.testing.assert_array_equal, (trained, fixed), copies)


def test_its_strength_can_be_matched(regularizer):
    to = {"match": {"to": {"l1": {"strength": 0.3}}}}
    (name,) = plain(regularizer)
    matched = build(AbstractRegularizer, {name: {"strength": to}})
    assert build(AbstractRegularizer, plain(matched)) == matched
    assert plain(matched)[name]["strength"]["match"]["at"] == "init"
    one = jax.tree.map(jnp.asarray, weights())
    found, _ = strengths([matched, L1(0.3)], 0, one, PRUNABLES)
    trained, fixed = matched.init(rng.key(0, "regularizer", 0), PRUNABLES)
    equal = found * float(matched.penalty(trained, fixed, one, PRUNABLES))
    assert equal == pytest.approx(0.3 * float(jnp.abs(one["cell0"]["recurrent"]).sum()), rel=1e-5)


@pytest.mark.parametrize("bad", [-0.1, float("nan")])
def test_strength_must_not_be_negative(regularizer, bad):
    with pytest.raises(SpecError, match=r"strength must not be negative|strength: input should be a finite number"):
        replace(regularizer, strength=bad)


@pytest.mark.parametrize(("name", "law"), [("l1", np.abs), ("l2", np.square)])
def test_plain_norms(name, law, double):
    given = weights()
    matrices = {
        "recurrent": given["cell0"]["recurrent"],
        "input": given["cell0"]["input"],
        "readout": given["readout"]["weights"],
    }
    for where in (["recurrent"], ["input", "readout"], ["cell0/recurrent", "readout/weights"]):
        picked = [
            m
            for role, m in matrices.items()
            if role in where or {"recurrent": "cell0/recurrent", "readout": "readout/weights"}.get(role) in where
        ]
        total, size = sum(law(m).sum() for m in picked), sum(m.size for m in picked)
        for reduction, expected in (("sum", total), ("mean", total / size)):
            made = build(AbstractRegularizer, {name: {"where": where, "reduction": reduction}})
            assert float(value(made, given)) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(SpecError, match="names no matrix"):
        value(build(AbstractRegularizer, {name: {"where": ["embedding"]}}), given)
