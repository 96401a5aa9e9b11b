"""What every format has in common: the checks, the columns, the hash."""

import hashlib
import os

import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.files.reading import Reading
from sparsernn.files.series import read_series


def saved(tmp_path, array, name="x.npy"):
    np.save(tmp_path / name, array, allow_pickle=True)
    return tmp_path / name


def waves(rows=50, columns=3):
    return np.random.default_rng(0).normal(size=(rows, columns))


def test_values_names_source_and_hash(tmp_path):
    x = waves()
    path = saved(tmp_path, x)
    series = read_series(path)
    assert np.array_equal(series.values, x)
    assert series.values.dtype == np.float64
    assert series.values.flags.c_contiguous
    assert series.values.flags.writeable
    assert series.names == ("x0", "x1", "x2")
    assert series.dt is None
    assert series.source == str(path)
    assert series.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_vector_becomes_one_column(tmp_path):
    series = read_series(str(saved(tmp_path, np.arange(5.0))), dt=0.1)
    assert series.values.shape == (5, 1)
    assert series.dt == 0.1


def test_columns_by_name_and_index(tmp_path):
    x = waves()
    path = saved(tmp_path, x)
    assert np.array_equal(read_series(path, columns=[2, "x0"]).values, x[:, [2, 0]])
    assert read_series(path, columns=("2", "x0")).names == ("x2", "x0")
    assert read_series(path, columns="x1").names == ("x1",)
    assert read_series(path, columns=["x1"]).values.flags.c_contiguous


def test_all_wrong_columns_are_reported_at_once(tmp_path):
    with pytest.raises(SpecError) as caught:
        read_series(saved(tmp_path, waves()), columns=["x7", 3, "-1", 1, "1"])
    problems = caught.value.problems
    assert len(problems) == 4
    assert 'no column "x7"; known: x0, x1, x2' in problems[0]
    assert "no column 3; there are 3, counted from 0" in problems[1]
    assert "no column -1" in problems[2]
    assert "twice" in problems[3]
    with pytest.raises(SpecError, match="no column was chosen"):
        read_series(saved(tmp_path, waves()), columns=[])


@pytest.mark.parametrize("dt", [0, -1, float("nan"), float("inf")])
def test_dt_must_be_positive(tmp_path, dt):
    with pytest.raises(SpecError, match="dt must be positive"):
        read_series(saved(tmp_path, waves()), dt=dt)


def with_value(value, *places):
    x = waves()
    for place in places:
        x[place] = value
    return x


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (with_value(np.nan, (7, 2), (9, 0)), r'2 values .* the first in row 7 .*column "x2"'),
        (with_value(-np.inf, (0, 1)), r'1 values .* row 0 .*column "x1"'),
        (with_value(3.0, (slice(None), 1)), r'constant column\(s\): "x1"'),
        (waves().T, "3 rows and 50 columns.*transposed"),
        (np.ones((1, 1)), "at least two"),
        (np.ones(1), "at least two"),
        (np.zeros((0, 0)), "no columns"),
        (np.zeros(0), "0 data rows"),
        (np.float64(3.0), "shape"),
        (np.ones((5, 2, 2)), r"shape \(5, 2, 2\)"),
        (waves() + 1j, "complex"),
        (np.array([["a", "b"], ["c", "d"]]), "dtype"),
        (np.array([[1, None], [2, 3]]), "objects.*never read"),
        (np.array([(1, "a"), (3, "b")], dtype=[("a", int), ("b", "U1")]), 'field "b" has dtype'),
        (np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"), "dtype"),
    ],
)
def test_what_is_no_series(tmp_path, array, message):
    with pytest.raises(DataError, match=message):
        read_series(saved(tmp_path, array))


@pytest.mark.parametrize("dtype", ["bool", "i1", ">i2", "u8", "f2", ">f4", "f8"])
def test_every_number_is_read(tmp_path, dtype):
    x = (waves() > 0).astype(dtype)
    assert np.array_equal(read_series(saved(tmp_path, x)).values, x.astype(float))


def test_a_time_axis_rounded_to_milliseconds_is_recognized_and_can_be_chosen(tmp_path):
    x = np.column_stack([waves(), np.round(np.arange(50) / 360, 3)])
    path = saved(tmp_path, x)
    series = read_series(path)
    assert series.names == ("x0", "x1", "x2")
    assert series.dt == pytest.approx(1 / 360, rel=1e-2)
    assert series.dt_source == 'the column "x3"'
    assert read_series(path, columns=["x3"]).values.shape == (50, 1)
    assert read_series(path, reading=Reading(time="none")).values.shape == (50, 4)


def test_slow_but_not_straight_columns_are_no_time_axis(tmp_path):
    t = np.linspace(0, 1, 200)
    x = np.column_stack([np.exp(t), np.sqrt(t), -t + 0.02 * np.sin(40 * t), -t])
    assert read_series(saved(tmp_path, x)).values.shape == (200, 4)


def test_missing_files_suggest_the_nearest_name(tmp_path):
    saved(tmp_path, waves(), "lorenz.npy")
    with pytest.raises(DataError, match=r'no such file, did you mean "lorenz.npy"'):
        read_series(tmp_path / "lorens.npy")
    with pytest.raises(DataError, match=r"no such file$"):
        read_series(tmp_path / "q")
    with pytest.raises(DataError, match=r"folder .* does not exist either"):
        read_series(tmp_path / "nowhere" / "x.npy")


def test_what_is_no_file(tmp_path):
    with pytest.raises(DataError, match="folder"):
        read_series(tmp_path)
    (tmp_path / "e.csv").touch()
    with pytest.raises(DataError, match="0 bytes"):
        read_series(tmp_path / "e.csv")
    with pytest.raises(DataError, match="no such file"):
        read_series("a\0b.npy")
    with pytest.raises(DataError, match="cannot be read"):
        read_series("a" * 5000 + ".npy")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.npy")
        with pytest.raises(DataError, match="no ordinary file"):
            read_series(tmp_path / "pipe.npy")


def test_unknown_endings_list_the_known_ones(tmp_path):
    (tmp_path / "x.parqet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r'"\.parqet" are not read.*did you mean "\.parquet"'):
        read_series(tmp_path / "x.parqet")
    (tmp_path / "x.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r'"\.xlsx" are not read; known: \.npy, \.npz'):
        read_series(tmp_path / "x.xlsx")
    (tmp_path / "100.hea").write_text("100 1 360")
    (tmp_path / "100.dat").write_bytes(b"x")
    with pytest.raises(DataError, match=r"give its header, .*100\.hea"):
        read_series(tmp_path / "100.dat")


def test_variable_is_refused_where_there_are_none(tmp_path):
    (tmp_path / "x.csv").write_text("1,2\n3,4\n")
    for path in (tmp_path / "x.csv", saved(tmp_path, waves())):
        with pytest.raises(SpecError, match="variable"):
            read_series(path, reading=Reading(variable="x"))


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("lorenz63_rnntopo", (100_000, 3)),
        ("EEG_train", (9_640, 64)),
        ("ECG_pecuzal_5d_train", (100_000, 5)),
        ("burstingneuron_train", (100_000, 3)),
    ],
)
def test_the_published_series(recorded_file, name, shape):
    series = read_series(recorded_file(f"dsr/{name}.npy"))
    assert series.values.shape == shape
    assert np.abs(series.values.mean(axis=0)).max() < 0.01


def test_a_link_to_nothing_says_so(tmp_path):
    (tmp_path / "x.csv").symlink_to("gone.csv")
    with pytest.raises(DataError, match=r"is a link to gone\.csv, which is no file"):
        read_series(tmp_path / "x.csv")
