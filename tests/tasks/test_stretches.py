"""Several stretches in a task: nothing crosses a boundary."""

import jax
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from sparsernn.errors import DataError
from sparsernn.files.series import Series
from sparsernn.tasks import recording as module
from sparsernn.tasks.base import SPLITS
from sparsernn.tasks.reconstruction import Prepared, Reconstruction, preparation
from sparsernn.tasks.recording import cut


@pytest.fixture
def series(monkeypatch):
    """``series(lengths, width, ...)``: row t of stretch s holds s + t / 10,000 in every column, so that a window that
    crosses shows; ``values=`` gives others. Every task reads it."""
    module.load.cache_clear()

    def make(lengths, values=None, **more):
        if values is None:
            values = np.concatenate([s + np.arange(n)[:, None] / 1e4 for s, n in enumerate(lengths)])
        starts = tuple(int(n) for n in np.cumsum([0, *lengths[:-1]]))
        names = tuple(f"x{i}" for i in range(values.shape[1]))
        made = Series(values, names, 0.5, "made.npy", "abc", starts, **more)
        monkeypatch.setattr(module, "series_of", lambda task: made)
        monkeypatch.setattr(module, "refuse_yardsticks", lambda *_: None)
        return made

    yield make
    module.load.cache_clear()


def task(**fields):
    return Reconstruction(file="made.npy", **({"sequence": 10, "noise": 0.0, "standardize": False} | fields))


def test_whole_trials_go_to_the_three_in_order(series):
    series([100] * 10)
    found = task().load()
    assert found.trials
    assert {s: len(found.starts[s]) for s in SPLITS} == {"train": 6, "validation": 2, "test": 2}
    np.testing.assert_array_equal(np.unique(found.test.astype(int)), [8, 9])
    assert found.starts["test"] == (0, 100)
    assert any("whole, in order: 6 to train, 2 to validation, 2 to test" in note for note in found.notes)


@pytest.mark.parametrize(
    ("lengths", "whole"),
    [
        ([1000], False),
        ([500, 500], False),
        ([250] * 4, False),
        ([200] * 5, True),
        ([160] * 6 + [40], True),
        ([5000, *[10] * 20], False),  # one makes most of the recording
        ([10] * 500, True),
    ],
)
def test_which_rule_divides(lengths, whole):
    total = sum(lengths)
    starts = np.cumsum([0, *lengths[:-1]])
    parts, found = cut(total, starts, (0.6, 0.2, 0.2))
    assert found is whole
    rows = np.concatenate([np.arange(total)[rows] for s in SPLITS for rows in parts[s]])
    np.testing.assert_array_equal(rows, np.arange(total), "every row once, in order")
    inner = {rows.start for s in SPLITS for rows in parts[s]}
    assert set(starts.tolist()) <= inner, "every boundary is one"
    if whole:
        assert inner == set(starts.tolist())


@pytest.mark.parametrize("lengths", [[300, 400, 300], [60] * 12, [37, 90, 12, 55, 200, 41, 33, 47, 80, 66, 25]])
def test_no_window_crosses(series, lengths):
    series(lengths)
    made = task()
    data = made.data("train")
    batch = jax.jit(made.batch, static_argnums=2)(data, jax.random.key(0), 4_000)
    rows = np.concatenate([batch.first[None], batch.targets])[..., 0].astype(float)
    np.testing.assert_allclose(np.diff(rows, axis=0), 1e-4, atol=1e-5)
    starts = {round(float(r), 4) for r in rows[0]}
    possible = np.concatenate([part[: len(part) - 10, 0] for part in made.load().stretches("train")])
    assert starts == {round(float(np.float32(r)), 4) for r in possible}, "and every allowed row is drawn"
    for split in SPLITS:
        for one in made.examples(split, 7):
            windows = np.concatenate([one.first[None], one.targets])[..., 0].astype(float)
            np.testing.assert_allclose(np.diff(windows, axis=0), 1e-4, atol=1e-5)


def test_a_single_stretch_draws_what_it_always_drew(series):
    series([1000])
    made = task(noise=0.05)
    data = made.data("train")
    assert isinstance(data, jax.Array)
    key, noise = jax.random.split(jax.random.key(3))
    starts = jax.random.randint(key, (8,), 0, 600 - 10)
    rows = data[starts[None, :] + np.arange(11)[:, None]]
    rows = rows + 0.05 * jax.random.normal(noise, rows.shape, dtype=rows.dtype)
    np.testing.assert_array_equal(made.batch(data, jax.random.key(3), 8).targets, rows[1:])


def test_filters_delays_and_thinning_stay_within(series):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(1200, 1)) + np.repeat(np.arange(12), 100)[:, None] * 1e3  # steps between trials
    series([100] * 12, values)
    found = task(smooth=2.0, detrend=20.0, every=2, lags=(0, 3)).load()
    assert len(found.stretches("train")) == 7
    for i, part in enumerate(found.stretches("train")):
        trial = values[100 * i : 100 * (i + 1)]
        alone = gaussian_filter1d(trial - gaussian_filter1d(trial, 20.0, axis=0), 2.0, axis=0)[::2, 0]
        np.testing.assert_allclose(part, np.stack([alone[:-3], alone[3:]], axis=1))


def test_lags_are_chosen_from_pairs_within_trials(series):
    """Trials that begin at random phases: across boundaries there is no rhythm, within there is one of 40 rows."""
    rng = np.random.default_rng(0)
    trials = [np.sin(2 * np.pi * (np.arange(200) / 40 + rng.random())) for _ in range(20)]
    series([200] * 20, np.concatenate(trials)[:, None] + 0.01 * rng.normal(size=(4000, 1)))
    lags = task(lags="auto").load().lags
    assert 5 <= lags[1] <= 12


def test_short_stretches_are_left_out_and_counted(series):
    series([100, 8, 100, 100, 5, 100, 100, 100, 100, 100, 100, 100])
    found = task().load()
    assert [len(p) for p in found.stretches("train")] == [100] * len(found.starts["train"])
    assert any("2 stretches of together 13 rows left out: shorter than one training sequence" in n for n in found.notes)
    with pytest.raises(DataError, match=r"train stretches have at most 100 rows, fewer than one training sequence"):
        task(sequence=120).load()


def test_identity_follows_the_boundaries(series):
    values = np.random.default_rng(0).normal(size=(1000, 2))
    hashes = set()
    for lengths in ([1000], [400, 600], [200] * 5):
        series(lengths, values)
        module.load.cache_clear()
        hashes.add(task().content_hash())
    assert len(hashes) == 3


def test_what_a_run_keeps_comes_back(series):
    values = np.random.default_rng(0).normal(3, 2, size=(1200, 1))
    series([100] * 12, values, units=("mV",), time_unit="s")
    made = task(standardize=True, smooth=2.0, detrend=20.0, every=2, lags=(0, 3))
    kept, recording = Prepared.of(*made.keepsake()), made.load()
    np.testing.assert_array_equal(kept.test, recording.test)
    np.testing.assert_array_equal(kept.in_units(kept.test), recording.test * recording.scale + recording.mean)
    assert (kept.starts, kept.trials, kept.dt) == (recording.starts["test"], True, 1.0)
    assert (kept.names, kept.channels, kept.units) == (("x0", "x0(t+3)"), ("x0",), ("mV", "mV"))
    assert kept.preparation == preparation(made)
    assert [s.split(",")[0].split(" by")[0] for s in kept.preparation] == [
        "slow drift removed",
        "smoothed",
        "one row of 2 kept: dt 1 s",
        "delay embedding of x0",
    ]
    series([100] * 12, values)
    module.load.cache_clear()
    assert preparation(task()) == ()


@pytest.mark.parametrize("fields", [{}, {"every": 3}, {"smooth": 2.0}, {"detrend": 15.0, "smooth": 1.5, "every": 2}])
def test_a_history_is_prepared_as_the_end_of_a_stretch_is(series, fields):
    """The last row of a history that ends where the test data end is the last row of the test data; rows further back
    than `rows_needed` do not matter; one row less is refused with the number."""
    values = np.cumsum(np.random.default_rng(0).normal(size=(3005, 1)), axis=0)
    series([3005], values)  # 601 rows to test: the last one is kept by every=2 and every=3
    made = task(lags=(0, 4, 9), **fields)
    kept = Prepared.of(*made.keepsake())
    history = values[-601:]
    rows, drift = kept.prepare(history)
    np.testing.assert_allclose(rows[-1], kept.test[-1], atol=1e-9)
    short, same = kept.prepare(history[-kept.rows_needed :])
    np.testing.assert_allclose(short[-1], rows[-1], atol=1e-9)
    np.testing.assert_allclose(same, drift, atol=1e-9)
    with pytest.raises(DataError, match=f"needs the last {kept.rows_needed} rows"):
        kept.prepare(history[-kept.rows_needed + 1 :])
