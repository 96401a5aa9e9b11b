"""Cells in continuous time against what is known on paper, and the adaptive solver against the fixed one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.models.ctrnn import CTRNN
from sparsernn.models.network import Network, Ports
from sparsernn.models.neural_ode import NeuralODE
from sparsernn.precision import precise


def silent(cell):
    """Weights with which nothing drives the units."""
    return jax.tree.map(jnp.zeros_like, cell.init(jax.random.key(0), 0, 0))


def test_without_drive_a_leaky_unit_decays_as_euler_does():
    cell = CTRNN(hidden=3, tau=0.5, substeps=10, dt=0.01)
    with precise():
        state = cell.step(silent(cell), jnp.ones(3), None)
    np.testing.assert_allclose(state, (1 - 0.01 / 0.5) ** 10, rtol=1e-12)


def test_a_constant_drive_moves_a_flow_at_constant_speed():
    cell = NeuralODE(hidden=2, substeps=4, dt=0.25)
    with precise():
        weights = silent(cell) | {"bias": jnp.array([0.3, -2.0])}
        np.testing.assert_allclose(cell.step(weights, jnp.zeros(2), None), np.tanh([0.3, -2.0]), rtol=1e-12)


def test_the_error_of_the_fixed_step_falls_with_its_fourth_power():
    with precise():
        weights = jax.tree.map(lambda a: 3 * a, NeuralODE(hidden=5).init(jax.random.key(1), 0, 0))
        start = jnp.linspace(-1, 1, 5)
        flow = lambda n: np.asarray(NeuralODE(hidden=5, substeps=n, dt=1 / n).step(weights, start, None))
        exact = flow(256)
        errors = [np.abs(flow(n) - exact).max() for n in (4, 8)]
    assert 10 < errors[0] / errors[1] < 25


def test_adaptive_agrees_with_fixed_steps_and_so_do_gradients():
    pytest.importorskip("diffrax")
    ports = Ports(2, 1, False)
    fixed = Network((NeuralODE(hidden=4, substeps=24, dt=1 / 24),))
    adaptive = Network((NeuralODE(hidden=4, substeps=1, dt=1.0, solver="adaptive", tolerance=1e-9),))
    with precise():
        weights = jax.tree.map(lambda a: jnp.asarray(a, float), fixed.init(jax.random.key(2), ports))
        xs = np.random.default_rng(0).normal(size=(5, 3, 2))
        loss = lambda network: lambda w: jnp.square(network.unroll(w, xs, network.zeros((3,))).outputs).sum()
        one, two = (jax.jit(jax.value_and_grad(loss(network)))(weights) for network in (fixed, adaptive))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), one, two)


def test_a_solver_that_does_not_arrive_gives_no_number():
    pytest.importorskip("diffrax")
    cell = NeuralODE(hidden=4, substeps=1, dt=1e6, solver="adaptive", tolerance=1e-9)
    weights = jax.tree.map(lambda a: 5 * a, cell.init(jax.random.key(0), 0, 0))
    assert np.isnan(cell.step(weights, jnp.ones(4), None)).all()


@pytest.mark.parametrize(
    ("cell", "fields"),
    [
        (CTRNN, {"tau": 0.5, "dt": 1 / 6}),  # as printed, human activity
        (CTRNN, {"tau": 0.5, "dt": 0.1}),  # as in the code
        (NeuralODE, {"dt": 1 / 6}),
        (NeuralODE, {"dt": 0.01}),
    ],
)
def test_the_published_steps(cell, fields):
    """Six sub-steps with the input held, by a NumPy program of its own."""
    made = cell(7, substeps=6, **fields)
    weights = jax.tree.map(np.asarray, made.init(jax.random.key(0), 3, 0))
    rng = np.random.default_rng(0)
    h, x = rng.normal(size=7), rng.normal(size=3)
    found = made.step(weights, jnp.asarray(h, jnp.float32), made.project(weights, jnp.asarray(x, jnp.float32)))
    drive = lambda h: np.tanh(weights["recurrent"][0] @ h + weights["input"][0] @ x + weights["bias"])
    for _ in range(6):
        if cell is CTRNN:
            h = h + made.dt * (-h / made.tau + drive(h))
        else:
            k1 = drive(h)
            k2 = drive(h + made.dt / 2 * k1)
            k3 = drive(h + made.dt / 2 * k2)
            k4 = drive(h + made.dt * k3)
            h = h + made.dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    np.testing.assert_allclose(found, h, atol=2e-6)


@pytest.mark.parametrize("cell", [CTRNN, NeuralODE])
def test_variances_of_the_first_weights(cell):
    by, one = (cell(200, input_variance=v).init(jax.random.key(1), 16, 0) for v in ("fan_in", "one"))
    np.testing.assert_array_equal(by["recurrent"], one["recurrent"])
    np.testing.assert_allclose(by["input"] * 4, one["input"], rtol=1e-6)
    assert float(by["recurrent"].std()) == pytest.approx(200**-0.5, rel=0.02)
    assert float(one["input"].std()) == pytest.approx(1, rel=0.05)
