import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.files.series import read_loosely, read_series
from sparsernn.files.table_out import comments_of, write_series

X = np.random.default_rng(0).normal(size=(90, 2)) * np.array([1e-9, 1e9]) / 3


@pytest.mark.parametrize("ending", [".csv", ".npz"])
def test_what_is_written_reads_back_to_the_same_bits(tmp_path, ending):
    path = tmp_path / f"x{ending}"
    said = ("every 2nd row", "slow drift removed")
    write_series(path, X, ["V", "a, b"], 1 / 3, (0, 40), said, time_unit="ms", units=("mV", ""))
    series = read_series(path)
    assert np.array_equal(series.values, X)
    assert (series.dt, series.time_unit, series.starts, series.units) == (1 / 3, "ms", (0, 40), ("mV", ""))
    assert read_series(path, columns=["V"]).values.shape == (90, 1)
    assert comments_of(path) == said


def test_the_first_line_is_the_header_and_numbers_are_the_shortest(tmp_path):
    write_series(tmp_path / "x.csv", np.array([[0.1, 1e-300], [0.30000000000000004, 2.0]]), ["x", "y"], 0.05)
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines == ["x,y", "0.1,1e-300", "0.30000000000000004,2.0", "# dt: 0.05"]
    assert np.loadtxt(tmp_path / "x.csv", delimiter=",", skiprows=1).shape == (2, 2)


def test_runs_that_overflow_are_written_too(tmp_path):
    gone = np.array([[1.0, np.nan], [np.inf, 2.0], [-np.inf, 3.0]])
    for ending in (".csv", ".npz", ".npy"):
        write_series(tmp_path / f"x{ending}", gone, ["x", "y"], 0.1)
        assert np.array_equal(read_loosely(tmp_path / f"x{ending}").values, gone, equal_nan=True)


def test_what_cannot_be_written(tmp_path):
    for path, names in (("x.mat", ["x", "y"]), ("x.csv", ["x"])):
        with pytest.raises(SpecError, match=path):
            write_series(tmp_path / path, X, names)
    assert comments_of(tmp_path / "none.csv") == ()
