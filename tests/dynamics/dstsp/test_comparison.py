import json

import numpy as np
import pytest

from sparsernn.dynamics.dstsp.comparison import compare
from sparsernn.dynamics.dstsp.divergence import definition_for, divergence, floor, prepare
from sparsernn.dynamics.power_spectrum import spectral_distance
from sparsernn.errors import DataError, SpecError, Undefined


def test_a_series_matches_itself(lorenz):
    result = compare(lorenz[0][:10_000], lorenz[0][:10_000])
    assert (result.d_stsp, result.d_h, result.inside_fraction) == (0.0, 0.0, 1.0)
    assert 0 < result.floor.d_stsp < result.ceiling.d_stsp
    assert 0 < result.floor.d_h < result.ceiling.d_h == 1.0


def test_numbers_are_those_of_the_parts(lorenz):
    a, b = lorenz[0][:10_000], lorenz[1][:6_000]
    result = compare(a, b, dt=0.01)
    definition = definition_for(6_000, 3)
    assert result.definition == definition
    assert result.d_stsp == divergence(prepare(a, definition), b)
    assert result.d_h == spectral_distance(a[:6_000], b).mean
    assert result.d_h_per_dimension == spectral_distance(a[:6_000], b).per_dimension
    assert result.sigma_hz == pytest.approx(20 / 60)
    assert result.floor.d_stsp == floor(a, definition, 6_000)
    assert result.floor.d_h == spectral_distance(a[:5_000], a[5_000:]).mean
    assert "last 5000 rows" in result.floor.what
    assert any("first 6000 rows" in line for line in result.describe())


def test_a_short_run_is_held_against_a_floor_of_its_length(lorenz):
    result = compare(lorenz[0][:10_000], lorenz[1][:2_000])
    assert "last 2000 rows" in result.floor.what
    assert "upper bound" not in result.floor.what
    assert "upper bound" in compare(lorenz[0][:10_000], lorenz[1][:9_000]).floor.what


def test_floor_from_a_second_true_series(lorenz):
    a, b = lorenz[0][:10_000], lorenz[1][:10_000]
    result = compare(a, b, second_reference=b)
    assert result.floor[:2] == (result.d_stsp, result.d_h)
    assert "second true series" in result.floor.what


@pytest.mark.parametrize("sigma_hz", [None, 0.5])
def test_floor_of_d_h_smooths_over_as_many_bins(lorenz, sigma_hz):
    a = lorenz[0][:10_000]
    result = compare(a, lorenz[1][:10_000], dt=0.01, sigma_hz=sigma_hz)
    assert result.sigma == (20 if sigma_hz is None else pytest.approx(50))
    assert result.floor.d_h == spectral_distance(a[:5_000], a[5_000:], sigma=result.sigma).mean


@pytest.mark.parametrize("dims", [3, 8])
def test_dead_and_escaped_runs_are_told_and_spelled_out(dims):
    generator = np.random.default_rng(0)
    reference = np.cumsum(generator.standard_normal((3_000, dims)), axis=0)
    gone = reference.copy()
    gone[10:] = np.nan
    result = compare(reference, gone)
    assert result.inside_fraction == pytest.approx(10 / 3_000)
    assert result.d_stsp > 0.9 * result.ceiling.d_stsp
    assert isinstance(result.d_h, Undefined)
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert plain["d_h"] is None
    assert plain["d_h_per_dimension"] == [None] * dims
    assert "not finite" in plain["undefined"]["d_h"]
    assert "not finite" in plain["undefined"][f"d_h_per_dimension.{dims - 1}"]
    dead = compare(reference, np.zeros_like(reference))
    assert "constant" in dead.d_h
    assert dead.inside_fraction in (0.0, 1.0)


def test_preset_is_passed_on(lorenz):
    a, b = lorenz[0][:10_000], lorenz[1][:10_000]
    result = compare(a, b, preset="hemmer2024", padding="reflect")
    assert result.definition == definition_for(10_000, 3, "hemmer2024")
    assert result.d_h == spectral_distance(a, b, padding="reflect").mean
    gone = compare(a, np.full_like(b, np.inf), preset="hemmer2024")
    assert isinstance(gone.d_stsp, Undefined)
    assert gone.to_dict()["d_stsp"] is None


def test_definition_is_flat_and_complete(lorenz):
    definition = compare(lorenz[0][:4_000], lorenz[1][:4_000], dt=0.01).to_dict()["definition"]
    assert {"estimator", "bins", "box", "alpha", "escape", "padding", "sigma", "sigma_hz", "text"} <= set(definition)


def test_bad_input_is_named(lorenz):
    a = lorenz[0][:1_000]
    with pytest.raises(DataError, match="same columns of both"):
        compare(a, a[:, :2])
    with pytest.raises(DataError, match="row 5, column 1"):
        compare(np.where((np.arange(3_000) == 16).reshape(1_000, 3), np.nan, a), a)
    with pytest.raises(DataError, match="constant"):
        compare(np.ones((100, 2)), np.ones((100, 2)))
    with pytest.raises(SpecError, match="mirror, reflect"):
        compare(a, a, padding="zero")
    with pytest.raises(SpecError, match="range, legacy"):
        compare(a, a, box="small")


def test_the_floors_spectrum_stays_within_the_stretches_of_the_second_series():
    """Jumps between its stretches are no rhythm of it."""
    rng = np.random.default_rng(0)

    def trials(lengths):
        angles = [0.31 * np.arange(n) + rng.uniform(0, 6) for n in lengths]
        parts = [np.stack([np.sin(a), np.cos(a)], axis=1) + 6 * (i % 2) for i, a in enumerate(angles)]
        return np.concatenate(parts), tuple(int(n) for n in np.cumsum([0, *lengths[:-1]]))

    first, starts = trials([100] * 15)
    second, second_starts = trials([130, 170] * 5)
    given = {"starts": starts, "generated_starts": starts, "second_reference": second}
    within = compare(first, first, **given, second_starts=second_starts)
    across = compare(first, first, **given)
    assert within.floor.d_h < 0.5 * across.floor.d_h
