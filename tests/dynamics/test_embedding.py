import numpy as np
import pytest

from sparsernn.dynamics.embedding import autocorrelation, choose_lags, embed, false_neighbors, mutual_information
from sparsernn.errors import DataError, SpecError


def test_embed_on_paper():
    np.testing.assert_array_equal(embed(np.arange(6.0), [0, 2, 1]), [[0, 2, 1], [1, 3, 2], [2, 4, 3], [3, 5, 4]])


def test_lorenz_x_needs_three_dimensions(lorenz):
    embedding = choose_lags(lorenz[0][:, 0])
    lag = embedding.lags[1]
    assert embedding.lags == (0, lag, 2 * lag)
    assert 12 <= lag <= 22  # literature: 0.15 to 0.2 time units
    assert "mutual information" in embedding.method
    assert f"at lag {lag}" in embedding.why


def test_sine_needs_two_dimensions_a_sixth_of_a_period_apart():
    """cos(2π τ / P) falls below 1/e at τ = 0.19 P; the mutual information of a closed curve has no true minimum."""
    embedding = choose_lags(np.sin(2 * np.pi * np.arange(10_000) / (100 * np.pi / 3)))
    assert embedding.lags == (0, 20)
    assert "autocorrelation" in embedding.method


def test_white_noise_decorrelates_at_once():
    assert choose_lags(np.random.default_rng(0).standard_normal(3_000)).lags[1] == 1


def test_mutual_information_of_known_processes():
    generator = np.random.default_rng(1)
    bits = np.repeat(generator.integers(0, 2, 20_000), 2).astype(float)  # equal to the next in half the pairs
    information = mutual_information(bits, 2)
    assert information[0] == pytest.approx(np.log(2), abs=1e-3)
    assert information[1] == pytest.approx(np.log(2) + 0.75 * np.log(0.75) + 0.25 * np.log(0.25), abs=5e-3)
    assert information[2] == pytest.approx(0.0, abs=1e-3)


def test_autocorrelation_by_hand():
    x = np.random.default_rng(2).standard_normal(200)
    z = x - x.mean()
    expected = [np.sum(z[: 200 - k] * z[k:]) / np.sum(z * z) for k in range(10)]
    np.testing.assert_allclose(autocorrelation(x, 9), expected, rtol=1e-10)


def test_false_neighbors_vanish_with_the_dimension(lorenz):
    shares = [false_neighbors(lorenz[0][:, 0], 17, dim) for dim in (1, 2, 3)]
    assert shares[0] > 0.8
    assert 0.01 < shares[1] < 0.3
    assert shares[2] < 0.01


@pytest.mark.parametrize("digits", [1, 2])
def test_rounded_values_do_not_look_false(lorenz, digits):
    assert len(choose_lags(np.round(lorenz[0][:, 0], digits)).lags) == 3


@pytest.mark.parametrize("bad", [[], [0, 0], [-1, 2]])
def test_bad_lags_are_refused(bad):
    with pytest.raises(SpecError, match="different whole numbers"):
        embed(np.arange(10.0), bad)


def test_unusable_series_are_refused():
    with pytest.raises(SpecError, match="leaves 1 of 10"):
        embed(np.arange(10.0), [0, 9])
    with pytest.raises(DataError, match="constant"):
        choose_lags(np.ones(1_000))
    with pytest.raises(DataError, match="at least 100"):
        choose_lags(np.arange(50.0))
    with pytest.raises(DataError, match="sample 7"):
        choose_lags(np.where(np.arange(1_000) == 7, np.nan, np.arange(1_000.0)))
    with pytest.raises(DataError, match="one channel"):
        embed(np.zeros((10, 2)), [0, 1])
    with pytest.raises(SpecError, match="max_lag"):
        choose_lags(np.sin(np.arange(1_000.0)), max_lag=600)


@pytest.mark.data
def test_columns_look_ahead_as_in_the_published_ecg(recorded):
    ecg = recorded("ECG_pecuzal_5d_train")
    np.testing.assert_array_equal(embed(ecg[:, 0], [0, 20, 68, 55, 10]), ecg[:-68])
