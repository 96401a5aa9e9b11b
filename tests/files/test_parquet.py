import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.files.reading import Reading
from sparsernn.files.series import read_series

pyarrow = pytest.importorskip("pyarrow", reason="needs the extra parquet")
feather = pytest.importorskip("pyarrow.feather")
parquet = pytest.importorskip("pyarrow.parquet")

X = np.random.default_rng(0).normal(size=(60, 2))


@pytest.fixture(params=["parquet", "feather"])
def stored(request, tmp_path):
    def make(columns):
        table = columns if isinstance(columns, pyarrow.Table) else pyarrow.table(columns)
        path = tmp_path / f"x.{request.param}"
        (parquet.write_table if request.param == "parquet" else feather.write_feather)(table, str(path))
        return path

    return make


def test_every_number_is_read(stored):
    columns = {"a": X[:, 0], "b": X[:, 1].astype("f4"), "c": np.arange(60, dtype="u1") % 7, "d": X[:, 0] > 0}
    series = read_series(stored(columns))
    assert series.names == ("a", "b", "c", "d")
    assert np.array_equal(series.values, np.column_stack(list(columns.values())).astype(float))
    assert read_series(stored(columns), columns=["c", 0]).names == ("c", "a")


def test_decimals_and_categories(stored):
    from decimal import Decimal

    columns = {
        "a": [Decimal(i) / 4 for i in range(60)],
        "b": pyarrow.array([i % 3 for i in range(60)]).dictionary_encode(),
    }
    columns["a"][7] = Decimal(99)
    series = read_series(stored(columns))
    assert series.values[:3].tolist() == [[0, 0], [0.25, 1], [0.5, 2]]


def test_missing_values(stored):
    cells = [None if i == 7 else float(i % 5) for i in range(60)]
    path = stored({"a": cells, "n": [None if i == 7 else i % 4 for i in range(60)]})
    with pytest.raises(DataError, match=r"2 values are missing .* row 7"):
        read_series(path)
    assert read_series(path, reading=Reading(gaps="cut")).starts == (0, 7)


def test_columns_of_text_are_refused_by_name(stored):
    path = stored({"a": X[:, 0], "who": ["me"] * 60, "b": X[:, 1]})
    with pytest.raises(DataError, match='"who" holds no numbers'):
        read_series(path)
    assert read_series(path, columns=["b"]).names == ("b",)
    assert read_series(path, columns=[2]).names == ("b",)
    with pytest.raises(SpecError, match='no column "c"'):
        read_series(path, columns=["c"])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_column_of_dates_is_the_time(stored, unit):
    times = np.datetime64("2020-01-01", unit) + np.arange(60) * np.timedelta64(2, unit)
    for columns in (None, ["a", "b"]):
        series = read_series(stored({"when": times, "a": X[:, 0], "b": X[:, 1]}), columns=columns)
        assert series.names == ("a", "b")
        assert series.dt == pytest.approx(2 * {"s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[unit])
        assert series.time_unit == "s"


@pytest.mark.parametrize(
    ("name", "unit", "dt"), [("time", "", 2.0), ("t_ms", "", 2.0), ("d", "", 2.0), ("time", "ms", 2e3)]
)
def test_durations_are_times_in_seconds_whatever_their_name_ends_with(stored, name, unit, dt):
    path = stored({name: pyarrow.array(2000 * np.arange(60), pyarrow.duration("ms")), "a": X[:, 0]})
    series = read_series(path, reading=Reading(time_unit=unit or None))
    assert (series.names, series.dt, series.time_unit) == (("a",), dt, unit or "s")


def test_durations_that_are_no_time_are_seconds(stored):
    path = stored({"latency": pyarrow.array([i % 7 for i in range(60)], pyarrow.duration("s")), "a": X[:, 0]})
    assert read_series(path).names == ("latency", "a")
    assert np.array_equal(read_series(path).values[:, 0], np.arange(60) % 7)


def test_days_and_numbers_as_time(stored):
    days = np.datetime64("2020-01-01", "D") + np.arange(60)
    assert read_series(stored({"day": days, "a": X[:, 0]})).dt == 86_400
    assert read_series(stored({"time": np.arange(60) * 0.5, "a": X[:, 0]})).dt == 0.5
    assert read_series(stored({"time": np.arange(60) * 0.5, "a": X[:, 0]}), columns=["a"]).dt == 0.5


def test_trials_by_a_column_of_text(stored):
    series = read_series(stored({"a": X[:, 0], "who": ["u"] * 20 + ["v"] * 40}), reading=Reading(trial="who"))
    assert series.starts == (0, 20)
    assert series.names == ("a",)


def test_the_index_of_pandas(tmp_path):
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    frame = pandas.DataFrame(X, columns=["a", "b"], index=pandas.date_range("2020-01-01", periods=60, freq="10ms"))
    frame.to_parquet(tmp_path / "x.parquet")
    series = read_series(tmp_path / "x.parquet")
    assert series.names == ("a", "b")
    assert series.dt == pytest.approx(0.01)
    frame.index = pandas.Index(np.arange(5, 65))
    frame.to_parquet(tmp_path / "x.parquet")
    series = read_series(tmp_path / "x.parquet")
    assert series.names == ("a", "b")
    assert series.dt is None
    assert any("counter" in note for note in series.notes)


def test_a_bomb(tmp_path):
    path = tmp_path / "x.parquet"
    parquet.write_table(pyarrow.table({"a": np.zeros(20_000_000)}), path, compression="zstd")
    assert path.stat().st_size < 10**6
    with pytest.raises(DataError, match="would unfold to 20,000,000 rows"):
        read_series(path)
    path = tmp_path / "x.feather"
    feather.write_feather(pyarrow.table({"a": np.zeros(20_000_000)}), str(path), compression="zstd")
    with pytest.raises(DataError, match="unfolds to more than"):
        read_series(path)


def test_other_files_with_the_ending(tmp_path):
    for name, content in (("x.parquet", b"PAR1"), ("x.feather", b"FEA1" * 9), ("y.feather", b"what")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=name):
            read_series(tmp_path / name)


def test_a_missing_package_says_how_to_get_it(stored, without_package):
    path = stored({"a": X[:, 0]})
    without_package("pyarrow")
    with pytest.raises(DataError, match=r"pip install 'sparsernn\[parquet\]'"):
        read_series(path)
