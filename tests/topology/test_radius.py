import numpy as np
import pytest

from sparsernn.topology.radius import spectral_radius


def test_known_on_paper():
    assert spectral_radius(np.diag([0.5, -2.0, 1.0])) == 2
    assert spectral_radius(np.array([[0, -3.0], [3, 0]])) == pytest.approx(3), "a pair of complex eigenvalues"
    assert spectral_radius(np.triu(np.ones((4, 4)), 1)) == 0, "no cycle, no eigenvalue"
    ring = np.roll(np.eye(5), 1, axis=0) * 2
    assert spectral_radius(ring) == pytest.approx(2)
    assert np.isnan(spectral_radius(np.array([[np.inf]])))
    assert spectral_radius(np.zeros((0, 0))) == 0


@pytest.mark.parametrize("density", [0.02, 0.05, 0.2, 1.0])
def test_taken_apart_it_is_the_same(density):
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((60, 60)) * (rng.random((60, 60)) < density)
    assert spectral_radius(matrix) == pytest.approx(np.abs(np.linalg.eigvals(matrix)).max(), abs=1e-6)
