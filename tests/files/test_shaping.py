"""Time columns, counters, trials and gaps, through `read_series`."""

import numpy as np
import pytest

from sparsernn.errors import DataError, SpecError
from sparsernn.files.reading import Reading
from sparsernn.files.series import read_loosely, read_series

N = 600
T = 0.05 * np.arange(N)
RNG = np.random.default_rng(0)
X = np.column_stack([np.sin(T), 3 * np.cos(1.3 * T)]) + 0.02 * RNG.normal(size=(N, 2))


def table(tmp_path, columns, names, name="x.csv"):
    lines = [",".join(names)] if names else []
    cells = [c if isinstance(c, list) else [repr(v) for v in np.asarray(c, dtype=float).tolist()] for c in columns]
    (tmp_path / name).write_text("\n".join([*lines, *(",".join(row) for row in zip(*cells, strict=True))]) + "\n")
    return tmp_path / name


def timed(tmp_path, times, name="time"):
    return table(tmp_path, [times, X[:, 0], X[:, 1]], [name, "x", "y"] if name else [])


@pytest.mark.parametrize(
    ("name", "times", "dt", "unit"),
    [
        ("time", T, 0.05, ""),
        ("", T, 0.05, ""),
        ("t", T, 0.05, ""),
        ("Time [ms]", 1000 * T, 50, "ms"),
        ("timestamp", 1.6e9 + T, 0.05, "s"),
        ("timestamp", np.round(1.6e12 + 1000 * T), 50, "ms"),
        ("ms", 50 * np.arange(N), 50, "ms"),
        ("seconds", np.arange(N), 1, "s"),
        ("year", 1700 + np.arange(N), 1, "year"),
        ("date", [str(d) for d in np.datetime64("2020-01-01") + np.arange(N)], 86400, "s"),
        ("when", [f"{d}" for d in np.datetime64("2020-01-01T00:00") + np.arange(N)], 60, "s"),
        ("month", [str(d) for d in np.datetime64("1950-01") + np.arange(N)], 1, "month"),
        ("date", [str(d).replace("-", "") for d in np.datetime64("2020-01-01") + np.arange(N)], 86400, "s"),
    ],
)
def test_even_times_give_dt_and_are_left_out(tmp_path, name, times, dt, unit):
    path = timed(tmp_path, times, name)
    series = read_series(path)
    assert np.array_equal(series.values, X)
    assert (series.dt, series.time_unit) == (pytest.approx(dt, rel=1e-9), unit)
    assert name in series.dt_source
    assert "is the time" in series.notes[-1]
    assert read_series(path, columns=["x" if name else "x1"]).dt == series.dt
    assert read_series(path, dt=7).dt == 7
    loose = read_loosely(path)
    assert loose.dt == series.dt
    assert np.array_equal(loose.values, X)


def test_the_newest_row_first_is_turned_around(tmp_path):
    (tmp_path / "x.csv").write_text(timed(tmp_path, T[::-1]).read_text())
    series = read_series(tmp_path / "x.csv")
    assert np.array_equal(series.values, X[::-1])
    assert series.dt == 0.05
    assert "newest row first" in series.notes[0]


UNEVEN = {
    "pause": T + 40 * (np.arange(N) >= 300),
    "jitter": np.cumsum(RNG.exponential(0.05, N)),
    "repeats": np.repeat(T[::3], 3),
    "restart": np.tile(T[: N // 2], 2),
    "newest first": np.cumsum(RNG.exponential(0.05, N))[::-1],
    "to and fro": RNG.permutation(T),
}


@pytest.mark.parametrize("name", ["time", ""])
@pytest.mark.parametrize("kind", UNEVEN)
def test_uneven_times_are_neither_learned_nor_used(tmp_path, kind, name):
    if name == "" and kind in ("restart", "newest first", "to and fro"):
        pytest.skip("without a name these may be anything")
    path = timed(tmp_path, UNEVEN[kind], name)
    for read in (read_series, read_loosely) if name else (read_series,):
        with pytest.raises(DataError) as caught:
            read(path)
        assert str(path) in str(caught.value)
        assert "--time" in str(caught.value)
    assert read_series(path, columns=["x", "y"] if name else [1, 2], reading=Reading(time="none")).values.shape == (
        N,
        2,
    )


def test_pauses_are_cut_where_asked(tmp_path):
    for kind in ("pause", "restart"):
        series = read_series(timed(tmp_path, UNEVEN[kind]), reading=Reading(gaps="cut"))
        assert series.starts == (0, 300)
        assert (series.dt, series.values.shape) == (0.05, (N, 2))
    with pytest.raises(DataError, match="--resample"):
        read_series(timed(tmp_path, UNEVEN["jitter"]), reading=Reading(gaps="cut"))


def test_resampling_is_linear_in_time_and_bridges_no_long_pause(tmp_path):
    t = np.delete(T, [100, 101, 200])
    path = table(tmp_path, [t, 2 * t + 1, np.sin(t)], ["time", "x", "y"])
    with pytest.raises(DataError, match="--gaps cut"):
        read_series(path)
    series = read_series(path, reading=Reading(resample=True))
    assert (series.dt, series.starts) == (0.05, (0,))
    np.testing.assert_allclose(series.values[:, 0], 2 * T + 1)
    assert np.array_equal(
        read_series(timed(tmp_path, UNEVEN["pause"]), reading=Reading(resample=True)).starts, (0, 300)
    )
    series = read_series(timed(tmp_path, UNEVEN["jitter"]), reading=Reading(resample=True))
    assert series.dt == pytest.approx(0.05, rel=0.15)
    assert "resampled" in series.notes[0]
    series = read_series(timed(tmp_path, UNEVEN["repeats"]), reading=Reading(resample=True))
    assert series.dt == pytest.approx(0.15)
    np.testing.assert_allclose(series.values, X.reshape(-1, 3, 2).mean(axis=1), atol=1e-9)
    with pytest.raises(SpecError, match="no time column"):
        read_series(table(tmp_path, [X[:, 0]], ["x"]), reading=Reading(resample=True))


def test_counters_are_left_out_and_are_no_dt(tmp_path):
    for name in ("", "index", "Unnamed: 0", "frame", None):
        names = None if name is None else [name, "x", "y"]
        series = read_series(table(tmp_path, [[str(i) for i in range(N)], X[:, 0], X[:, 1]], names))
        assert np.array_equal(series.values, X)
        assert series.dt is None
        assert any("counts the rows" in note for note in series.notes)
    dropped = [str(i) for i in range(N + 5) if not 100 <= i < 105]
    path = table(tmp_path, [dropped, X[:, 0], X[:, 1]], ["", "x", "y"])
    with pytest.raises(DataError, match="counts the rows, but not evenly"):
        read_series(path)
    assert read_series(path, reading=Reading(gaps="cut")).starts == (0, 100)
    assert read_series(path, reading=Reading(time="none")).starts == (0,)


def test_columns_that_only_look_like_times(tmp_path):
    assert read_series(table(tmp_path, [X[:, 0], X[:, 1]], ["t", "h"])).names == ("t", "h"), "gates and temperatures"
    with pytest.raises(DataError, match=r'"angle" rises by 0\.05 in every row.*--time "angle"'):
        read_series(table(tmp_path, [T, X[:, 0]], ["angle", "x"]))
    assert read_series(tmp_path / "x.csv", reading=Reading(time="angle")).dt == 0.05
    assert read_series(tmp_path / "x.csv", columns=["angle", "x"]).names == ("angle", "x")


def test_names_of_time_and_trial_that_do_not_exist(tmp_path):
    path = timed(tmp_path, T)
    for reading in (Reading(time="tmie"), Reading(trial="tmie")):
        with pytest.raises(SpecError, match='no column "tmie", did you mean "time"'):
            read_series(path, reading=reading)
    with pytest.raises(SpecError, match='time unit "sm"'):
        read_series(path, reading=Reading(time_unit="sm"))
    assert read_series(path, reading=Reading(time_unit="ms")).time_unit == "ms"


def test_trials_by_column(tmp_path):
    labels = [c for c in "abc" for _ in range(200)]
    path = table(tmp_path, [np.tile(T[:200], 3), X[:, 0], labels, X[:, 1]], ["time", "x", "who", "y"])
    with pytest.raises(DataError, match=r'column "who": "a" is no number.*--trial'):
        read_series(path)
    series = read_series(path, reading=Reading(trial="who"))
    assert (series.names, series.starts, series.dt) == (("x", "y"), (0, 200, 400), 0.05)
    assert read_series(path, reading=Reading(trial=2), columns=["y"]).starts == (0, 200, 400)
    path = table(tmp_path, [X[:, 0], [str(i % 3) for i in range(N)]], ["x", "trial"])
    with pytest.raises(DataError, match="sort the rows by trial"):
        read_series(path, reading=Reading(trial="trial"))


def test_gaps(tmp_path):
    x = X.copy()
    x[100:104, 0] = np.nan
    x[0, 1] = np.nan
    path = table(tmp_path, [T, x[:, 0], x[:, 1]], ["time", "x", "y"])
    with pytest.raises(DataError, match=r'5 values .*row 0 .*column "y"; --gaps cut .* --gaps interpolate'):
        read_series(path)
    series = read_series(path, reading=Reading(gaps="cut"))
    assert series.starts == (0, 99)
    assert np.array_equal(series.values, np.delete(X, [0, 100, 101, 102, 103], axis=0))
    assert series.dt == 0.05
    series = read_series(path, reading=Reading(gaps="interpolate"))
    assert series.starts == (0,)
    np.testing.assert_allclose(series.values[98:104, 0], np.linspace(X[99, 0], X[104, 0], 6))
    assert "the longest gap has 4 rows, from row 100" in series.notes[0]
    assert np.isnan(read_loosely(path, reading=Reading(gaps="cut")).values).any(), "what is judged keeps its end"
    x[:, 0] = np.nan
    path = table(tmp_path, [x[:, 0], X[:, 1]], ["x", "y"])
    for how in ("cut", "interpolate"):
        with pytest.raises(DataError, match=r"x\.csv"):
            read_series(path, reading=Reading(gaps=how))


def test_several_files(tmp_path):
    one = table(tmp_path, [T, X[:, 0], X[:, 1]], ["time", "x", "y"], "one.csv")
    two = table(tmp_path, [X[:, 1], T, X[:, 0]], ["y", "time", "x"], "two.csv")
    series = read_series([one, two])
    assert series.starts == (0, N)
    assert np.array_equal(series.values, np.concatenate([X, X]))
    assert (series.dt, series.source) == (0.05, f"{one}, {two}")
    ms = table(tmp_path, [1000 * T, X[:, 0], X[:, 1]], ["time [ms]", "x", "y"], "ms.csv")
    seconds = table(tmp_path, [T, X[:, 0], X[:, 1]], ["time [s]", "x", "y"], "s.csv")
    assert read_series([seconds, ms]).dt == 0.05
    slow = table(tmp_path, [2 * T, X[:, 0], X[:, 1]], ["time", "x", "y"], "slow.csv")
    other = table(tmp_path, [T, X[:, 0], X[:, 1]], ["time", "x", "z"], "other.csv")
    with pytest.raises(DataError, match=r"one\.csv is sampled every 0\.05, .*slow\.csv every 0\.1"):
        read_series([one, slow])
    assert read_series([one, slow], dt=1).dt == 1
    with pytest.raises(SpecError, match="matched by name"):
        read_series([one, other])
    for wrong in ([], [one, one]):
        with pytest.raises(SpecError):
            read_series(wrong)


def test_three_dimensional_arrays_are_trials(tmp_path):
    np.save(tmp_path / "x.npy", X.reshape(3, 200, 2))
    series = read_series(tmp_path / "x.npy")
    assert series.starts == (0, 200, 400)
    assert np.array_equal(series.values, X)
    np.save(tmp_path / "x.npy", X.reshape(3, 200, 2).swapaxes(1, 2))
    with pytest.raises(DataError, match=r"shape \(3, 2, 200\).*--transpose"):
        read_series(tmp_path / "x.npy")
    assert np.array_equal(read_series(tmp_path / "x.npy", reading=Reading(transpose=True)).values, X)


def test_transposed_tables(tmp_path):
    lines = [",".join([name, *map(repr, map(float, row))]) for name, row in (("time", T), ("x", X[:, 0]))]
    (tmp_path / "x.csv").write_text("\n".join(lines))
    series = read_series(tmp_path / "x.csv", reading=Reading(transpose=True))
    assert (series.names, series.dt) == (("x",), 0.05)
    assert np.array_equal(series.values[:, 0], X[:, 0])
    np.save(tmp_path / "x.npy", X.T)
    with pytest.raises(DataError, match="--transpose"):
        read_series(tmp_path / "x.npy")
    assert np.array_equal(read_series(tmp_path / "x.npy", reading=Reading(transpose=True)).values, X)


def test_decimal_commas(tmp_path):
    lines = ["time;x;y", *(f"{t};{x};{y}".replace(".", ",") for t, (x, y) in zip(T.tolist(), X.tolist(), strict=True))]
    (tmp_path / "x.csv").write_text("\n".join(lines))
    with pytest.raises(DataError, match="--decimal ,"):
        read_series(tmp_path / "x.csv")
    series = read_series(tmp_path / "x.csv", reading=Reading(decimal=","))
    assert np.array_equal(series.values, X)
    assert series.dt == 0.05
    (tmp_path / "x.csv").write_text("x;y\n1.234;1,5\n2.345;2,5\n")
    with pytest.raises(DataError, match=r'"1\.234" is no number; it has a decimal point'):
        read_series(tmp_path / "x.csv", reading=Reading(decimal=","))
    (tmp_path / "x.csv").write_text("x\n1,5\n2,5\n4,5\n")
    with pytest.raises(DataError, match=r"2 cells where the lines above have 1 .*--decimal ,"):
        read_series(tmp_path / "x.csv")
    assert read_series(tmp_path / "x.csv", reading=Reading(decimal=",")).values[:, 0].tolist() == [1.5, 2.5, 4.5]


@pytest.mark.parametrize("name", ["trial", "Trial_ID", "sweepNumber", "session", "Subject #"])
def test_a_column_called_a_trial_is_no_variable_in_silence(tmp_path, name):
    path = table(tmp_path, [np.arange(N) // 200, X[:, 0], X[:, 1]], [name, "x", "y"])
    with pytest.raises(DataError, match=f'"{name}" is called a trial and changes 2 times.*--trial.*--columns "x,y"'):
        read_series(path)
    assert read_series(path, reading=Reading(trial=name)).starts == (0, 200, 400)
    assert read_series(path, columns=[name, "x"]).names == (name, "x")


@pytest.mark.parametrize("values", [X[:, 0], np.arange(N) % 3, np.round(10 * X[:, 0]) / 10])
def test_what_moves_is_no_trial_whatever_its_name(tmp_path, values):
    path = table(tmp_path, [X[:, 1], values], ["x", "trial"])
    assert read_series(path).names == ("x", "trial")


def calendar(stamps, *units):
    days = stamps.astype("datetime64[D]")
    month, year = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    every = {
        "year": year.astype(int) + 1970,
        "month": month.astype(int) % 12 + 1,
        "day": (days - month).astype(int) + 1,
        "doy": (days - year).astype(int) + 1,
        "hour": (stamps - days).astype("timedelta64[h]").astype(int),
    }
    return [every[unit] for unit in units]


@pytest.mark.parametrize(
    ("step", "units", "dt", "unit"),
    [
        ("M", ("year", "month"), 1.0, "month"),
        ("D", ("year", "month", "day"), 86400.0, "s"),
        ("D", ("year", "doy"), 86400.0, "s"),
        ("h", ("year", "month", "day", "hour"), 3600.0, "s"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_dates_in_several_columns_are_one_time(tmp_path, step, units, dt, unit, turned):
    stamps = (np.datetime64("1999-01", step) + np.arange(N)).astype("datetime64[s]")
    order = np.arange(N)[::-1] if turned else np.arange(N)
    path = table(tmp_path, [*calendar(stamps[order], *units), X[order, 0], X[order, 1]], [*units, "x", "y"])
    series = read_series(path)
    assert (series.names, series.dt, series.time_unit) == (("x", "y"), dt, unit)
    np.testing.assert_array_equal(series.values, X)
    keep = np.delete(np.arange(N), 300)
    path = table(tmp_path, [*calendar(stamps[keep], *units), X[keep, 0], X[keep, 1]], [*units, "x", "y"])
    with pytest.raises(DataError, match="pauses once"):
        read_series(path)


def test_numbers_that_are_no_dates_stay_variables(tmp_path):
    path = table(tmp_path, [1950 + np.arange(N) % 7, 5 + X[:, 1]], ["year", "month"])
    assert read_series(path).names == ("year", "month")
