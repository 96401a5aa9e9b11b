import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.integrate import rk4_step
from sparsernn.precision import precise
from sparsernn.systems.lorenz63 import Lorenz63

PAPER = Lorenz63()


def test_fixed_points():
    s = np.sqrt(8 / 3 * 27)
    points = np.array([[0, 0, 0], [s, s, 27], [-s, -s, 27]])
    assert np.allclose(PAPER.field(PAPER.params, points), 0, atol=1e-4)


def test_the_equations_by_hand():
    assert np.array_equal(PAPER.field((10.0, 28.0, 3.0), np.array([1.0, 2.0, 4.0])), [10.0, 22.0, -10.0])


def test_the_divergence_is_minus_41_thirds_everywhere():
    points = jnp.asarray(np.random.default_rng(0).normal(size=(20, 3)) * 20)
    jacobians = jax.vmap(jax.jacfwd(lambda z: PAPER.field(PAPER.params, z)))(points)
    assert np.allclose(np.trace(jacobians, axis1=1, axis2=2), -41 / 3, rtol=1e-6)


def test_leading_axes():
    z = np.random.default_rng(0).normal(size=(4, 5, 3)).astype(np.float32)
    assert np.allclose(PAPER.field(PAPER.params, z)[2, 3], PAPER.field(PAPER.params, z[2, 3]))


def test_the_symmetry_of_the_attractor_is_in_the_samples():
    """(x, y) and (-x, -y) are equally frequent, and the mean of z follows from that of x y: beta <z> = <x y>."""
    x = PAPER.simulate(200_000)
    assert np.abs(x[:, :2].mean(axis=0) / x[:, :2].std(axis=0)).max() < 0.1
    assert 8 / 3 * x[:, 2].mean() == pytest.approx((x[:, 0] * x[:, 1]).mean(), rel=2e-3)


def test_statistics_of_the_published_series():
    """Mean absolute step of the standardized columns, ranges and correlations, as measured on the paper's rows."""
    x = PAPER.simulate(100_000)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    assert np.abs(np.diff(z, axis=0)).mean(axis=0) == pytest.approx([0.0441, 0.0519, 0.0731], rel=0.015)
    assert z.min(axis=0) == pytest.approx([-2.4, -2.9, -2.37], abs=0.2)
    assert z.max(axis=0) == pytest.approx([2.4, 2.9, 2.66], abs=0.15)
    assert np.corrcoef(z.T)[0, 1] == pytest.approx(0.879, abs=0.005)
    assert np.abs(np.corrcoef(z.T)[2, :2]).max() < 0.05


@pytest.mark.data
def test_one_step_of_ours_is_one_row_of_the_published_series(recorded_file):
    """With our mean and sd put back; the 5 % left are their sampling error. No other dt comes as near."""
    z = np.load(recorded_file("dsr/lorenz63_rnntopo.npy"), allow_pickle=False).astype(np.float64)
    ours = PAPER.simulate(100_000)
    x = z * ours.std(axis=0) + ours.mean(axis=0) * [0, 0, 1]
    published = np.diff(x, axis=0)
    left = []
    for dt in (0.0095, 0.01, 0.0105):
        with precise():
            ours = np.asarray(rk4_step(PAPER.field, PAPER.params, x[:-1], dt)) - x[:-1]
        left.append(np.abs(ours - published).mean(axis=0) / np.abs(published).mean(axis=0))
    assert np.array_equal(np.argmin(left, axis=0), [1, 1, 1])
    assert left[1].max() < 0.06
