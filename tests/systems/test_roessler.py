import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.systems.roessler import Roessler

PAPER = Roessler()


def test_fixed_points():
    a, b, c = PAPER.params
    for sign in (1, -1):
        p = (c + sign * np.sqrt(c**2 - 4 * a * b)) / (2 * a)
        assert np.allclose(PAPER.field(PAPER.params, np.array([a * p, -p, p])), 0, atol=1e-4)


def test_the_equations_by_hand():
    assert np.array_equal(PAPER.field((0.5, 2.0, 5.0), np.array([1.0, 2.0, 4.0])), [-6.0, 2.0, -14.0])


def test_the_divergence_is_a_plus_x_minus_c():
    points = jnp.asarray(np.random.default_rng(0).normal(size=(20, 3)) * 5)
    jacobians = jax.vmap(jax.jacfwd(lambda z: PAPER.field(PAPER.params, z)))(points)
    assert np.allclose(np.trace(jacobians, axis1=1, axis2=2), 0.2 + points[:, 0] - 5.7, rtol=1e-5)


def test_leading_axes():
    z = np.random.default_rng(0).normal(size=(4, 5, 3)).astype(np.float32)
    assert np.allclose(PAPER.field(PAPER.params, z)[2, 3], PAPER.field(PAPER.params, z[2, 3]))


def test_means_follow_from_the_equations():
    """On the attractor the mean slopes vanish: <z> = -<y> and <x> = -a <y>."""
    x, y, z = PAPER.simulate(200_000).mean(axis=0)
    assert z == pytest.approx(-y, abs=2e-3)
    assert x == pytest.approx(-0.2 * y, abs=2e-3)


def test_statistics_of_the_published_series():
    """As measured on the 100,000 standardized rows published with arXiv 2410.14240."""
    x = PAPER.simulate(100_000)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    assert np.abs(np.diff(z, axis=0)).mean(axis=0) == pytest.approx([0.0757, 0.0712, 0.0716], rel=0.015)
    assert z.min(axis=0) == pytest.approx([-1.80, -2.04, -0.308], abs=0.02)
    assert z.max(axis=0) == pytest.approx([2.18, 1.80, 7.75], abs=0.1)
    assert np.corrcoef(z.T)[np.triu_indices(3, 1)] == pytest.approx([-0.188, 0.321, 0.160], abs=0.01)


@pytest.mark.data
def test_the_spectrum_peaks_at_the_frequency_of_the_published_series(recorded_file):
    published = np.load(recorded_file("dsr/rossler.npy"), allow_pickle=False)[:, 0]
    peaks = [np.abs(np.fft.rfft(x - x.mean())).argmax() for x in (published, PAPER.simulate(100_000)[:, 0])]
    assert abs(peaks[0] - peaks[1]) <= 3
    assert peaks[0] > 1000
