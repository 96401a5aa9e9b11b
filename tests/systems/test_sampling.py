"""What holds for every known system."""

import jax
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.spec import build, plain
from sparsernn.systems import SYSTEMS
from sparsernn.systems.base import AbstractKnownSystem
from sparsernn.systems.lorenz63 import Lorenz63
from sparsernn.systems.sampling import sample

every_system = pytest.mark.parametrize(
    "system", [build(AbstractKnownSystem, name) for name in SYSTEMS], ids=list(SYSTEMS)
)


def oscillator(params, z):
    return params * jax.numpy.stack([z[..., 1], -z[..., 0]], axis=-1)


def test_the_harmonic_oscillator_and_order_four():
    """z(t) = (cos t, -sin t): halving the step divides the error at t = 10 by 16."""
    exact = np.array([np.cos(10.0), -np.sin(10.0)])
    errors = []
    for substeps in (1, 2, 4, 8):
        states = sample(oscillator, 1.0, np.array([1.0, 0.0]), 0.5, 21, 0, substeps)
        errors.append(np.abs(states[20] - exact).max())
    ratios = np.array(errors[:-1]) / errors[1:]
    assert ratios == pytest.approx(16, rel=0.1)
    assert errors[-1] < 1e-5


def test_the_first_row_is_the_start_and_the_transient_is_dropped():
    start = np.array([1.0, 0.0])
    whole = sample(oscillator, 1.0, start, 0.1, 50, 0, 4)
    assert np.array_equal(whole[0], start)
    late = sample(oscillator, 1.0, start, 0.1, 30, 2.0, 4)
    assert np.allclose(late, whole[20:], atol=1e-13)


@every_system
def test_order_four_on_the_system_itself(system):
    field = system.field
    start = system.simulate(1)[0]
    ends = [sample(field, system.params, start, 0.2, 2, 0, n)[1] for n in (20, 40, 80, 640)]
    errors = [np.abs(end - ends[-1]).max() for end in ends[:-1]]
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.25)
    assert errors[1] / errors[2] == pytest.approx(16, rel=0.25)


@every_system
def test_shape_precision_and_reproducibility(system):
    x = system.simulate(500, seed=3)
    assert x.shape == (500, system.dim)
    assert type(x) is np.ndarray
    assert x.dtype == np.float64
    assert not np.array_equal(x, x.astype(np.float32))
    jax.clear_caches()
    assert x.tobytes() == system.simulate(500, seed=3).tobytes()
    assert not jax.config.jax_enable_x64
    other = system.simulate(500, seed=4)
    assert np.abs(x - other).max() > 0.1


@every_system
def test_more_rows_continue_the_same_run(system):
    assert np.allclose(system.simulate(100), system.simulate(300)[:100], rtol=0, atol=1e-9)


@every_system
def test_a_longer_transient_starts_later_on_the_same_run(system):
    late = system.simulate(50, transient=5 * system.dt)
    assert np.allclose(late, system.simulate(55, transient=0)[5:], rtol=0, atol=1e-9)


@every_system
def test_two_seeds_have_the_same_long_run(system):
    first, second = system.simulate(100_000, seed=0), system.simulate(100_000, seed=1)
    assert second.std(axis=0) == pytest.approx(first.std(axis=0), rel=0.03)
    spread = first.std(axis=0)
    assert np.abs(first.min(axis=0) - second.min(axis=0)).max() / spread.min() < 1


@every_system
def test_plain_form_and_bad_fields(system):
    assert build(AbstractKnownSystem, plain(system)) == system
    for dt in (0, -0.1, float("inf")):
        with pytest.raises(SpecError, match=r"dt must be positive|dt: input should be a finite number"):
            type(system)(dt=dt)


@every_system
def test_bad_arguments_are_all_reported(system):
    with pytest.raises(SpecError) as caught:
        system.simulate(0, transient=-1, substeps=0)
    assert len(caught.value.problems) == 3


def test_escape_is_an_error_with_advice():
    with pytest.raises(SpecError, match=r"escaped to infinity.*smaller dt"):
        Lorenz63(dt=1.0).simulate(100)
