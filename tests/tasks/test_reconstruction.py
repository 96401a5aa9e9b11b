import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.tasks.base import SPLITS
from sparsernn.tasks.reconstruction import Reconstruction


def save(folder, values, name="series.npy"):
    np.save(folder / name, values)
    return str(folder / name)


@pytest.fixture
def ramp(tmp_path):
    """Row t holds -t and -10 t: where a value comes from can be read off (with names: else it is taken for a time)."""
    t = np.arange(1000.0)
    path = tmp_path / "ramp.csv"
    np.savetxt(path, np.stack([-t, -10 * t], axis=1), delimiter=",", header="down,steep", comments="")
    return str(path)


@pytest.fixture
def wave(tmp_path):
    """One column: sin(t / 5) with a slow second wave, 2,000 rows."""
    t = np.arange(2_000)
    return save(tmp_path, np.sin(t / 5) + 0.5 * np.sin(t / 37))


def raw(task, split):
    """The stretch in the units of the file."""
    recording = task.load()
    return getattr(recording, split) * recording.scale + recording.mean


def test_split_is_in_time_and_shares_no_row(ramp):
    task = Reconstruction(file=ramp, sequence=20, split=(0.5, 0.2, 0.3))
    times = [-raw(task, s)[:, 0].round().astype(int) for s in SPLITS]
    np.testing.assert_array_equal(times[0], np.arange(500))
    np.testing.assert_array_equal(times[1], np.arange(500, 700))
    np.testing.assert_array_equal(times[2], np.arange(700, 1000))


def test_standardization_knows_the_training_stretch_only(tmp_path):
    values = np.random.default_rng(0).normal(2, 3, size=(1000, 2))
    task = Reconstruction(file=save(tmp_path, values), sequence=20)
    recording = task.load()
    np.testing.assert_allclose(recording.mean, values[:600].mean(axis=0))
    np.testing.assert_allclose(recording.scale, values[:600].std(axis=0))
    np.testing.assert_allclose(recording.train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(recording.train.std(axis=0), 1)
    np.testing.assert_allclose(np.concatenate([raw(task, s) for s in SPLITS]), values)
    # what comes later cannot change what the network is trained on
    values[600:] *= 100
    later = Reconstruction(file=save(tmp_path, values, "later.npy"), sequence=20).load()
    np.testing.assert_array_equal(later.train, recording.train)


def test_without_standardization_the_numbers_are_the_files(ramp):
    task = Reconstruction(file=ramp, sequence=20, standardize=False)
    np.testing.assert_array_equal(task.load().train[:, 0], -np.arange(600))
    assert (task.load().mean == 0).all()
    assert (task.load().scale == 1).all()


@pytest.mark.parametrize("sequence", [1, 20, 198])
def test_windows_are_consecutive_rows_and_reach_the_ends(ramp, sequence):
    task = Reconstruction(file=ramp, sequence=sequence, noise=0, standardize=False)
    batch = task.batch(task.data("train"), jax.random.key(0), 6_000)
    times = -np.concatenate([batch.first[None], batch.targets])[..., 0]
    assert times.shape == (sequence + 1, 6_000)
    np.testing.assert_array_equal(np.diff(times, axis=0), 1)
    assert set(times[0]) <= set(range(600 - sequence))
    assert (times[0].min(), times[-1].max()) == (0, 599)
    np.testing.assert_array_equal(batch.targets[..., 1], 10 * batch.targets[..., 0])
    assert batch.inputs is None


def test_noise_is_fresh_and_on_signal_and_target(tmp_path):
    values = np.random.default_rng(0).normal(size=(3_000, 2)) * 1e-6
    task = Reconstruction(file=save(tmp_path, values), sequence=50, noise=0.3, standardize=False)
    data = task.data("train")
    first, second = (task.batch(data, jax.random.key(seed), 200) for seed in (0, 1))
    for part in (first.first, first.targets[0], first.targets[-1]):
        assert np.std(part) == pytest.approx(0.3, rel=0.2)
        assert np.mean(part) == pytest.approx(0, abs=0.1)
    both = np.concatenate([np.ravel(first.targets), np.ravel(second.targets)])
    assert len(np.unique(both)) > 0.99 * both.size
    assert np.abs(np.corrcoef(np.ravel(first.targets[:-1]), np.ravel(first.targets[1:]))[0, 1]) < 0.03
    # examples carry none
    assert max(np.abs(b.targets).max() for b in task.examples("test", 10)) < 1e-5


def test_noise_is_in_standard_deviations_of_the_series(tmp_path):
    values = np.random.default_rng(0).normal(5, 40, size=(3_000, 1))
    file = save(tmp_path, values)
    data = Reconstruction(file=file, sequence=5).data("train")
    clean, noisy = (
        Reconstruction(file=file, sequence=5, noise=noise).batch(data, jax.random.key(0), 4_000).targets
        for noise in (0.0, 0.5)
    )
    assert np.std(noisy - clean) == pytest.approx(0.5, rel=0.03)


def test_examples_follow_one_another(ramp):
    task = Reconstruction(file=ramp, sequence=30, standardize=False)
    for size in (1, 4, 1000):
        batches = list(task.examples("validation", size))
        first = -np.concatenate([b.first for b in batches])[:, 0]
        np.testing.assert_array_equal(first, 600 + 30 * np.arange(6))  # (200 - 1) // 30 windows
        targets = -np.concatenate([b.targets for b in batches], axis=1)[..., 0]
        np.testing.assert_array_equal(targets.T.ravel(), np.arange(601, 781))


def test_delays_never_cross_a_cut(ramp):
    task = Reconstruction(file=ramp, columns=("down",), lags=(0, 3, 7), sequence=10, standardize=False)
    recording = task.load()
    assert (recording.lags, recording.embedding) == ((0, 3, 7), "given")
    assert recording.names == ("down", "down(t+3)", "down(t+7)")
    for split, (low, high) in zip(SPLITS, ((0, 600), (600, 800), (800, 1000)), strict=True):
        rows = -getattr(recording, split)
        np.testing.assert_array_equal(rows[:, 0], np.arange(low, high - 7))
        np.testing.assert_array_equal(rows - rows[:, :1], np.tile([0, 3, 7], (len(rows), 1)))


def test_filters_never_cross_a_cut(tmp_path):
    """A jump right after the training stretch leaves no trace in it."""
    noise = np.random.default_rng(0).normal(size=1000)
    jump = np.where(np.arange(1000) < 600, 0.0, 1e6)
    options = {"sequence": 20, "smooth": 4.0, "detrend": 30.0, "standardize": False}
    plain, jumped = (
        Reconstruction(file=save(tmp_path, v, f"{i}.npy"), **options).load()
        for i, v in enumerate((noise, noise + jump))
    )
    np.testing.assert_array_equal(plain.train, jumped.train)


def test_smoothing_is_a_gaussian_filter(tmp_path):
    values = np.zeros(1000)
    values[300] = 1.0
    values[[700, 900]] = 1.0
    task = Reconstruction(file=save(tmp_path, values), sequence=20, smooth=5.0, standardize=False)
    bump = task.load().train[:, 0]
    offset = np.arange(600) - 300
    np.testing.assert_allclose(bump, np.exp(-(offset**2) / 50) / (50 * np.pi) ** 0.5, atol=1e-4)


def test_thinning_keeps_every_so_many_th_row_and_stretches_dt(ramp):
    task = Reconstruction(file=ramp, every=4, dt=0.25, sequence=20, standardize=False)
    np.testing.assert_array_equal(task.load().train[:, 0], -np.arange(0, 600, 4))
    assert task.load().dt == 1.0
    assert Reconstruction(file=ramp, sequence=20).load().dt is None


def test_automatic_lags_are_chosen_from_the_training_stretch(wave, tmp_path):
    recording = Reconstruction(file=wave, lags="auto", sequence=20).load()
    assert recording.lags[0] == 0
    assert len(recording.lags) == recording.train.shape[1] > 1
    assert recording.embedding != "given"
    values = np.load(wave)
    values[1200:] = np.random.default_rng(0).normal(size=800)
    again = Reconstruction(file=save(tmp_path, values, "changed.npy"), lags="auto", sequence=20).load()
    assert again.lags == recording.lags
    np.testing.assert_array_equal(again.train, recording.train)


def test_columns_are_picked_by_name_or_index(tmp_path):
    path = tmp_path / "named.csv"
    values = np.random.default_rng(0).normal(size=(300, 3))
    np.savetxt(path, values, delimiter=",", header="pressure,flow,heat", comments="")
    task = Reconstruction(file=str(path), columns=("heat", "pressure"), sequence=10, standardize=False)
    assert task.load().names == ("heat", "pressure")
    assert task.outputs == 2
    np.testing.assert_allclose(task.load().train, values[:180][:, [2, 0]])
    by_index = Reconstruction(file=str(path), columns=(2, 0), sequence=10, standardize=False)
    np.testing.assert_array_equal(by_index.load().train, task.load().train)


def test_reference_is_the_mean_and_persistence(ramp):
    task = Reconstruction(file=ramp, sequence=10, standardize=False)
    found = task.reference()
    windows = [np.arange(800 + 10 * i, 811 + 10 * i) for i in range(19)]
    persistence = np.mean([(w[1:] - w[0]) ** 2 for w in windows])
    mean = np.mean([(w[1:] - np.arange(600).mean()) ** 2 for w in windows])
    both = (1 + 10**2) / 2  # the second column is ten times the first
    assert found["mse of persistence"] == pytest.approx(both * persistence, rel=1e-5)
    assert found["mse of the mean"] == pytest.approx(both * mean, rel=1e-5)


def test_loss_on_paper():
    task = Reconstruction(recording="ecg")
    batch = next(task.examples("validation", 2))
    assert float(task.loss(batch.targets, batch)) == 0
    off = batch.targets.at[0, 1, 0].add(2.0)
    assert float(task.loss(off, batch)) == pytest.approx(4 / batch.targets.size)


def test_the_example_recording():
    task = Reconstruction(recording="ecg")
    assert task.outputs == 1
    assert [len(getattr(task.load(), s)) for s in SPLITS] == [64_800, 21_600, 21_600]
    assert task.load().dt == pytest.approx(1 / 360)
    batch = jax.jit(task.batch, static_argnums=2)(task.data("train"), jax.random.key(0), 3)
    assert batch.targets.shape == (200, 3, 1)
    assert batch.targets.dtype == jnp.float32


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.random.default_rng(0).normal(size=300), {}, r"the train stretch has 180 rows, fewer than .*200 \+ 2"),
        (np.random.default_rng(0).normal(size=300), {"sequence": 59}, "the validation stretch has 60 rows"),
        (np.random.default_rng(0).normal(size=300), {"every": 10, "sequence": 10}, "has 6 rows"),
        (
            np.random.default_rng(0).normal(size=300),
            {"lags": (0, 70), "sequence": 5},
            "fewer than the longest lag of 70",
        ),
        (np.where(np.arange(300) < 200, 0.5, np.arange(300)), {"sequence": 5}, "constant over the train stretch"),
        (
            np.where(np.arange(300) == 7, np.nan, np.arange(300)),
            {"sequence": 5},
            "1 values are missing or not finite, the first in row 7",
        ),
    ],
)
def test_unusable_data_are_refused(tmp_path, values, options, message):
    with pytest.raises(DataError, match=message):
        Reconstruction(file=save(tmp_path, values), **options).load()


def test_a_constant_that_has_no_exact_mean_is_refused(tmp_path):
    values = np.where(np.arange(300) < 200, 0.1, np.arange(300))
    with pytest.raises(DataError, match="constant over the train stretch"):
        Reconstruction(file=save(tmp_path, values), sequence=5).load()


def test_lags_need_one_column(ramp):
    with pytest.raises(SpecError, match="takes one column, the data have 2"):
        Reconstruction(file=ramp, lags=(0, 5), sequence=5).load()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.npy"):
        Reconstruction(file=str(tmp_path / "nowhere.npy")).load()


def test_all_problems_are_told():
    with pytest.raises(SpecError) as caught:
        Reconstruction(sequence=0, noise=-1, every=0, dt=0.0, split=(0.5, 0.5, 0.5))
    told = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 6
    for what in ("exactly one of", "sequence", "noise", "every", "dt", "split must sum to 1"):
        assert what in told
    with pytest.raises(SpecError, match="exactly one of system, file, recording; got file, recording"):
        Reconstruction(file="a.npy", recording="ecg")


def test_a_file_that_was_rewritten_is_read_again_when_a_run_begins(tmp_path):
    path, rng = tmp_path / "x.npy", np.random.default_rng(0)
    task = Reconstruction(file=str(path), sequence=5)
    np.save(path, rng.normal(size=(200, 2)).cumsum(axis=0))
    task.refresh()
    first = task.content_hash()
    np.save(path, rng.normal(size=(201, 2)).cumsum(axis=0))
    assert task.content_hash() == first, "not in the middle of a run"
    task.refresh()
    assert task.content_hash() != first
