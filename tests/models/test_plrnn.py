import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.models.network import Network, Ports
from sparsernn.models.plrnn import PLRNN
from sparsernn.precision import precise
from sparsernn.weights import flatten

LORENZ = Ports(0, 3, True)


def random_weights(hidden, observed, seed=0):
    draw = np.random.default_rng(seed).normal
    return {
        "diagonal": draw(size=hidden),
        "recurrent": draw(size=(1, hidden, hidden)),
        "bias": draw(size=hidden),
        "initial": draw(size=(hidden - observed, observed)),
    }


def test_number_of_parameters_of_the_paper():
    weights = Network((PLRNN(50),)).init(jax.random.key(0), LORENZ)
    assert sum(a.size for a in flatten(weights).values()) == 2_741


def test_a_step_on_paper():
    weights = {
        "diagonal": np.array([0.5, 1.0, -1.0]),
        "recurrent": np.array([[[1.0, 0, 0], [0, 1, 0], [10, 100, 1000]]]),
        "bias": np.array([0.0, 0.25, 0]),
    }
    z = np.array([4.0, 2.0, -3.0])  # mean 1, centered 3, 1, -4
    np.testing.assert_allclose(PLRNN(3).step(weights, z, None), [2 + 3, 2 + 1 + 0.25, 3 + 130], rtol=1e-6)
    np.testing.assert_allclose(PLRNN(3, False).step(weights, z, None), [2 + 4, 2 + 2 + 0.25, 3 + 240], rtol=1e-6)


@pytest.mark.parametrize("mean_centered", [True, False])
def test_jacobian_is_that_of_the_formula(mean_centered):
    m = 8
    cell, weights = PLRNN(m, mean_centered), random_weights(m, 3)
    center = np.eye(m) - 1 / m if mean_centered else np.eye(m)
    with precise():
        jacobian = jax.jit(jax.jacfwd(lambda z: cell.step(weights, z, None)))
        for seed in range(5):
            z = np.random.default_rng(seed).normal(size=m)
            on = np.diag((center @ z > 0).astype(float))
            assert 0 < np.trace(on) < m
            expected = np.diag(weights["diagonal"]) + weights["recurrent"][0] @ on @ center
            np.testing.assert_allclose(jacobian(z), expected, atol=1e-13)


def test_mean_centering_ignores_a_common_shift():
    cell, weights, z = PLRNN(6), random_weights(6, 3), np.random.default_rng(1).normal(size=6)
    with precise():
        moved = cell.step(weights, z + 5.0, None) - cell.step(weights, z, None)
        np.testing.assert_allclose(moved, 5 * weights["diagonal"], atol=1e-12)


def test_start_is_the_observation_and_its_map():
    weights, x = random_weights(7, 3), np.array([[1.0, -2.0, 0.5]])
    with precise():
        start = np.asarray(PLRNN(7).init_state(weights, x))
    np.testing.assert_allclose(start, np.concatenate([x, x @ weights["initial"].T], axis=1))


def test_initial_values_have_the_papers_laws():
    weights = PLRNN(100).init(jax.random.key(1), 0, 3)
    assert weights["recurrent"].std() == pytest.approx(0.01, rel=0.03)
    assert (weights["bias"] == 0).all()
    limit = (6 / 100) ** 0.5
    assert limit * 0.97 < np.abs(weights["initial"]).max() <= limit
    # the diagonal of R'R/M + I is 2 on average, and its largest eigenvalue (1 + 1)^2 + 1 = 5 for large M
    assert weights["diagonal"].mean() == pytest.approx(0.4, abs=0.03)


def test_forcing_cuts_the_gradient_of_observed_units_only():
    """After full forcing nothing of the old observed units is left in the gradient, all of the others is."""
    network, weights = Network((PLRNN(6),)), {"cell0": random_weights(6, 3)}
    with precise():
        z, x = jnp.arange(6.0), jnp.array([3.0, 1.0, 2.0])
        np.testing.assert_array_equal(network.impose(weights, (z,), x, 1.0)[0], [3, 1, 2, 3, 4, 5])
        jacobian = jax.jacfwd(lambda z: network.impose(weights, (z,), x, 1.0)[0])(z)
        np.testing.assert_array_equal(jacobian, np.diag([0, 0, 0, 1, 1, 1]))


def test_all_units_may_be_observed():
    weights = Network((PLRNN(3),)).init(jax.random.key(0), LORENZ)
    assert weights["cell0"]["initial"].shape == (0, 3)


def test_bad_size_is_refused():
    with pytest.raises(SpecError, match="hidden must be at least 1, got 0"):
        PLRNN(0)
