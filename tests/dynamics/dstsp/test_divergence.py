import numpy as np
import pytest

from sparsernn.dynamics.dstsp.divergence import assess, ceiling, definition_for, divergence, floor, prepare
from sparsernn.errors import DataError, SpecError, Undefined

BOTH = pytest.mark.parametrize("estimator", ["binning", "gmm"])


def definition(estimator, length=20_000):
    return definition_for(length, 3, estimator=estimator)


@BOTH
def test_zero_with_itself_in_any_order(lorenz, estimator):
    series = lorenz[0][:20_000]
    reference = prepare(series, definition(estimator))
    assert divergence(reference, series) == 0.0
    assert assess(reference, series) == (0.0, 1.0, False)
    shuffled = np.random.default_rng(0).permutation(series)
    assert divergence(reference, shuffled) == pytest.approx(0.0, abs=0.02 if estimator == "gmm" else 1e-12)


@BOTH
def test_true_run_near_the_floor_dead_and_escaped_near_the_ceiling(lorenz, estimator):
    series, second = lorenz[0][:20_000], lorenz[1][:20_000]
    reference = prepare(series, definition(estimator))
    top = ceiling(reference, 20_000)
    assert divergence(reference, second) < 0.1 * top
    assert divergence(reference, np.zeros_like(series)) > 0.6 * top
    for lost in (np.nan, np.inf, 1e30):
        gone = np.full_like(series, lost)
        assert assess(reference, gone) == (pytest.approx(top, rel=1e-9), 0.0, True)


@BOTH
@pytest.mark.parametrize("steps", [5, 200, 2_000, 10_000])
def test_escape_is_never_better_than_collapse(lorenz, estimator, steps):
    series, second = lorenz[0][:20_000], lorenz[1][:20_000]
    reference = prepare(series, definition(estimator))
    escaped, collapsed = second.copy(), second.copy()
    escaped[steps:], collapsed[steps:] = 1e30, second[steps]
    assert divergence(reference, escaped) >= divergence(reference, collapsed) - 1e-12
    found = assess(reference, escaped)
    assert found.inside_fraction <= steps / 20_000 + 1e-9
    assert found.escaped
    assert found.d_stsp == pytest.approx(ceiling(reference, 20_000), rel=1e-9)


@BOTH
def test_leaving_for_good_scores_the_ceiling_and_an_excursion_its_share(lorenz, estimator):
    """What has left at 60 % of its time, finite or not, does not come back; what comes back has not left."""
    series, second = lorenz[0][:20_000], lorenz[1][:20_000]
    reference = prepare(series, definition(estimator))
    top = ceiling(reference, 20_000)
    left, away = second.copy(), second.copy()
    left[12_000:], away[6_000:12_000] = 30.0, 30.0
    assert assess(reference, left) == (pytest.approx(top, rel=1e-9), pytest.approx(0.6, abs=0.01), True)
    excursion = assess(reference, away)
    assert not excursion.escaped
    assert divergence(reference, second) + 0.2 < excursion.d_stsp < 0.6 * top
    last = second.copy()
    last[-19:] = 30.0
    assert not assess(reference, last).escaped, "a twentieth of the run must be outside"
    last[-1] = np.nan
    assert assess(reference, last).escaped


@pytest.mark.parametrize("length", [2_000, 10_000, 40_000])
def test_rule_for_bins_keeps_the_floor_below_the_ceiling(lorenz, length):
    """Two true runs: low at any length, where the published 30 bins are not."""
    top, low = {}, {}
    for bins in (None, 30):
        chosen = definition_for(length, 3, bins=bins)
        low[bins] = np.mean([floor(x[:length], chosen, length, y[:length]) for x, y in (lorenz, lorenz[::-1])])
        top[bins] = ceiling(prepare(lorenz[0][:length], chosen), length)
    assert low[None] < {2_000: 0.25, 10_000: 0.1, 40_000: 0.03}[length] * top[None]
    if length == 2_000:
        assert low[30] > 1.5 * low[None]


def test_floor_of_halves_is_that_of_the_halves(lorenz):
    series = lorenz[0][:20_000]
    chosen = definition("binning")
    halves = divergence(prepare(series[:10_000], chosen), series[10_000:])
    assert floor(series, chosen, 20_000) == floor(series, chosen, 10_000) == halves
    assert floor(series, chosen, 3_000) == divergence(prepare(series[:17_000], chosen), series[17_000:])
    true_length = floor(series, chosen, 20_000, lorenz[1][:20_000])
    assert true_length == divergence(prepare(series, chosen), lorenz[1][:20_000])
    assert 0 < true_length < halves


def test_floor_of_two_rows_is_undefined():
    assert isinstance(floor(np.array([[0.0], [1.0]]), definition_for(2, 1), 2), Undefined)


def test_preset_drops_what_is_outside(lorenz):
    series = lorenz[0][:20_000]
    published = prepare(series, definition_for(20_000, 3, "hemmer2024"))
    sound = prepare(series, definition_for(20_000, 3, bins=30))
    half = lorenz[1][:20_000].copy()
    half[::2] = 1e9  # again and again; what never comes back scores the ceiling
    assert divergence(sound, half) - divergence(published, half) == pytest.approx(np.log(2), abs=0.02)
    half[1:10_000:2], half[10_000:] = lorenz[1][1:10_000:2], np.nan
    assert divergence(sound, half) == ceiling(sound, 20_000) > 10 > divergence(published, half)
    gone = divergence(published, np.full_like(series, 1e9))
    assert isinstance(gone, Undefined)
    assert "drops" in gone


def test_default_definition_and_refusals(lorenz):
    assert prepare(lorenz[0][:2_000]).definition == definition_for(2_000, 3)
    assert prepare(np.random.default_rng(0).standard_normal((300, 12))).definition.estimator == "gmm"
    with pytest.raises(DataError, match="not finite"):
        prepare(np.full((10, 2), np.nan))
    with pytest.raises(SpecError, match=r"\(time, 3\)"):
        divergence(prepare(lorenz[0][:2_000]), np.zeros((5, 2)))
    with pytest.raises(SpecError, match=r"\(time, 3\)"):
        divergence(prepare(lorenz[0][:2_000]), np.zeros((0, 3)))


@pytest.mark.data
def test_published_lorenz_values(recorded):
    series, second = recorded("lorenz63_rnntopo"), recorded("lorenz63_test")
    reference = prepare(series, definition_for(100_000, 3, "hemmer2024"))
    assert 0.04 < divergence(reference, second) < 0.14
    assert 15.0 < divergence(reference, np.zeros_like(series)) < 16.5
    assert ceiling(reference, 100_000) == pytest.approx(16.32, abs=0.01)
    short = prepare(series[:30_000], definition_for(30_000, 3, "hemmer2024"))
    assert ceiling(short, 30_000) == pytest.approx(15.07, abs=0.02)


@pytest.mark.data
def test_ecg_in_five_dimensions(recorded):
    series, second = recorded("ECG_pecuzal_5d_train"), recorded("ECG_pecuzal_5d_test")
    reference = prepare(series)
    assert reference.definition.bins == 8
    assert divergence(reference, second) < 0.1
    assert divergence(reference, np.zeros_like(series)) > 4.0


@pytest.mark.data
def test_dead_model_of_lorenz96_is_seen(recorded):
    series, second = recorded("lorenz96_train"), recorded("lorenz96_test")
    reference = prepare(series)
    assert reference.definition.estimator == "gmm"
    true, dead = divergence(reference, second), divergence(reference, np.zeros_like(series))
    assert true < 0.6
    assert 10.0 < dead < ceiling(reference, 100_000)
