import dataclasses

import numpy as np
import pytest

from sparsernn.dynamics.dstsp.definition import Definition
from sparsernn.dynamics.dstsp.mixture import prepare_mixture
from sparsernn.errors import Undefined

DEFINITION = Definition("gmm", variance=0.25, points=700, draws=300)


def one(reference, series, chunk=None):
    accumulator = reference.accumulator(1, len(series))
    for start in range(0, len(series), chunk or len(series)):
        accumulator.add(series[start : start + (chunk or len(series)), None])
    return accumulator.divergences()[0]


def gaussian_log_density(x, points, variance):
    squares = ((x[:, None] - points[None]) ** 2).sum(axis=2)
    kernels = np.exp(-squares / (2 * variance)) / (2 * np.pi * variance) ** (x.shape[1] / 2)
    return np.log(kernels.mean(axis=1))


def test_equals_brute_force():
    generator = np.random.default_rng(0)
    reference, generated = generator.standard_normal((600, 3)) * [1, 2, 3], generator.standard_normal((650, 3))
    prepared = prepare_mixture(reference, DEFINITION)
    sd = reference.std(axis=0, ddof=1)
    x = prepared.draws
    p = np.exp(gaussian_log_density(x, (reference - reference.mean(0)) / sd, 0.25))
    q = np.exp(gaussian_log_density(x, (generated - reference.mean(0)) / sd, 0.25))
    background = np.exp(-(x**2).sum(axis=1) / (2 * 1.25)) / (2 * np.pi * 1.25) ** 1.5
    expected = np.mean(np.log((1 - 1e-5) * p + 1e-5 * background) - np.log((1 - 1e-5) * q + 1e-5 * background))
    assert one(prepared, generated) == pytest.approx(expected, rel=1e-9)


def test_two_gaussians_on_paper():
    """Many points from N(0, 1) and N(m, 1): the mixtures are N(., 1 + variance), so D = m² / (2 (1 + variance))."""
    generator = np.random.default_rng(1)
    reference, generated = generator.standard_normal((8_000, 2)), generator.standard_normal((8_000, 2)) + [1.0, 0.0]
    prepared = prepare_mixture(reference, Definition("gmm", variance=0.5, points=8_000, draws=8_000))
    assert one(prepared, generated) == pytest.approx(1 / 3, abs=0.03)


def test_draws_come_from_the_mixture():
    reference = np.random.default_rng(2).standard_normal((5_000, 2)) * [1.0, 5.0] + 3.0
    draws = prepare_mixture(reference, Definition("gmm", variance=0.3, draws=20_000)).draws
    np.testing.assert_allclose(draws.mean(axis=0), 0.0, atol=0.03)
    np.testing.assert_allclose(draws.var(axis=0), 1.3, rtol=0.03)


def test_chunks_and_company_change_nothing():
    generator = np.random.default_rng(3)
    prepared = prepare_mixture(generator.standard_normal((2_000, 4)), DEFINITION)
    runs = generator.standard_normal((1_500, 200, 4)).astype(np.float32)
    runs[100:, 7] = np.nan
    together = prepared.accumulator(200, 1_500)
    for start in range(0, 1_500, 400):
        together.add(runs[start : start + 400])
    alone = [one(prepared, runs[:, r]) for r in (0, 7, 199)]
    np.testing.assert_allclose(together.divergences()[[0, 7, 199]], alone, rtol=1e-10)
    np.testing.assert_allclose(together.inside_fractions()[7], (np.isfinite(runs[:, 7, 0])).mean(), atol=0.01)


def test_units_do_not_matter():
    generator = np.random.default_rng(4)
    reference, generated = generator.standard_normal((900, 3)), generator.standard_normal((900, 3)) * 1.3
    factor = np.array([1e-6, 1.0, 1e6])
    plain = one(prepare_mixture(reference, DEFINITION), generated)
    scaled = one(prepare_mixture(reference * factor + 5, DEFINITION), generated * factor + 5)
    assert scaled == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize("far", [1e3, 1e30, np.inf, -np.inf, np.nan])
def test_far_runs_score_the_ceiling(far):
    reference = np.random.default_rng(5).standard_normal((900, 20))
    prepared = prepare_mixture(reference, DEFINITION)
    assert one(prepared, np.full((900, 20), far)) == pytest.approx(prepared.ceiling(900), rel=1e-12)
    assert one(prepared, np.zeros((900, 20))) < prepared.ceiling(900)


def test_dropped_is_the_published_fault():
    """Draws that underflow are discarded: the few that a far run explains decide, and none at all is no number."""
    generator = np.random.default_rng(6)
    reference = generator.standard_normal((500, 2))
    published = dataclasses.replace(DEFINITION, escape="dropped", units="raw", selection="first", variance=0.01)
    prepared = prepare_mixture(reference, published)
    assert isinstance(prepared.ceiling(500), Undefined)
    assert np.isnan(one(prepared, np.full((500, 2), 1e3)))
    stuck = np.tile([[2.5, 2.5]], (500, 1))
    counted = prepare_mixture(reference, dataclasses.replace(published, escape="counted"))
    log_q = -((prepared.draws - (stuck[0] - prepared.center)) ** 2).sum(axis=1) / 0.02
    kept = log_q > -103.9
    assert 0 < kept.sum() < 100
    assert one(prepared, stuck) == pytest.approx(np.mean(prepared.log_p[kept] - log_q[kept]), rel=1e-9)
    assert one(counted, stuck) == pytest.approx(counted.ceiling(500), rel=0.02)


def test_first_points_are_the_first():
    generator = np.random.default_rng(7)
    series = generator.standard_normal((2_000, 2))
    published = Definition("gmm", variance=0.3, points=100, draws=200, selection="first", escape="dropped", units="raw")
    whole, start = prepare_mixture(series, published), prepare_mixture(series[:100], published)
    np.testing.assert_allclose(whole.draws + whole.center, start.draws + start.center)
    assert one(whole, series) == pytest.approx(0.0, abs=1e-12)
    assert one(whole, series[:100]) == pytest.approx(0.0, abs=1e-12)


def test_escaped_points_score_the_ceiling_by_their_share():
    generator = np.random.default_rng(8)
    prepared = prepare_mixture(generator.standard_normal((400, 3)), DEFINITION)
    run = generator.standard_normal((400, 3))
    partly = np.vstack([run[:300], np.full((100, 3), np.nan), np.full((100, 3), 1e5), run[300:]])
    expected = (2 / 3) * one(prepared, run) + (1 / 3) * prepared.ceiling(600)
    assert one(prepared, partly) == pytest.approx(expected, rel=1e-10)
    outlier = run.copy()
    outlier[0, 0] = prepared.high[0] + 0.1  # outside the box but not lost
    assert one(prepared, outlier) == pytest.approx(one(prepared, run), abs=0.1)
