"""The largest exponent of maps whose exponents are known on paper."""

import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.dynamics.lyapunov import largest_exponent
from sparsernn.errors import SpecError, Undefined
from sparsernn.integrate import rk4_step
from sparsernn.system import System
from sparsernn.systems.lorenz63 import Lorenz63
from sparsernn.systems.roessler import Roessler


def linear(matrix, x, z):
    return matrix @ z


def logistic(r, x, z):
    return r * z * (1 - z)


def lorenz(params, x, z):
    return rk4_step(Lorenz63().field, params, z, 0.01)


def roessler(params, x, z):
    return rk4_step(Roessler().field, params, z, 0.08)


def test_a_linear_map_has_the_log_of_its_largest_eigenvalue():
    turn = np.linalg.qr(np.random.default_rng(3).standard_normal((4, 4)))[0]
    matrix = turn @ np.diag([0.9, 0.5, -0.3, 0.1]) @ turn.T
    found = largest_exponent(System(linear, matrix, None, 4, 1.0, np.ones(4)), steps=500, transient=200)
    assert found == pytest.approx(np.log(0.9), abs=1e-12)


def test_the_sampling_interval_is_the_unit_of_time():
    a = largest_exponent(System(linear, np.diag([0.5]), None, 1, 0.1, np.ones(1)), steps=20, transient=0)
    assert a == pytest.approx(np.log(0.5) / 0.1)


def test_the_logistic_map_at_four_doubles_distances():
    found = largest_exponent(System(logistic, 4.0, None, 1, 1.0, np.array([0.1234])), steps=100_000)
    assert found == pytest.approx(np.log(2), abs=2e-3)


def test_lorenz_and_roessler():
    start = Lorenz63().simulate(1)[0]
    found = largest_exponent(System(lorenz, Lorenz63().params, None, 3, 0.01, start), steps=200_000)
    assert found == pytest.approx(0.906, abs=0.03)
    start = Roessler().simulate(1)[0]
    found = largest_exponent(System(roessler, Roessler().params, None, 3, 0.08, start), steps=100_000)
    assert found == pytest.approx(0.0714, abs=0.01)


def test_what_has_no_exponent_says_why():
    grows = largest_exponent(System(logistic, 5.0, None, 1, 1.0, np.array([0.3])), steps=100)
    assert isinstance(grows, Undefined)
    assert "overflows" in grows
    forgets = largest_exponent(System(linear, jnp.zeros((2, 2)), None, 2, 1.0, np.ones(2)), steps=10, transient=0)
    assert isinstance(forgets, Undefined)
    assert "past" in forgets
    with pytest.raises(SpecError, match="one state"):
        largest_exponent(System(linear, np.eye(2), None, 2, 1.0, np.ones((3, 2))))


def exploding(params, _, z):
    """Growth through relu, whose derivative at NaN is 0: the tangent vector stays finite when the state is gone."""
    return 0.9 * z + jnp.maximum(params * z, 0.0)


@pytest.mark.parametrize("steps", [5_000, 20_000])
def test_a_run_that_overflows_has_no_exponent_however_long_it_is_watched(steps):
    system = System(exploding, 0.3, None, 2, 1.0, jnp.array([1.0, 2.0]))
    found = largest_exponent(system, steps=steps)
    assert isinstance(found, Undefined)
    assert "overflows" in found


def test_a_known_system_as_a_map():
    lorenz = Lorenz63().system()
    assert largest_exponent(lorenz, steps=100_000) == pytest.approx(0.906, abs=0.02)
    rows = Lorenz63().simulate(50)
    state = jnp.asarray(rows[0])
    assert np.allclose(lorenz.step(lorenz.params, None, state), rows[1], atol=1e-3)
