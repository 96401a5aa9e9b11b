import numpy as np
import pytest
from scipy import stats

from sparsernn.errors import Undefined
from sparsernn.topology.distribution import distribution


def test_known_on_paper():
    found = distribution(np.array([-1.0, -1.0, 1.0, 1.0]))
    assert (found.number, found.mean, found.sd, found.negative) == (4, 0, 1, 0.5)
    assert found.kurtosis == -2, "two points: the least there is"
    assert found.bimodality == 1
    assert distribution(np.linspace(0, 1, 100_001)).bimodality == pytest.approx(5 / 9, abs=1e-4)


def test_against_scipy():
    values = np.random.default_rng(0).gamma(2, size=1_000)
    found = distribution(values)
    assert found.kurtosis == pytest.approx(stats.kurtosis(values))
    assert found.bimodality == pytest.approx((stats.skew(values) ** 2 + 1) / stats.kurtosis(values, fisher=False))
    np.testing.assert_allclose(found.quantiles, np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95]))


def test_what_has_none_says_why():
    assert "no weights" in distribution(np.zeros(0))
    assert "not finite" in distribution(np.array([1, np.nan]))
    equal = distribution(np.full(3, 0.1))
    assert isinstance(equal.kurtosis, Undefined)
    assert equal.sd == pytest.approx(0)
