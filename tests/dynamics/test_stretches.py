"""Several stretches in the mathematics: spectra, escape, lags, floors."""

import numpy as np
import pytest

from sparsernn.dynamics.dstsp.comparison import compare
from sparsernn.dynamics.dstsp.divergence import assess, assess_closely, ceiling, definition_for, floor, halfway, prepare
from sparsernn.dynamics.embedding import autocorrelation, choose_lags, false_neighbors, mutual_information
from sparsernn.dynamics.power_spectrum import blindness, piece_rows, power_spectra, spectral_distance
from sparsernn.errors import DataError

BOTH = pytest.mark.parametrize("estimator", ["binning", "gmm"])


def waves(count, rows, seed=0, period=25.0):
    """Trials of one rhythm, each from its own phase."""
    rng = np.random.default_rng(seed)
    t = np.arange(rows)
    parts = []
    for _ in range(count):
        angle = 2 * np.pi * (t / period + rng.random())
        parts.append(np.stack([np.sin(angle), np.cos(angle) + 0.5 * np.sin(2 * angle)], axis=1))
    values = np.concatenate(parts) + 0.05 * rng.normal(size=(count * rows, 2))
    return values, tuple(range(0, count * rows, rows))


@pytest.mark.parametrize(
    ("lengths", "rows"),
    [([1000], 1000), ([100] * 7, 100), ([3000, 20_000], 20_000), ([100, 90, 80, 70], 70), ([500, 500, 30], 500)],
)
def test_pieces_are_the_longest_that_hold_most_rows(lengths, rows):
    starts = np.cumsum([0, *lengths[:-1]])
    assert piece_rows(sum(lengths), starts) == rows


def test_the_spectrum_of_trials_is_the_mean_of_theirs():
    values, starts = waves(8, 200)
    found = power_spectra(values, sigma=0, starts=starts)
    raw = sum(np.abs(np.fft.rfft(part - part.mean(axis=0), axis=0)) ** 2 for part in np.split(values, 8))
    np.testing.assert_allclose(found.power, raw / raw.sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.frequency, np.arange(101) / 200)
    assert np.argmax(found.power[:, 0]) == 8, "200 rows hold 8 periods of 25"
    np.testing.assert_array_equal(power_spectra(values).power, power_spectra(values, starts=(0,)).power)


def test_d_h_of_trials_sees_rhythms_where_one_trial_is_too_short():
    a, starts = waves(20, 100)
    b, _ = waves(20, 100, seed=1)
    other, _ = waves(20, 100, seed=2, period=10.0)
    same = spectral_distance(a, b, starts=starts, generated_starts=starts)
    assert same.mean < 0.05
    assert spectral_distance(a, other, starts=starts, generated_starts=starts).mean > 0.5
    assert same.sigma == 20
    # the series may differ in length
    assert spectral_distance(a, b[:1500], starts=starts, generated_starts=starts[:15]).mean < 0.05


def test_d_h_of_shuffled_trials_is_that_of_trials():
    """Which trial follows which cannot matter; as one series it would."""
    a, starts = waves(12, 150)
    order = np.random.default_rng(0).permutation(12)
    shuffled = np.concatenate([np.split(a, 12)[i] for i in order])
    assert spectral_distance(a, shuffled, starts=starts, generated_starts=starts).mean == pytest.approx(0, abs=1e-7)
    assert spectral_distance(a, shuffled).mean > 1e-3


@BOTH
def test_stretches_that_leave_count_as_the_ceiling_by_their_rows(estimator):
    values, starts = waves(10, 200)
    second, _ = waves(10, 200, seed=1)
    reference = prepare(values, definition_for(2000, 2, estimator=estimator))
    top, good = ceiling(reference, 2000), assess(reference, second, starts)
    assert good.escaped == 0
    for which in ([0], [9], [0, 5, 9]):
        lost = second.copy()
        for i in which:
            lost[200 * i + 50 : 200 * (i + 1)] = np.nan if i == 5 else 99.0
        found = assess(reference, lost, starts)
        share = len(which) / 10
        assert found.escaped == pytest.approx(share)
        assert share * top < found.d_stsp < share * top + (1 - share) * good.d_stsp + 0.6
    assert assess(reference, np.full_like(second, 99.0), starts).d_stsp == pytest.approx(top)


@BOTH
def test_one_stretch_is_what_it_was(estimator):
    values, _ = waves(1, 3000)
    second, _ = waves(1, 3000, seed=1)
    reference = prepare(values, definition_for(3000, 2, estimator=estimator))
    assert assess(reference, second, (0,)) == assess(reference, second)


def test_a_thinned_copy_is_never_better_than_perfect():
    rng = np.random.default_rng(0)
    series = np.cumsum(rng.normal(size=(20_000, 6)), axis=0)
    series -= np.linspace(0, 1, 20_000)[:, None] * series[-1]
    reference = prepare(series, definition_for(20_000, 6, estimator="gmm"))
    for stride in (1, 2, 3, 4, 5, 7, 10, 20, 40):
        found, error = assess_closely(reference, series[::stride])
        assert 0 <= found.d_stsp < 1, stride
        assert 0 <= error < 0.1
    # nor are the draws those of any stride: the unclamped estimates scatter around small values above 0
    accumulator = reference.accumulator(1, 1000)
    accumulator.add(series[::20][:, None, :])
    assert accumulator._estimates()[0][0] > 0


def test_the_error_of_the_mixture_is_that_of_its_draws():
    values, _ = waves(1, 4000)
    second, _ = waves(1, 4000, seed=1)
    definition = definition_for(4000, 2, estimator="gmm")
    reference = prepare(values, definition)
    found, error = assess_closely(reference, second + 0.3)
    fine = prepare(values, type(definition)("gmm", variance=definition.variance, draws=64_000))
    exact, smaller = assess_closely(fine, second + 0.3)
    assert abs(found.d_stsp - exact.d_stsp) < 4 * error
    assert smaller == pytest.approx(error / 8, rel=0.2)
    assert assess_closely(prepare(values), second)[1] is None, "binning draws nothing"


def test_lags_see_pairs_within_stretches_only():
    values, starts = waves(30, 120)
    x = values[:, 0]
    parts = [part[:, 0] for part in np.split(values, starts[1:])]
    found = autocorrelation(x, 30, starts)
    centered = [p - x.mean() for p in parts]
    by_hand = [sum((p[: len(p) - lag] * p[lag:]).sum() for p in centered) for lag in range(31)]
    np.testing.assert_allclose(found, np.array(by_hand) / by_hand[0], atol=1e-10)
    assert mutual_information(x, 25, starts)[25] > 1.2 * mutual_information(x, 25)[25], "a period later: the same"
    lags = choose_lags(x, starts=starts).lags
    assert 4 <= lags[1] <= 8, "about a quarter of the period"
    assert lags[1] == choose_lags(np.concatenate(parts[::-1]), starts=starts).lags[1]
    # across the boundaries of trials from random phases neighbors part: within they do not
    assert false_neighbors(x, 6, 2, starts=starts) <= false_neighbors(x, 6, 2)


def test_halves_are_divided_between_trials():
    assert halfway(1000, (0, 200, 400, 600, 800), 500) in (400, 600)
    assert halfway(1000, (0,), 500) == 500
    assert halfway(1000, (0, 100), 500) == 500, "too far from the half"
    values, starts = waves(4, 100)
    definition = definition_for(400, 2)
    assert (
        floor(values, definition, 400, starts=starts)
        == assess(prepare(values[:200], definition), values[200:], (0, 100)).d_stsp
    )


def test_compare_takes_stretches():
    (a, starts), (b, _) = waves(20, 100), waves(20, 100, seed=1)
    found = compare(a, b, starts=starts, generated_starts=starts)
    assert found.d_stsp < 2 * found.floor.d_stsp
    assert found.d_h < 0.05
    lost = b.copy()
    lost[:50] = np.inf
    lost[50:100] = 1e6
    assert compare(a, lost, starts=starts, generated_starts=starts).escaped == pytest.approx(0.05)


@pytest.mark.parametrize("fill", [-9999.0, 9.96921e36, 1.7976931348623157e308, -1.7976931348623157e308, 1e20, 99999.0])
@pytest.mark.parametrize("rows", [slice(900, None, 1000), slice(5, 6), slice(100, 130)])
def test_what_would_set_the_yardstick_is_refused(fill, rows):
    a, b = waves(1, 3000)[0], waves(1, 3000, seed=1)[0]
    a[rows, 1] = fill
    with pytest.raises(DataError, match=r"outliers in column 1.*No measure could mean anything.*--gaps"):
        compare(a, b)
    said = compare(b, a).warnings
    assert any("generated series" in warning for warning in said)


@pytest.mark.parametrize("size", [1e-160, 1e160])
def test_scales_whose_squares_vanish_or_overflow_are_refused(size):
    a = waves(1, 3000)[0]
    with pytest.raises(DataError, match=r"their squares (over|under)flow"):
        compare(size * a, size * a)


def test_d_h_says_where_it_is_blind():
    slow, fast = waves(1, 400, period=80.0)[0], waves(1, 400, period=6.0)[0]
    assert spectral_distance(slow, waves(1, 400, period=160.0)[0]).mean < 0.15, (
        "another rhythm, and D_H does not see it"
    )
    told = blindness(slow)
    assert "nearly blind" in told
    assert "it takes 1,600 rows" in told
    assert any("nearly blind" in warning for warning in compare(slow, slow).warnings)
    assert blindness(fast) is None
    assert not compare(fast, fast).warnings
    trials, starts = waves(40, 100)
    assert blindness(trials, starts=starts) is None


def test_drawn_numbers_carry_their_error_and_counts_are_whole():
    a, b = waves(1, 3000)[0], waves(1, 2500, seed=1)[0]
    found = compare(a, b, estimator="gmm")
    assert 0 < found.d_stsp_error < 0.5
    out = found.to_dict()
    assert out["d_stsp_error"] == found.d_stsp_error
    assert any("standard error" in line for line in found.describe())
    assert out["rows"] == {"reference": 3000, "generated": 2500, "d_h": 2500}
    assert compare(a, b).to_dict()["d_stsp_error"] is None
