"""The suites of regularizers, measures, optimizers and forcings: the members pass, odd ones pass, wrong ones fail."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from sparsernn.errors import Undefined
from sparsernn.forcings import FORCINGS
from sparsernn.forcings.base import AbstractForcing
from sparsernn.measures.base import AbstractMeasure
from sparsernn.optimizers import OPTIMIZERS
from sparsernn.optimizers.base import AbstractOptimizer
from sparsernn.quantity import Quantity
from sparsernn.regularizers import REGULARIZERS
from sparsernn.regularizers.base import AbstractRegularizer, Strength
from sparsernn.rng import named
from sparsernn.spec import build
from sparsernn.testing import check_forcing, check_measure, check_optimizer, check_regularizer
from sparsernn.weights import get


@pytest.mark.parametrize("name", REGULARIZERS)
def test_regularizers(name):
    check_regularizer(build(AbstractRegularizer, name))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    check_optimizer(build(AbstractOptimizer, name))


@pytest.mark.parametrize("name", FORCINGS)
def test_forcings(name):
    check_forcing(build(AbstractForcing, name))


# --------------------------------------------------------------------------------------------------- regularizers


@dataclass(frozen=True)
class Spectral(AbstractRegularizer):
    """Correct: minus log of the norm along a vector of a power iteration, which the loss does not move; may be below 0;
    a cost that is detached; a counter."""

    strength: Strength = 1.0
    promise: str = ""
    stopped = ("vector",)

    def init(self, key, prunables):
        vector = jnp.ones(prunables[0].source) if self.promise != "any key" else np.random.default_rng().normal(size=3)
        return {"vector": vector, "count": jnp.zeros((), int)}, {}

    def retract(self, trained):
        return trained | {"vector": 2 * trained["vector"]} if self.promise == "retract" else trained

    def advance(self, trained, fixed, weights, prunables):
        return trained | {"vector": jnp.ones(7)} if self.promise == "grows" else trained

    def penalty(self, trained, fixed, weights, prunables):
        w = get(weights, prunables[0].path)[0]
        if self.promise == "root":
            return jnp.sqrt(jnp.sum(w**2))
        if self.promise == "strength":
            return self.strength * jnp.sum(w**2)
        if self.promise == "vector of numbers":
            return jnp.sum(w**2, axis=0)
        vector = jax.lax.stop_gradient(trained["vector"])
        cost = jax.lax.stop_gradient(1 / (1 + w**2)) if self.promise == "detached" else 1.0
        return -jnp.log(1 + jnp.sum(cost * (w @ vector)[:, None] ** 2))


@dataclass(frozen=True)
class Points(AbstractRegularizer):
    """Correct: a trained point for every unit of every population, over several matrices at once."""

    strength: Strength = 1.0

    def init(self, key, prunables):
        sizes = {name: n for p in prunables for name, n in ((p.target_of, p.target), (p.source_of, p.source))}
        return {name: jax.random.normal(named(key, name), (n, 2), float) for name, n in sizes.items()}, {}

    def penalty(self, trained, fixed, weights, prunables):
        apart = lambda p: jnp.square(trained[p.target_of][:, None] - trained[p.source_of]).sum(axis=-1)
        return sum(jnp.sum(jnp.abs(get(weights, p.path)) * apart(p)) for p in prunables)


@dataclass(frozen=True)
class Detached(Spectral):
    """Correct: says that its gradient is not the derivative."""

    surrogate = True


@dataclass(frozen=True)
class Undeclared(Spectral):
    """Wrong: moves its vector by no gradient, and does not say so."""

    stopped = ()


def test_odd_regularizers_pass():
    check_regularizer(Spectral())
    check_regularizer(Points())
    check_regularizer(Detached(promise="detached"))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (Undeclared(), "finite differences"),
        (Spectral(promise="detached"), "finite differences"),
        (Spectral(promise="root"), "finite where weights are 0"),
        (Spectral(promise="strength"), "must not hold the strength"),
        (Spectral(promise="vector of numbers"), "one finite number"),
        (Spectral(promise="any key"), "depend on the key alone"),
        (Spectral(promise="retract"), "leave alone what lies right"),
        (Spectral(promise="grows"), "keep names, shapes and types"),
    ],
)
def test_wrong_regularizers_fail(wrong, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_regularizer(wrong)


# ------------------------------------------------------------------------------------------------------- measures


@dataclass(frozen=True)
class Norm(AbstractMeasure):
    """Correct: a number of the masks alone, defined where outputs overflow, on the test split only; not of recordings
    unless asked."""

    promise: str = ""

    def quantities_on(self, task):
        return (Quantity("ones", "lower"),) if self.promise == "announced" else ()

    def unsupported_reason(self, task):
        return "it is for other tasks" if task.observed and self.promise != "wild" else None

    def measure(self, network, weights, masks, task, split):
        ones = float(sum(int(m.sum()) for m in masks.values()))
        found = {
            "nan": {"x": float("nan")},
            "random": {"x": float(np.random.default_rng().normal())},
            "wild": {"x": float(np.sum(np.asarray(weights["cell0"]["recurrent"], np.float32) ** 8))},
            "nothing": {},
        }.get(self.promise)
        if found is None:
            found = {"ones": ones, "none": Undefined("nothing to see")} if split == "test" else {}
        return found

    def evidence(self, network, weights, masks, task, split):
        return {"curve": np.array([1, np.inf if self.promise == "evidence" else 2])}


RNN = ({"rnn": {"hidden": 4}},)


def test_an_odd_measure_passes():
    check_measure(Norm(), RNN)


@pytest.mark.parametrize(
    ("promise", "sentence"),
    [
        ("nan", "the same numbers|finite float"),
        ("random", "the same arguments must give the same numbers"),
        ("announced", "better_on announces"),
        ("nothing", "must give numbers"),
        ("evidence", "must be finite"),
        ("wild", "must be a finite number"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_wrong_measures_fail(promise, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_measure(Norm(promise), RNN)


# ----------------------------------------------------------------------------------------- optimizers and forcings


@dataclass(frozen=True)
class Uphill(AbstractOptimizer):
    def rule(self):
        return optax.scale(-1.0)


@dataclass(frozen=True)
class Slow(AbstractOptimizer):
    """Correct: very slow, and only the first entries' sign counts."""

    def rule(self):
        return optax.chain(optax.scale_by_sign(), optax.scale(1e-3))


@dataclass(frozen=True)
class Share(AbstractForcing):
    value: float = 0.0

    def alphas(self, steps):
        return jnp.linspace(0, self.value, steps)


def test_slow_optimizers_and_forcings_that_fade_pass():
    check_optimizer(Slow())
    check_forcing(Share(0.0))  # no forcing at all
    check_forcing(Share(1.0))  # depends on the length


def test_wrong_optimizers_and_forcings_fail():
    with pytest.raises(AssertionError, match="nearer to the minimum"):
        check_optimizer(Uphill())
    with pytest.raises(AssertionError, match=r"must lie in \[0, 1\]"):
        check_forcing(Share(1.5))
