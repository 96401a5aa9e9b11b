"""The suite of cells tried itself."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.linear import linear
from sparsernn.masks import Prunable
from sparsernn.models.gates import gated_connectome
from sparsernn.models.rnn import RNN
from sparsernn.precision import precise
from sparsernn.testing import cell as suite


class Memory(NamedTuple):
    units: Any
    slow: Any


@dataclass(frozen=True)
class Odd(RNN):
    """Correct: begins as the identity (no key), rests when small (relu), two sub-steps that use the matrix twice, a
    second state of another width, a recurrent matrix that is not trained."""

    odd_gates = ()

    def init(self, key, inputs, observed):
        weights = super().init(key, inputs, observed)
        return weights | {"recurrent": 0.3 * jnp.eye(self.hidden)[None], "bias": -0.1 * jnp.ones(self.hidden)}

    def init_state(self, weights, first):
        units = super().init_state(weights, first)
        return Memory(units, jnp.zeros((*units.shape[:-1], 2)))

    def zeros(self, shape):
        return Memory(super().zeros(shape), jnp.zeros((*shape, 2)))

    def step(self, weights, state, projected):
        matrix, units = weights["recurrent"], state.units
        if not hasattr(matrix, "seen") and not isinstance(matrix, tuple):
            matrix = jax.lax.stop_gradient(matrix)
        for _ in range(2):
            drive = linear(matrix, units)[..., 0, :] + weights["bias"]
            units = jax.nn.relu(drive if projected is None else drive + projected)
        return Memory(units + 0.1 * state.slow.mean(axis=-1, keepdims=True), 0.5 * state.slow + 0.1)

    def outputs(self, state):
        return state.units

    def with_outputs(self, state, outputs):
        return state._replace(units=outputs)


@pytest.mark.parametrize("case", ["reconstruction", "stack"])
def test_an_odd_cell_passes(case):
    suite.check_cell(Odd(5), (case,), without_gradient=("recurrent",))


@dataclass(frozen=True)
class TwoMatrices(RNN):
    """Correct: a gate acts before the second matrix multiplies, so a step goes through both (minimal gated unit)."""

    transposed: bool = False
    odd_gates = ()

    def init(self, key, inputs, observed):
        weights = super().init(key, inputs, observed)
        return weights | {"candidate": weights["recurrent"] + 0.1}

    def prunables(self, inputs, observed):
        return (*super().prunables(inputs, observed), Prunable("candidate", "recurrent", 1, self.hidden, self.hidden))

    def step(self, weights, state, projected):
        drive = weights["bias"] if projected is None else weights["bias"] + projected
        gate = jax.nn.sigmoid(linear(weights["recurrent"], state)[..., 0, :] + drive)
        matrix = jnp.swapaxes(weights["candidate"], 1, 2) if self.transposed else weights["candidate"]
        return (1 - gate) * state + gate * jnp.tanh(linear(matrix, gate * state)[..., 0, :] + drive)

    def connectome(self, weights, gate=None):
        both = {"recurrent": jnp.concatenate([weights["recurrent"], weights["candidate"]])}
        return gated_connectome(both, ("forget", "candidate"), gate)


def test_a_cell_of_two_matrices_passes():
    suite.check_cell(TwoMatrices(4), ("reconstruction",))


def test_its_second_matrix_is_target_by_source_too():
    with precise():
        tried = suite.Tried(TwoMatrices(4, transposed=True), suite.CASES["reconstruction"])
        with pytest.raises(AssertionError, match="must move its target alone"):
            suite.check_connectome(tried)


@dataclass(frozen=True)
class Wrong(RNN):
    """Breaks one promise."""

    promise: str = ""

    def init(self, key, inputs, observed):
        weights = super().init(key, inputs, observed)
        if self.promise == "idle":
            weights["idle"] = jnp.ones(3)
        if self.promise == "wide":
            weights["bias"] = weights["bias"].astype(jnp.float16)
        return weights

    def prunables(self, inputs, observed):
        found = super().prunables(inputs, observed)
        return tuple(p._replace(source=p.source + 1) for p in found) if self.promise == "shape" else found

    def with_outputs(self, state, outputs):
        return state if self.promise == "deaf" else outputs

    def step(self, weights, state, projected):
        if self.promise == "not odd":
            return super().step(weights, state, projected) + 0.1
        if self.promise == "by hand":
            return jnp.tanh(state @ weights["recurrent"][0].T + weights["bias"])
        if self.promise == "elsewhere":
            return super().step(weights, state, projected) + linear(weights["recurrent"], jnp.sin(3 * state))[..., 0, :]
        if self.promise == "neighbors":
            state = state - state.mean(axis=0, keepdims=True) if state.ndim > 1 else state
        if self.promise == "cut":
            return jax.lax.stop_gradient(0.5 * state) + super().step(weights, state, projected)
        if self.promise == "unseen":
            kept = getattr(weights["recurrent"], "array", weights["recurrent"])
            other = weights | {"recurrent": kept}
            return super().step(other, state, projected)
        return super().step(weights, state, projected)

    def connectome(self, weights, gate=None):
        found = super().connectome(weights, gate)
        return found._replace(weights=found.weights.T) if self.promise == "transposed" else found


@pytest.mark.parametrize(
    ("promise", "check", "sentence"),
    [
        ("wide", "init", "draw with dtype=float"),
        ("shape", "prunables", r"expected an array \(gates, target, source\)"),
        ("deaf", "start", "shows the given outputs"),
        ("by hand", "watched", "multiplied by sparsernn.linear.linear"),
        ("unseen", "watched", "multiplied by sparsernn.linear.linear"),
        ("neighbors", "axes", "any leading axes"),
        ("neighbors", "knockout", "setting the weight to 0|without a batch"),
        ("cut", "gradient", "finite differences"),
        ("idle", "gradient", "idle does nothing"),
        ("not odd", "turned", "turned over must leave the outputs"),
        ("transposed", "connectome", r"must be \[target, source\]"),
    ],
)
def test_wrong_cells_fail(promise, check, sentence):
    cell, case = Wrong(5, promise=promise), suite.CASES["reconstruction"]
    with precise(check != "init"):
        given = {"init": (cell, case), "gradient": (suite.Tried(cell, case), True, ())}
        given = given.get(check) or (suite.Tried(cell, case),)
        with pytest.raises(AssertionError, match=sentence):
            getattr(suite, f"check_{check}")(*given)


def test_a_matrix_that_multiplies_two_vectors_is_no_mistake():
    with precise():
        tried = suite.Tried(Wrong(5, promise="elsewhere"), suite.CASES["reconstruction"])
        suite.check_watched(tried)
        suite.check_sources(tried)
        assert np.isfinite(tried.loss(tried.weights))
