import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.files.arrays import series_from, write_recording
from sparsernn.files.reading import Reading
from sparsernn.files.series import read_series

X = np.random.default_rng(0).normal(size=(300, 2))


def test_arrays_and_trials():
    assert series_from(X[:, 0]).values.shape == (300, 1)
    series = series_from(X, names=["a", "b"], dt=0.1, columns=["b"])
    assert (series.names, series.dt, series.dt_source) == (("b",), 0.1, "given")
    assert series_from(X.reshape(3, 100, 2)).starts == (0, 100, 200)
    assert series_from([X[:100], X[100:250]]).starts == (0, 100)
    assert series_from([X[:100, 0], X[100:250, 0]]).values.shape == (250, 1)
    assert series_from(X.tolist()).values.shape == (300, 2)
    values = X.copy()
    series = series_from(values)
    values[:] = 0
    assert np.array_equal(series.values, X), "the data are copied"
    assert series.sha256 == series_from(X).sha256 != series_from(2 * X).sha256


@pytest.mark.parametrize("data", [None, "x", [[1, 2], [3]], np.array([1, None]), X + 1j, [], [X, X[:, :1]], {}, 3.0])
def test_what_is_no_series(data):
    with pytest.raises((DataError, SpecError)):
        series_from(data)


def test_pandas():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["x", "V [mV]"])
    series = series_from(frame)
    assert (series.names, series.units, series.dt) == (("x", "V [mV]"), ("", "mV"), None)
    dated = frame.set_index(pd.date_range("2020-01-01", periods=300, freq="10ms", tz="Europe/Berlin"))
    assert (series_from(dated).dt, series_from(dated).time_unit) == (0.01, "s")
    assert series_from(frame.assign(t=0.5 * np.arange(300))).dt == 0.5
    assert series_from(frame.set_index(pd.Index(0.5 * np.arange(300), name="t"))).dt == 0.5
    assert series_from(frame.assign(when=dated.index.tz_localize(None))).dt == 0.01
    with pytest.raises(DataError, match='column "who" holds no numbers'):
        series_from(frame.assign(who="a"))
    assert series_from(frame.assign(who="a"), columns=["x"]).names == ("x",)
    assert series_from(frame.assign(who=np.repeat(["a", "b"], 150)), reading=Reading(trial="who")).starts == (0, 150)
    with pytest.raises(DataError, match="counts the rows, but not evenly"):
        series_from(frame.drop(index=[10, 11]))
    assert series_from(frame.drop(index=[10, 11]), reading=Reading(gaps="cut")).starts == (0, 10)
    with pytest.raises(DataError, match="--gaps cut"):
        series_from(dated.drop(index=dated.index[5:9]))
    assert series_from([dated, dated]).starts == (0, 300)
    missing = frame.convert_dtypes()
    missing.loc[3, "x"] = pd.NA
    with pytest.raises(DataError, match=r'1 values are missing .* row 3 .* "x"'):
        series_from(missing)


def test_polars():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"t": 0.5 * np.arange(300), "x": X[:, 0], "y": X[:, 1]})
    series = series_from(frame)
    assert (series.names, series.dt) == (("x", "y"), 0.5)
    stamps = np.datetime64("2020-01-01T00:00:00.000") + 4 * np.arange(300).astype("m8[ms]")
    assert series_from(frame.with_columns(t=pl.Series(stamps))).dt == 0.004
    with pytest.raises(DataError, match='column "s" holds no numbers'):
        series_from(frame.with_columns(s=pl.lit("a")))


def test_a_recording_reads_back_exactly(tmp_path):
    frame = {"t": np.arange(300) / 3, "V [mV]": X[:, 0], "I": X[:, 1]}
    series = series_from([frame, frame])
    write_recording(tmp_path / "r.safetensors", series)
    again = read_series(tmp_path / "r.safetensors")
    for name in ("names", "dt", "starts", "units", "time_unit", "dt_source"):
        assert getattr(again, name) == getattr(series, name), name
    assert np.array_equal(again.values, series.values)
    assert read_series(tmp_path / "r.safetensors", columns=["I"]).names == ("I",)
    good = (tmp_path / "r.safetensors").read_bytes()
    for damaged in (good[:-9], good[:-9] + bytes(9), good.replace(b'"what"', b'"that"')):
        (tmp_path / "r.safetensors").write_bytes(damaged)
        with pytest.raises(DataError, match=r"r\.safetensors"):
            read_series(tmp_path / "r.safetensors")


def test_what_a_mask_hides_is_missing_and_never_used():
    hidden = np.ma.masked_array(X, mask=np.zeros(X.shape, bool))
    assert np.array_equal(series_from(hidden).values, X)
    hidden[7, 1] = np.ma.masked
    trials = np.ma.stack([hidden, hidden])
    for data in (hidden, hidden[:, 1], trials, [X, hidden], {"a": X[:, 0], "b": hidden[:, 1]}):
        with pytest.raises(DataError, match="values are missing"):
            series_from(data)
    whole = np.ma.masked_array(np.arange(300) % 7, mask=np.arange(300) == 7)
    series = series_from(whole, reading=Reading(gaps="cut"))
    assert (series.starts, len(series.values)) == ((0, 7), 299)


def test_trials_without_rows_are_refused():
    for trials in ([X, X[:0]], [X[:0], X]):
        with pytest.raises(DataError, match=r"trial . .* has no rows"):
            series_from(trials)


def test_a_frame_that_runs_backwards_is_turned_around():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b"])
    assert np.array_equal(series_from(frame.iloc[::2]).values, X[::2])
    for backwards in (frame.iloc[::-1], frame.set_index(np.arange(300)[::-1])):
        series = series_from(backwards)
        assert np.array_equal(series.values, backwards.to_numpy()[::-1])
        assert any("turned around" in note for note in series.notes)


@pytest.mark.parametrize("dt", ["x", 0, -1.0, np.nan, np.inf, 1e-320, 1j, [1, 2], 10**400])
def test_intervals_that_are_none(dt, tmp_path):
    np.save(tmp_path / "x.npy", X)
    for read in (lambda: series_from(X, dt=dt), lambda: read_series(tmp_path / "x.npy", dt=dt)):
        with pytest.raises(SpecError, match="dt must be positive"):
            read()
