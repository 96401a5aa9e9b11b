"""Free runs and forecasts from what a run keeps: no recording is needed, and like is held against like."""

import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.dynamics.embedding import embed
from sparsernn.errors import DataError, SpecError
from sparsernn.files.series import Series
from sparsernn.runs.record import Record
from sparsernn.studies.free_run import forecast, free_run, like_test, preparation_of, prepared_of, test_stretch
from sparsernn.training.run import run
from sparsernn.training.run_spec import read_spec

test_stretch.__test__ = False


def tree(file, **task):
    return {
        "task": {"reconstruction": {"file": str(file), "sequence": 6, "dt": 0.5} | task},
        "network": {"plrnn": {"hidden": 6}},
        "forcing": {"generalized": {"alpha": 0.2}},
        "epochs": 2,
        "updates_per_epoch": 3,
        "batch": 2,
        "measures": [{"reconstruction": {"starts": 2}}],
    }


def wave(rows=900):
    time = np.arange(rows) * 0.25
    return 100 + 7 * np.sin(time) + 2 * np.sin(0.31 * time) + 0.02 * np.arange(rows)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A run on two named columns, and one on a detrended, smoothed, thinned and embedded channel; both without data."""
    folder = tmp_path_factory.mktemp("runs")
    both = np.stack([wave(), 0.01 * np.cos(np.arange(900) * 0.25)], axis=1)
    np.savetxt(folder / "two.csv", both, delimiter=",", header="left,right", comments="")
    np.save(folder / "one.npy", wave())
    fields = {"detrend": 40.0, "smooth": 1.5, "every": 2, "lags": [0, 3, 6]}
    two = run(read_spec(tree(folder / "two.csv")), folder / "runs")
    one = run(read_spec(tree(folder / "one.npy", **fields)), folder / "runs")
    kept = {"two": two.directory, "one": one.directory}
    rows = {name: np.array(read_spec(Record(path).spec).task.load().test) for name, path in kept.items()}
    moved = folder / "elsewhere"
    shutil.move(folder / "runs", moved)
    (folder / "two.csv").unlink()
    (folder / "one.npy").unlink()
    read_spec(Record(moved / kept["two"].name).spec)
    return {name: Record(moved / path.name) for name, path in kept.items()}, rows


def by_hand(record, first, steps):
    """Standardized rows."""
    spec, weights = read_spec(record.spec), jax.tree.map(jnp.asarray, record.weights())
    states = spec.network.first_states(weights, jnp.asarray(first, jnp.float32))
    return np.asarray(spec.network.run(weights, states, steps).outputs, dtype=float)


def test_what_is_kept_is_what_was_seen(runs):
    records, rows = runs
    for name, record in records.items():
        np.testing.assert_array_equal(prepared_of(record).test, rows[name])
        kept = prepared_of(record)
        np.testing.assert_array_equal(test_stretch(record).values, kept.test * kept.scale + kept.mean)
        assert kept.changed_since() is None, "gone is not changed"


def test_a_free_run_is_in_the_units_of_the_data(runs):
    record = runs[0]["two"]
    kept = prepared_of(record)
    made = free_run(record, 20, 5)
    np.testing.assert_allclose(made.values, by_hand(record, kept.test[5], 20) * kept.scale + kept.mean, rtol=1e-5)
    assert made.names == ("left", "right")
    assert made.dt == 0.5
    raw = free_run(record, 20, 5, standardized=True)
    np.testing.assert_allclose(raw.values * kept.scale + kept.mean, made.values)
    assert preparation_of(raw.comments)["standardized"] is True
    assert preparation_of(made.comments)["standardized"] is False
    for start in (-1, len(kept.test)):
        with pytest.raises(SpecError, match="rows 0 to"):
            free_run(record, 5, start)
    with pytest.raises(SpecError, match="at least 1"):
        free_run(record, 0)


def test_a_history_stands_for_a_row(runs):
    record = runs[0]["two"]
    kept = prepared_of(record)
    history = kept.test[:31] * kept.scale + kept.mean
    same = free_run(record, 10, 30).values
    np.testing.assert_allclose(free_run(record, 10, history).values, same, rtol=1e-5)
    np.testing.assert_allclose(forecast(record, history, 10).values, same, rtol=1e-5)
    swapped = Series(history[:, ::-1], ("right", "left"), 0.5, "h.csv", "")
    np.testing.assert_allclose(forecast(record, swapped, 10).values, same, rtol=1e-5)
    pieces = swapped._replace(starts=(0, 20), values=np.vstack([history[::-1, ::-1][:20], history[20:, ::-1]]))
    np.testing.assert_allclose(forecast(record, pieces, 10).values, same, rtol=1e-5, err_msg="the last stretch counts")


def test_a_forecast_of_an_embedded_channel_goes_on_behind_its_history(runs):
    """The column that looks farthest ahead, from the last row whose delays are all known; the drift put back."""
    record = runs[0]["one"]
    kept = prepared_of(record)
    needed = kept.rows_needed
    assert needed == 1 + 2 * 6 + int(4 * 40 + 0.5) + int(4 * 1.5 + 0.5)
    history = wave(700)[:, None]
    made = forecast(record, history, 8)
    assert made.values.shape == (8, 1)
    assert made.names == ("x0",)
    assert made.dt == 1.0
    from scipy.ndimage import gaussian_filter1d

    drift = gaussian_filter1d(history, 40.0, axis=0)
    clean = gaussian_filter1d(history - drift, 1.5, axis=0)[1::2, 0]
    first = (embed(clean, (0, 3, 6))[-1] - kept.mean) / kept.scale
    ahead = by_hand(record, first, 8) * kept.scale + kept.mean
    np.testing.assert_allclose(made.values[:, 0], ahead[:, 2] + drift[-1], rtol=1e-5)
    np.testing.assert_allclose(forecast(record, history[-needed:], 8).values, made.values, rtol=1e-5)
    said = "; ".join(made.said)
    assert "taken to stay as it is" in said
    assert "smoothed signal is forecast" in said
    assert "a row every 1" in said
    assert preparation_of(made.comments)["lags"] is None, "its column is the recording's own"
    free = free_run(record, 8, history)
    np.testing.assert_allclose(free.values, ahead, rtol=1e-5)
    assert free.names == ("x0", "x0(t+3)", "x0(t+6)")


@pytest.mark.parametrize(
    ("history", "message"),
    [
        (np.zeros((178, 1)), r"178 rows are too few to begin from: this run needs the last 179 rows .*detrend 40"),
        (np.zeros((300, 2)), r"shape \(rows, 1\), columns x0; got \(300, 2\)"),
        (np.full((300, 1), np.nan), "not finite in row 121, column x0"),
        (Series(np.zeros((300, 1)), ("x0",), 0.25, "h.csv", ""), r"h\.csv has a row every 0\.25, .* every 0\.5"),
    ],
)
def test_histories_that_do_not_fit(runs, history, message):
    with pytest.raises(DataError, match=message):
        forecast(runs[0]["one"], history, 5)


def test_what_it_is_is_said(runs):
    said = "; ".join(free_run(runs[0]["one"], 3).said)
    for what in ("slow drift removed", "40 rows = 20", "smoothed", "one row of 2 kept: dt 1", "lags 0, 3, 6"):
        assert what in said
    assert "nothing was filtered" in "; ".join(free_run(runs[0]["two"], 3).said)
    about = preparation_of(free_run(runs[0]["one"], 3).comments)
    assert (about["detrend"], about["smooth"], about["every"], about["lags"]) == (40, 1.5, 2, [0, 3, 6])
    assert preparation_of(("prepared: {", "a")) is None
    assert preparation_of((f"prepared: {json.dumps({'run': 'x'})}",)) is None


def test_beside_the_test_stretch(runs):
    record = runs[0]["two"]
    evidence = record.evidence()
    kept = prepared_of(record)
    made = like_test(record)
    np.testing.assert_allclose(
        made.values, evidence["reconstruction/model"] * kept.scale + kept.mean, rtol=1e-4, atol=1e-4
    )
