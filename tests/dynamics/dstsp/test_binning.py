import numpy as np
import pytest

from sparsernn.dynamics.dstsp.binning import prepare_binned
from sparsernn.dynamics.dstsp.definition import Definition
from sparsernn.errors import SpecError


def counted(bins):
    return Definition("binning", bins=bins)


def brute_force(reference, generated, bins, alpha, escape):
    """D_stsp by NumPy's own histogram."""
    sd = reference.std(axis=0, ddof=1)
    edges = [
        np.linspace(a, b, bins + 1)
        for a, b in zip(reference.min(0) - 0.1 * sd, reference.max(0) + 0.1 * sd, strict=True)
    ]
    frequencies = []
    for series in (reference, generated):
        inside = series[np.isfinite(series).all(axis=1)]
        counts = np.histogramdd(inside, edges)[0].ravel()
        if escape == "counted":
            counts = np.append(counts, len(series) - counts.sum())
        frequencies.append((counts + alpha) / (counts + alpha).sum())
    p, q = frequencies
    return np.sum(p * np.log(p / q))


def one(reference, series, chunk=None):
    accumulator = reference.accumulator(1, len(series))
    for start in range(0, len(series), chunk or len(series)):
        accumulator.add(series[start : start + (chunk or len(series)), None])
    return accumulator.divergences()[0]


@pytest.mark.parametrize("escape", ["counted", "dropped"])
@pytest.mark.parametrize(("bins", "dim"), [(30, 1), (7, 2), (12, 3)])
def test_equals_brute_force(escape, bins, dim):
    generator = np.random.default_rng(bins)
    reference = generator.standard_normal((4_000, dim))
    generated = 1.2 * generator.standard_normal((3_000, dim))
    generated[::50, 0] = np.nan
    prepared = prepare_binned(reference, Definition("binning", bins=bins, escape=escape))
    assert one(prepared, generated) == pytest.approx(brute_force(reference, generated, bins, 1e-5, escape), rel=1e-10)


def test_two_bins_on_paper():
    reference = np.array([[0.0], [0.0], [0.0], [1.0]])
    generated = np.array([[0.1], [0.9]])
    prepared = prepare_binned(reference, Definition("binning", bins=2, alpha=1e-9))
    assert one(prepared, generated) == pytest.approx(0.75 * np.log(1.5) + 0.25 * np.log(0.5), abs=1e-6)
    assert prepared.entropy == pytest.approx(-0.75 * np.log(0.75) - 0.25 * np.log(0.25), abs=1e-6)


def test_left_closed():
    reference = np.array([[0.0], [1.0], [0.25], [0.75]])
    prepared = prepare_binned(reference, Definition("binning", bins=4))
    accumulator = prepared.accumulator(1, 3)
    accumulator.add(np.array([[prepared.low], [[0.5]], [prepared.high]]))
    np.testing.assert_array_equal(accumulator._counts[0], [1, 0, 1, 0, 1])


def test_chunks_and_company_change_nothing():
    generator = np.random.default_rng(0)
    prepared = prepare_binned(generator.standard_normal((5_000, 3)).astype(np.float32), counted(11))
    runs = (1.1 * generator.standard_normal((1_001, 6, 3))).astype(np.float32)
    runs[500:, 2] = np.nan
    runs[:, 3] = 1e38
    together = prepared.accumulator(6, 1_001)
    for start in range(0, 1_001, 250):
        together.add(runs[start : start + 250])
    alone = [one(prepared, runs[:, r]) for r in range(6)]
    np.testing.assert_array_equal(together.divergences(), alone)
    assert together.inside_fractions()[3] == 0
    assert together.divergences()[3] == pytest.approx(prepared.ceiling(1_001), rel=1e-12)


def test_single_precision_run_falls_into_the_bins_of_its_double_copy():
    generator = np.random.default_rng(1)
    prepared = prepare_binned(generator.standard_normal((2_000, 2)), counted(30))
    run = generator.standard_normal((2_000, 2)).astype(np.float32)
    assert one(prepared, run) == one(prepared, run.astype(np.float64))


@pytest.mark.parametrize("steps", [65_535, 65_536, 140_000])
def test_counters_do_not_overflow(steps):
    prepared = prepare_binned(np.arange(10.0)[:, None], counted(3))
    accumulator = prepared.accumulator(2, steps)
    accumulator.add(np.zeros((steps, 2, 1), np.float32))
    assert accumulator._counts.itemsize == (2 if steps <= 65_535 else 4)
    assert accumulator._counts[:, 0].tolist() == [steps, steps]


def test_more_steps_than_planned_are_refused():
    accumulator = prepare_binned(np.arange(10.0)[:, None], counted(3)).accumulator(1, 5)
    accumulator.add(np.zeros((4, 1, 1)))
    with pytest.raises(SpecError, match="planned for 5"):
        accumulator.add(np.zeros((2, 1, 1)))


def test_dropped_escape_leaves_nothing():
    prepared = prepare_binned(np.arange(10.0)[:, None], Definition("binning", bins=3, escape="dropped"))
    assert np.isnan(one(prepared, np.full((5, 1), 99.0)))
    # the published fault: one point inside hides that all others are gone
    hidden = np.full((100, 1), 99.0)
    hidden[:10, 0] = np.arange(10.0)
    assert one(prepared, hidden) == pytest.approx(0.0, abs=1e-4)
