"""Exponents of maps whose exponents are known on paper, and of networks against Jacobians written by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.dynamics.lyapunov import spectrum
from sparsernn.errors import SpecError, Undefined
from sparsernn.integrate import rk4_step
from sparsernn.models.lstm import LSTM
from sparsernn.models.network import Network, Ports
from sparsernn.models.rnn import RNN
from sparsernn.system import System
from sparsernn.systems.lorenz63 import Lorenz63
from sparsernn.systems.roessler import Roessler


def linear(matrix, x, z):
    return matrix @ z


def logistic(r, x, z):
    return r * z * (1 - z)


def henon(params, x, z):
    a, b = params
    return jnp.stack([1 - a * z[0] ** 2 + z[1], b * z[0]])


def lorenz(params, x, z):
    return rk4_step(Lorenz63().field, params, z, 0.01)


def roessler(params, x, z):
    return rk4_step(Roessler().field, params, z, 0.08)


def turned(values):
    turn = np.linalg.qr(np.random.default_rng(3).standard_normal((len(values), len(values))))[0]
    return turn @ np.diag(values) @ turn.T


def of(step, params, start, dt=1.0, inputs=None):
    return System(step, params, inputs, len(start), dt, np.asarray(start, dtype=float))


def test_a_linear_map_has_the_logs_of_its_eigenvalues():
    found = spectrum(of(linear, turned([0.9, 0.5, -0.3, 0.1]), np.ones(4)), steps=500, transient=200)
    np.testing.assert_allclose(found.exponents, np.log([0.9, 0.5, 0.3, 0.1]), atol=1e-12)
    assert found.interval > 1
    assert found.error.max() < 1e-12
    assert found.kaplan_yorke == 0
    some = spectrum(of(linear, turned([0.9, 0.5, -0.3, 0.1]), np.ones(4)), count=2, steps=501, transient=200)
    np.testing.assert_allclose(some.exponents, np.log([0.9, 0.5]), atol=1e-12)


def test_directions_that_part_fast_are_set_upright_more_often():
    wide = [2.0, 0.5, -1e-5, 1e-9]
    found = spectrum(of(linear, turned(wide), 1e-200 * np.ones(4)), steps=300, transient=100)
    np.testing.assert_allclose(found.exponents, np.log(np.abs(wide)), atol=1e-6)


def test_what_parts_only_late_is_taken_again_at_every_step():
    steps = 300
    later = np.where(np.arange(steps) < 150, 1.0, 5e-4)  # the identity, then far apart

    def scaled(params, x, z):
        return jnp.stack([z[0], x * z[1]])

    found = spectrum(of(scaled, 0.0, np.ones(2), inputs=later), steps=steps, transient=0)
    assert found.interval == 1
    np.testing.assert_allclose(found.exponents, [0, np.log(5e-4) / 2], atol=0.01)


def test_the_sampling_interval_is_the_unit_of_time():
    found = spectrum(of(linear, np.diag([0.5]), np.ones(1), dt=0.1), steps=20, transient=0)
    assert found.per_time[0] == pytest.approx(np.log(0.5) / 0.1)


def test_the_logistic_map_at_four_doubles_distances():
    found = spectrum(of(logistic, 4.0, [0.1234]), steps=100_000)
    assert found.exponents[0] == pytest.approx(np.log(2), abs=2e-3)
    assert found.kaplan_yorke == 1


def test_the_henon_map():
    found = spectrum(of(henon, (1.4, 0.3), [0.1, 0.1]), steps=100_000)
    assert found.exponents.sum() == pytest.approx(np.log(0.3), abs=1e-9), "the determinant is -b everywhere"
    assert found.exponents[0] == pytest.approx(0.4192, abs=4 * found.error[0])
    assert found.error[0] < 3e-3
    assert found.kaplan_yorke == pytest.approx(1.258, abs=0.005)


def test_lorenz_and_roessler():
    start = Lorenz63().simulate(1)[0]
    found = spectrum(of(lorenz, Lorenz63().params, start, dt=0.01), steps=100_000)
    np.testing.assert_allclose(found.per_time, [0.906, 0, -14.572], atol=0.03)
    assert found.per_time.sum() == pytest.approx(-41 / 3, abs=1e-3)
    assert found.kaplan_yorke == pytest.approx(2.062, abs=0.003)
    start = Roessler().simulate(1)[0]
    found = spectrum(of(roessler, Roessler().params, start, dt=0.08), steps=50_000)
    assert np.all(np.abs(found.per_time - [0.0714, 0, -5.39]) < [0.02, 0.02, 0.1])
    assert found.kaplan_yorke == pytest.approx(2.0132, abs=0.002)


def test_the_error_says_how_far_off_one_is():
    runs = [spectrum(of(henon, (1.4, 0.3), [x, 0.1]), 1, steps=3_000) for x in np.linspace(-0.1, 0.3, 12)]
    values, errors = np.array([(run.exponents[0], run.error[0]) for run in runs]).T
    assert 0.5 < values.std(ddof=1) / errors.mean() < 2
    starts = np.array([[x, 0.1] for x in np.linspace(-0.1, 0.3, 12)])
    together = spectrum(System(henon, (1.4, 0.3), None, 2, 1.0, starts), 1, steps=3_000)
    assert together.exponents[0] == pytest.approx(values.mean(), abs=1e-9)
    assert together.error[0] == pytest.approx(values.std(ddof=1) / 12**0.5)


def test_what_has_no_exponent_says_why():
    grows = spectrum(of(logistic, 5.0, [0.3]), steps=100)
    assert isinstance(grows, Undefined)
    assert "overflows" in grows
    forgets = spectrum(of(linear, jnp.zeros((2, 2)), np.ones(2)), steps=10, transient=0)
    assert isinstance(forgets, Undefined)
    assert "past" in forgets


def test_a_direction_that_is_lost_has_minus_infinity():
    found = spectrum(of(linear, turned([0.5, 0.0]), np.ones(2)), steps=50, transient=10)
    np.testing.assert_allclose(found.exponents, [np.log(0.5), -np.inf])
    chaos = spectrum(of(logistic, 4.0, [0.1234]), steps=1000)
    assert chaos.dim == 1
    few = spectrum(of(lorenz, Lorenz63().params, Lorenz63().simulate(1)[0]), 1, steps=5_000)
    assert isinstance(few.kaplan_yorke, Undefined)


@pytest.mark.parametrize(
    ("given", "match"),
    [({"steps": 0}, "steps"), ({"transient": -1}, "transient"), ({"count": 3}, "1 to 2"), ({"count": 0}, "1 to 2")],
)
def test_bad_numbers_are_refused(given, match):
    with pytest.raises(SpecError, match=match):
        spectrum(of(linear, np.eye(2), np.ones(2)), **given)


def test_shapes_are_refused():
    with pytest.raises(SpecError, match="one state"):
        spectrum(System(linear, np.eye(2), None, 2, 1.0, np.ones((3, 2, 2))))
    with pytest.raises(SpecError, match="as many inputs"):
        spectrum(of(linear, np.eye(2), np.ones(2), inputs=np.zeros((50, 1))), steps=50, transient=1)


def exploding(params, _, z):
    """Growth through relu, whose derivative at NaN is 0: the tangent vector stays finite when the state is gone."""
    return 0.9 * z + jnp.maximum(params * z, 0.0)


@pytest.mark.parametrize("steps", [5_000, 20_000])
def test_a_run_that_overflows_has_no_exponent_however_long_it_is_watched(steps):
    found = spectrum(of(exploding, 0.3, [1.0, 2.0]), steps=steps)
    assert isinstance(found, Undefined)
    assert "overflows" in found


def test_a_known_system_as_a_map():
    lorenz = Lorenz63().system()
    assert spectrum(lorenz, 1, steps=100_000).per_time[0] == pytest.approx(0.906, abs=0.02)
    rows = Lorenz63().simulate(50)
    state = jnp.asarray(rows[0])
    assert np.allclose(lorenz.step(lorenz.params, None, state), rows[1], atol=1e-3)


def by_hand(jacobians):
    """Exponents (dim,) of a sequence of Jacobians, QR at every step in NumPy."""
    q = np.linalg.qr(np.random.default_rng(5).standard_normal(jacobians[0].shape))[0]
    logs = []
    for jacobian in jacobians:
        q, r = np.linalg.qr(jacobian @ q)
        logs.append(np.log(np.abs(np.diag(r))))
    return np.mean(logs, axis=0)


def test_a_driven_network_against_jacobians_by_hand():
    network = Network((RNN(6),))
    weights = jax.tree.map(np.asarray, network.init(jax.random.key(0), Ports(2, 1)))
    xs = np.random.default_rng(0).standard_normal((2_000, 2))
    w, u = (np.asarray(weights["cell0"][name][0], dtype=float) for name in ("recurrent", "input"))
    h, jacobians = np.zeros(6), []
    for x in xs:
        h = np.tanh(w @ h + u @ x)
        jacobians.append((1 - h**2)[:, None] * w)
    found = spectrum(network.system(weights, network.zeros(()), 1.0, xs), steps=2_000, transient=0)
    np.testing.assert_allclose(found.exponents, by_hand(jacobians), atol=0.01)  # first columns differ


def test_hidden_and_cell_state_of_an_lstm_and_tokens():
    """The Jacobian of (c, h) by hand; tokens are looked up, so that they can drive."""
    hidden = 3
    network = Network((LSTM(hidden),), embedding=2)
    weights = jax.tree.map(np.asarray, network.init(jax.random.key(1), Ports(0, 5, tokens=5)))
    tokens = np.random.default_rng(0).integers(0, 5, 1_500)
    own = {name: np.asarray(array, dtype=float) for name, array in weights["cell0"].items()}
    table = np.asarray(weights["embedding"]["weights"][0], dtype=float)
    sigma = lambda x: 1 / (1 + np.exp(-x))
    h = c = np.zeros(hidden)
    jacobians = []
    for token in tokens:
        drive = own["recurrent"] @ h + own["input"] @ table[:, token] + own["bias"]
        i, f, g, o = sigma(drive[0]), sigma(drive[1]), np.tanh(drive[2]), sigma(drive[3])
        new = f * c + i * g
        slopes = [i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o)]
        by_h = [s[:, None] * r for s, r in zip(slopes, own["recurrent"], strict=True)]
        dc_dh = c[:, None] * by_h[1] + g[:, None] * by_h[0] + i[:, None] * by_h[2]
        out = o * (1 - np.tanh(new) ** 2)
        dh_dh = np.tanh(new)[:, None] * by_h[3] + out[:, None] * dc_dh
        jacobians.append(np.block([[dh_dh, out[:, None] * np.diag(f)], [dc_dh, np.diag(f)]]))
        c, h = new, o * np.tanh(new)
    found = spectrum(network.system(weights, network.zeros(()), 1.0, tokens), steps=1_500, transient=0)
    assert found.dim == 2 * hidden
    np.testing.assert_allclose(found.exponents, by_hand(jacobians), atol=0.02)
