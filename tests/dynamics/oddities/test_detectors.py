"""Each detector on its own: what it finds, what it leaves alone, what it says."""

import re

import numpy as np
import pytest

from sparsernn.dynamics.oddities.base import runs, stretches
from sparsernn.dynamics.oddities.check import oddities, without_holes
from sparsernn.dynamics.oddities.duplicates import duplicates
from sparsernn.dynamics.oddities.few_levels import few_levels
from sparsernn.dynamics.oddities.flat import flat
from sparsernn.dynamics.oddities.missing import missing
from sparsernn.dynamics.oddities.noise_only import against, noise_only, surrogates
from sparsernn.dynamics.oddities.nonstationary import bent, detrending, nonstationary, step
from sparsernn.dynamics.oddities.outliers import looks_like_fill, outliers, yardsticks
from sparsernn.dynamics.oddities.periodic import periodic, recurrence, rhythm
from sparsernn.dynamics.oddities.spikes import spikes
from sparsernn.dynamics.oddities.too_short import parameters, too_short
from sparsernn.dynamics.oddities.wide import wide

rng = np.random.default_rng
t = np.arange(6000)
waves = np.stack([np.sin(0.05 * t) + 0.3 * np.sin(0.15 * t), np.cos(0.05 * t) * np.sin(0.1 * t)], 1)
waves += 0.02 * rng(0).normal(size=waves.shape)


def filled(value, rows=slice(900, None, 1000), column=slice(None)):
    out = waves.copy()
    out[rows, column] = value
    return out


# outliers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fill", [-9999.0, 999.0, -99.9, -999.0, 1e20, 9.96921e36, 1.7976931348623157e308, -1e300, 32767.0, 1e5]
)
def test_fill_values_are_refused_in_whatever_number(fill):
    found = yardsticks(filled(fill, column=0))
    assert [(o.code, o.column, o.refused) for o in found] == [("outliers", 0, True)]
    assert f"{fill:.6g}" in found[0].text
    assert "--gaps" in found[0].mend


def test_blocks_of_several_fill_values_are_found_together():
    values = filled(-9999, slice(1000, 2800), 1)
    values[3000:3100, 1] = 9999
    (found,) = yardsticks(values)
    assert "1,900 rows hold -9999 and 9999" in found.text


def test_a_level_that_may_be_the_signal_is_said_but_not_refused():
    (found,) = outliers(1000 + 20 * filled(-50, slice(500, 700), 0)[:, :1])
    assert not found.refused
    assert "perhaps" in found.text


@pytest.mark.parametrize(
    ("low", "high", "fill"),
    [(-20, 40, -99.9), (0, 1200, -999), (315, 460, -99.99), (50, 120, 0), (-5, 60, 99.9)],
)
def test_fill_values_a_range_away_are_said_but_not_refused(low, high, fill):
    values = low + (high - low) * rng(4).random(3000)
    assert outliers(values) == []
    values[::97] = fill
    (found,) = outliers(values)
    assert f"31 rows hold {fill:.6g}" in found.text
    assert not found.refused


def test_a_fill_value_that_is_only_said_hides_no_trend():
    values = 315 + 0.03 * t + 3 * np.sin(0.5 * t)
    values[::97] = -99.99
    assert {"outliers", "nonstationary"} <= {o.code for o in oddities(values)}


def test_zeros_and_nines_that_belong_to_the_signal():
    assert outliers(np.maximum(rng(0).normal(size=3000), 0)) == []  # rectified
    assert outliers(rng(1).choice([0, 50, 75, 99], size=3000)) == []  # levels
    assert outliers(np.minimum(40 * rng(2).random(3000) + 70, 99.9)) == []  # saturated


@pytest.mark.parametrize(("scale", "word"), [(1e200, "overflow"), (1e-200, "underflow")])
def test_scales_that_no_square_survives(scale, word):
    assert all(word in o.text and o.refused for o in outliers(waves * scale))
    assert len(outliers(waves * scale)) == 2


def test_a_few_rows_that_make_the_range():
    values = waves.copy()
    values[17, 0], values[18, 0] = 3e4, 1.5e4
    (found,) = outliers(values)
    assert found.refused
    assert "2 of 6,000 rows" in found.text
    (milder,) = outliers(filled(30.0, 17, 0))
    assert not milder.refused


def test_most_rows_in_one_bin():
    values = rng(0).lognormal(0, 0.1, 5000) * np.where(rng(1).random(5000) < 0.05, 1 + 30 * rng(2).random(5000), 1)
    (found,) = outliers(values)
    assert "thirtieth" in found.text
    assert not found.refused


@pytest.mark.parametrize(
    "make", [lambda r: r.normal(size=5000), lambda r: r.random(5000), lambda r: r.exponential(size=5000)]
)
def test_usual_distributions_have_no_outliers(make):
    assert outliers(make(rng(0))) == []


@pytest.mark.parametrize(
    ("value", "like"),
    [(-9999, True), (99.99, True), (9, False), (9.5, False), (1e6, True), (123456, False), (65535, True)],
)
def test_what_looks_like_a_fill_value(value, like):
    assert looks_like_fill(value) is like


# the others ---------------------------------------------------------------------------------------


def test_spikes():
    train = (rng(0).random(5000) < 0.05) * 1.0
    assert [o.code for o in spikes(train)] == ["spikes"]
    assert spikes(train)[0].options[0][0] == "--smooth"
    assert [o.column for o in spikes(np.stack([t % 7 == 0, waves[:, 0]], 1))] == [0]
    assert spikes(np.where(rng(0).random(6000) < 0.9, 2.5, waves[:, 0]))[0].text.startswith("90")
    assert spikes(waves) == []


def test_levels_and_saturation():
    assert "8 different" in few_levels(np.floor(4 * np.sin(0.0123 * t**1.01)).clip(-4, 3))[0].text
    assert few_levels(np.round(2 * waves))[1].column == 1
    for low, high in ((-0.5, 9), (-9, 0.6)):
        (found,) = few_levels(np.clip(waves[:, 0], low, high))
        assert "cut off at" in found.text
    assert few_levels(np.round(np.sin(0.01 * t) * 512) / 512) == []  # the crest of a rounded sine is long by nature
    assert few_levels(waves) == []


def test_pauses_and_constants():
    held = filled(0.0, slice(4000, 4300))
    assert {(o.column, "300 rows from row 4,000" in o.text) for o in flat(held)} == {(0, True), (1, True)}
    (still,) = flat(np.stack([waves[:, 0], np.full(6000, 7.0)], 1))
    assert (still.column, still.text) == (1, "constant: every row holds 7")
    assert flat(np.round(10 * waves)) == []
    assert flat(np.full((40, 1), 3.0), (0, 20))[0].code == "flat"


def test_a_run_over_a_boundary_is_two():
    assert list(runs(np.zeros(6), (0, 4))[1]) == [4, 2]
    assert [(s.start, s.stop) for s in stretches(6, (0, 4))] == [(0, 4), (4, 6)]
    values = waves.copy()
    values[2991:3009] = 0.5  # 18 rows, 9 on either side
    values[2985:2991] = 0.5
    assert flat(values)
    assert flat(values, (0, 3000)) == []


def test_copies_of_rows_and_columns():
    (block,) = duplicates(np.concatenate([waves, waves[2000:2500]]))
    assert "500 rows occur a second time" in block.text
    assert duplicates(np.concatenate([waves, waves[:20]])) == []
    (held,) = duplicates(np.repeat(waves, 4, axis=0))
    assert held.options == (("--every", "4"),)
    (copy,) = duplicates(np.column_stack([waves, waves[:, 0]]))
    assert (copy.column, copy.said(["a", "b", "c"])) == (2, "a copy of a")
    (scaled,) = duplicates(np.column_stack([waves, 32 - 1.8 * waves[:, 1]]))
    assert "b in another scale" in scaled.said(["a", "b", "c"])
    assert duplicates(waves) == []


def test_missing_and_endless():
    values = filled(np.nan, slice(10, 40), 1)
    assert [(o.column, o.options) for o in missing(values)] == [(1, (("--gaps", "cut"),))]
    values[5, 0] = np.inf
    assert [o.refused for o in missing(values)] == [True, False]
    assert missing(waves) == []


def test_wide():
    assert wide(np.zeros((3, 128)))[0].options == (("--hidden", "256"),)
    assert wide(np.zeros((3, 64)))
    assert wide(np.zeros((3, 40))) == []


@pytest.mark.parametrize(
    ("values", "period"),
    [
        (np.sin(2 * np.pi * t / 37.3), 37.3),
        (np.tile([0.3, 0.8, 0.5, 0.9], 200), 4),
        (np.sin(2 * np.pi * t / 100) + 0.2 * np.sin(4 * np.pi * t / 100) + 0.1 * rng(0).normal(size=6000), 100),
        (np.stack([np.sin(0.05 * t), np.cos(0.05 * t)], 1), 2 * np.pi / 0.05),
    ],
)
def test_periods(values, period):
    assert rhythm(values).period == pytest.approx(period, rel=1e-3)
    assert "chaos" in periodic(values)[0].text


@pytest.mark.parametrize(("rate", "period"), [(3.2, 2), (3.5, 4), (3.55, 8), (3.83, 3), (3.845, 6)])
def test_an_orbit_that_has_doubled_its_period_is_not_told_as_half_of_it(rate, period):
    orbit, x = [], 0.3
    for _ in range(6000):
        x = rate * x * (1 - x)
        orbit.append(x)
    assert rhythm(np.array(orbit[3000:])).period == pytest.approx(period, rel=1e-3)
    assert f"every {period} rows" in periodic(np.array(orbit[3000:]))[0].text


def test_a_torus_has_no_period():
    found = rhythm(np.sin(0.1 * t) + 0.7 * np.sin(0.1 * np.sqrt(2) * t))
    assert found is not None
    assert found.period is None
    assert rhythm(rng(0).normal(size=2000)) is None
    assert rhythm(np.cumsum(rng(0).normal(size=2000))) is None


def test_recurrence_is_what_it_says():
    x = rng(0).normal(size=(50, 2))
    x -= x.mean(axis=0)
    for lag in (0, 3, 25):
        expected = ((x[lag:] - x[: 50 - lag]) ** 2).sum(axis=1).mean() / (2 * (x**2).sum(axis=1).mean())
        assert recurrence(x)[lag] == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_noise_of_every_color(seed):
    white = rng(seed).normal(size=6000)
    red = np.convolve(white, 0.9 ** np.arange(100))[100:6000]
    for series in (white, red, np.exp(white), np.convolve(white, np.hanning(12), "valid")):
        assert [o.code for o in noise_only(series)] == ["noise_only"]


def test_what_is_not_noise():
    x = np.empty(4000)
    x[0] = 0.3
    for i in range(3999):
        x[i + 1] = 3.9 * x[i] * (1 - x[i])
    for series in (x, x + 0.1 * x.std() * rng(0).normal(size=4000), np.sin(0.05 * t) + 0.3 * rng(0).normal(size=6000)):
        assert noise_only(series) == []
    assert noise_only(rng(0).normal(size=100)) == []  # too short to tell
    assert against(np.ones(500)) is None
    both = np.stack([x, rng(1).normal(size=4000)], 1)
    assert [o.column for o in noise_only(both)] == [1]


def test_surrogates_keep_values_and_spectrum():
    x = np.convolve(rng(0).normal(size=2100), 0.8 ** np.arange(50))[50:2098]
    x -= x.mean()
    copies = surrogates(x, 3, rng(1))
    assert all(np.array_equal(np.sort(c), np.sort(x)) for c in copies)
    for lag in (1, 5):
        expected = np.mean(x[lag:] * x[:-lag]) / np.mean(x**2)
        assert np.mean(copies[:, lag:] * copies[:, :-lag]) / np.mean(x**2) == pytest.approx(expected, abs=0.05)


def test_drift_and_its_remedy():
    moving = waves + 0.002 * t[:, None]
    found = nonstationary(moving)
    assert [o.column for o in found] == [0, 1]
    width = dict(found[0].options)["--detrend"]
    assert int(width) == detrending(moving[:, 0], (0,), (0.6, 0.2, 0.2))
    angle = 0.05 * t + 0.3 * np.sin(0.11 * t)
    assert "sine and cosine" in nonstationary(angle)[0].mend
    (steep,) = nonstationary(0.05 * t + 0.1 * np.sin(0.11 * t))  # the ends of a moving mean would be all there is
    assert steep.options == ()
    assert "does not mend it" in steep.mend
    assert all(nonstationary(np.cumsum(rng(seed).normal(size=5000))) for seed in range(10))
    assert nonstationary(waves) == []


def test_steps():
    noise = rng(0).normal(size=6000)
    change = step(noise + 2.0 * (t >= 3000))
    assert change is not None
    assert (change.row, change.mean) == (3000, pytest.approx(2.0, abs=0.1))
    change = step(noise * np.where(t < 1500, 3, 1))
    assert change is not None
    assert change.row == 1500
    assert change.sd == pytest.approx(1 / 3, rel=0.1)
    assert all(step(rng(seed).normal(size=2000)) is None for seed in range(100))


def test_too_few_rows():
    assert "one training sequence" in too_short(waves[:60])[0].text
    assert "weights" in too_short(waves[:800])[0].text
    assert parameters(3) == 2600
    trials = too_short(waves, tuple(range(0, 6000, 80)))
    assert "longest stretch has 80" in trials[0].text
    assert "turns" in too_short(np.sin(2 * np.pi * t / 2500)[:, None])[0].text
    assert too_short(waves) == []


def test_holes_begin_stretches():
    values = filled(np.nan, slice(100, 110))
    piece = without_holes(values, (0, 105, 3000))
    assert (len(piece.values), piece.starts) == (5990, (0, 100, 2990))
    mostly = np.column_stack([waves, np.where(t < 4000, np.nan, 1.0 * t)])
    assert len(without_holes(mostly, (0,)).values) == 6000


def test_one_fault_is_said_once():
    def codes(v):
        return [o.code for o in oddities(v)]

    assert codes(waves) == ["periodic"]
    assert set(codes(filled(-9999))) == {"outliers"}
    assert "duplicates" not in codes(np.tile(waves[:125], (40, 1)))
    assert codes(np.empty((0, 2))) == ["too_short"]
    assert codes(np.full((10, 2), np.nan))[:2] == ["missing", "missing"]
    assert "flat" in codes(np.ones((500, 1)))


def test_a_detrending_that_bends_the_ends_is_warned_of():
    """The mirrored moving mean of a ramp lags by 2 (phi(u) - u (1 - Phi(u))) slope * width, u widths from an end."""
    time = np.arange(2_000.0)
    wave, split = np.sin(time / 7), (0.6, 0.2, 0.2)
    (found,) = bent(0.2 * time + wave, 50, (0,), split)
    assert found.column == 0
    reach = float(re.search(r"reaches ([\d.]+) times", found.text)[1])
    at_the_end, a_width_away = 1 + 0.798 * 0.2 * 50, 1 + 0.167 * 0.2 * 50
    assert reach == pytest.approx(at_the_end / a_width_away, rel=0.15)
    assert bent(np.stack([wave, 1e-3 * time + wave], axis=1), 50, (0,), split) == []
