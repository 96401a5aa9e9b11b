import numpy as np
import pytest

from sparsernn.dynamics.power_spectrum import (
    covering,
    hellinger_distance,
    median_period,
    power_spectra,
    regular_period,
    spectral_distance,
    white_noise,
)
from sparsernn.errors import SpecError, Undefined


def smoothed_by_hand(x, sigma, repeat_edge):
    """The definition written out: one weighted sum per frequency, indices folded at the edges."""
    z = (x - x.mean()) / x.std(ddof=1)
    steps = np.arange(len(x))
    power = np.array([abs(np.sum(z * np.exp(-2j * np.pi * f * steps / len(x)))) ** 2 for f in range(len(x) // 2 + 1)])
    radius = int(4 * sigma + 0.5)
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel /= kernel.sum()
    n = len(power)
    period = 2 * n if repeat_edge else 2 * n - 2
    out = np.empty(n)
    for f in range(n):
        folded = (f + offsets) % period
        mirrored = period - 1 - folded if repeat_edge else period - folded
        out[f] = np.sum(kernel * power[np.where(folded < n, folded, mirrored)])
    return out / out.sum()


@pytest.mark.parametrize(("padding", "repeat_edge"), [("mirror", False), ("reflect", True)])
@pytest.mark.parametrize("length", [200, 201])
def test_spectrum_by_hand(padding, repeat_edge, length):
    x = np.cumsum(np.random.default_rng(length).standard_normal(length))
    spectra = power_spectra(x[:, None], sigma=3.0, padding=padding)
    np.testing.assert_allclose(spectra.power[:, 0], smoothed_by_hand(x, 3.0, repeat_edge), rtol=1e-8)


def test_peak_and_frequency_of_a_sine():
    dt = 0.01
    x = np.sin(2 * np.pi * 5.0 * dt * np.arange(2_000))
    spectra = power_spectra(x[:, None], sigma=0, dt=dt)
    assert spectra.frequency[np.argmax(spectra.power)] == pytest.approx(5.0)
    assert spectra.power.max() == pytest.approx(1.0)


def test_the_lowest_frequencies_that_hold_a_share_of_the_power_of_every_column():
    power = np.array([[0.5, 0.9], [0.3, 0.1], [0.15, 0.0], [0.05, 0.0]])
    assert covering(power, 0.75) == 2
    assert covering(power[:, 1:], 0.75) == 1
    assert covering(power, 0.94) == 3
    assert covering(np.column_stack([power, np.zeros(4)]), 0.75) == 4  # a column without a spectrum


def test_hellinger_on_paper():
    assert hellinger_distance([0.5, 0.5], [0.5, 0.5]) == 0.0
    assert hellinger_distance([1.0, 0.0], [0.0, 1.0]) == pytest.approx(1.0)
    assert hellinger_distance([0.5, 0.5], [1.0, 0.0]) == pytest.approx(np.sqrt(1 - np.sqrt(0.5)))


def test_far_apart_sines_are_at_distance_one_and_scale_does_not_matter():
    t = np.arange(4_000)
    slow, fast = np.sin(2 * np.pi * t / 100), np.sin(2 * np.pi * t / 10)
    result = spectral_distance(np.stack([slow, fast], 1), np.stack([fast, 7 * fast + 3], 1))
    assert result.per_dimension == [pytest.approx(1.0, abs=1e-6), pytest.approx(0.0, abs=1e-7)]
    assert result.mean == pytest.approx(0.5, abs=1e-6)


def test_zero_with_itself_and_blind_to_reversal(lorenz):
    series = lorenz[0][:10_000]
    assert spectral_distance(series, series).mean == 0.0
    assert spectral_distance(series, series[::-1]).mean == pytest.approx(0.0, abs=1e-6)
    assert 0.01 < spectral_distance(series, lorenz[1][:10_000]).mean < 0.3


def test_sigma_in_hertz_is_bins_over_duration(lorenz):
    a, b = lorenz[0][:8_000], lorenz[1][:8_000]
    result = spectral_distance(a, b, sigma_hz=0.25, dt=0.01)
    assert (result.sigma, result.sigma_hz) == (20.0, 0.25)
    assert result.mean == spectral_distance(a, b).mean
    assert spectral_distance(a, b).sigma_hz is None
    assert spectral_distance(a, b, sigma=40, dt=0.01).sigma_hz == pytest.approx(0.5)


@pytest.mark.parametrize("value", [0.0, 0.1, -3e7])
def test_constant_series_have_no_spectrum(value):
    good = np.random.default_rng(0).standard_normal((1_000, 2))
    stuck = good.copy()
    stuck[:, 1] = value
    result = spectral_distance(good, stuck)
    assert isinstance(result.mean, Undefined)
    assert "generated series, dimension 1 is constant" in result.mean
    assert result.per_dimension[0] == 0.0


def test_escaped_and_too_short_series_have_no_spectrum():
    good = np.random.default_rng(0).standard_normal((1_000, 2))
    gone = good.copy()
    gone[500, 0] = np.inf
    assert "not finite" in spectral_distance(good, gone).mean
    short = spectral_distance(good[:150], good[150:300])
    assert isinstance(short.mean, Undefined)
    assert "160 time steps" in short.mean
    assert not isinstance(spectral_distance(good[:160], good[160:320]).mean, Undefined)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"generated": np.zeros((9, 2))}, "cut the longer one to 9 rows"),
        ({"padding": "wrap"}, "mirror, reflect"),
        ({"sigma": -1.0}, "0 or more"),
        ({"sigma": 1.0, "sigma_hz": 1.0, "dt": 1.0}, "exclude"),
        ({"sigma_hz": 1.0}, "needs the sampling interval"),
    ],
)
def test_refusals(arguments, message):
    good = np.random.default_rng(0).standard_normal((1_000, 2))
    with pytest.raises(SpecError, match=message):
        spectral_distance(good, **({"generated": good} | arguments))


@pytest.mark.data
def test_two_paddings_differ_by_little_on_lorenz(recorded):
    a, b = recorded("lorenz63_rnntopo"), recorded("lorenz63_test")
    mirror = spectral_distance(a, b).per_dimension
    reflect = spectral_distance(a, b, padding="reflect").per_dimension
    assert 1e-6 < np.abs(np.subtract(mirror, reflect)).max() < 1e-4
    assert np.mean(mirror) < 0.1


def test_the_period_that_halves_the_variance():
    time = np.arange(1200)
    slow, fast = np.sin(2 * np.pi * time / 60), np.sin(2 * np.pi * time / 12)
    assert median_period(np.stack([slow, fast, fast], axis=1)) == 12
    assert median_period((5 + slow + 0.9 * fast)[:, None]) == 60
    assert median_period((5 + slow + 1.1 * fast)[:, None]) == 12
    assert median_period(np.stack([slow, np.ones(1200)], axis=1)) == 60, "a constant column does not count"
    with pytest.raises(SpecError, match="no period"):
        median_period(np.ones((10, 2)))


def test_a_rhythm_counts_only_where_it_repeats():
    time, rng = np.arange(4000), np.random.default_rng(0)
    beat = np.cos(2 * np.pi * time / 150) ** 5
    assert regular_period(np.stack([beat, np.roll(beat, 40), np.ones(4000)], axis=1)) == pytest.approx(150, abs=3)
    phase = np.cumsum(rng.normal(2 * np.pi / 150, 0.15, 4000))  # forgets itself within a turn
    assert regular_period(np.sin(phase)[:, None]) is None
    assert regular_period(np.sin(2 * np.pi * time / 2000)[:, None]) is None, "seen twice only"


def test_white_noise_is_measured_under_spikes_and_waves():
    time, rng = np.arange(20_000), np.random.default_rng(1)
    wave = np.sin(2 * np.pi * time / 60)
    spikes = np.where(time % 50 < 3, 5.0, 0.0) + wave
    clean = np.stack([wave, spikes, np.ones(20_000)], axis=1)
    assert white_noise(clean).max() < 2e-3
    for level in (0.02, 0.1):
        noisy = clean + level * clean.std(axis=0) * rng.normal(size=clean.shape)
        assert white_noise(noisy)[:2] == pytest.approx(level, rel=0.2)
