import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.files.columns import choose, columns_from_text, matched
from sparsernn.files.series import read_series


def test_columns_as_text():
    assert columns_from_text(None) is None
    assert columns_from_text("0, 2") == ("0", "2")
    assert columns_from_text('"heart, rate",resp') == ("heart, rate", "resp")
    for text in ("", "a,,b", ",", 'a,"b'):
        with pytest.raises(SpecError, match="--columns"):
            columns_from_text(text)


def test_names_win_over_numbers():
    names = ("index", "0", "1", "2")
    assert choose(names, ["0", "1"], "x") == [1, 2]
    assert choose(names, [0, 1], "x") == [0, 1]
    assert choose(names, ["index"], "x") == [0]
    with pytest.raises(SpecError, match='no column is called "3"'):
        choose(names, ["1", "2", "3"], "x")
    assert choose(("V [mV]", "I"), ["V", "1"], "x") == [0, 1]


def test_columns_called_by_numbers_mean_the_same_in_every_format(tmp_path):
    x = np.random.default_rng(0).normal(size=(50, 3))
    table = np.column_stack([np.arange(50), x])
    np.savetxt(tmp_path / "x.csv", table, delimiter=",", header="index,0,1,2", comments="", fmt="%.17g")
    for text in ("0,1,2", "1,2,0"):
        found = read_series(tmp_path / "x.csv", columns=columns_from_text(text))
        assert np.array_equal(found.values, x[:, [int(c) for c in text.split(",")]])
    assert np.array_equal(read_series(tmp_path / "x.csv").values, x), "the counter is left out"


def test_matching_two_files():
    assert matched(("x", "y"), ("y", "x"), "a", "b") == [1, 0]
    assert matched(("x", "y"), ("x0", "x1"), "a", "b") == [0, 1]
    assert matched(("V [mV]", "I"), ("I", "V"), "a", "b") == [1, 0]
    for other in (("x", "z"), ("x",), ("x", "x")):
        with pytest.raises(SpecError, match="--columns"):
            matched(("x", "y"), other, "a", "b")
    with pytest.raises(SpecError, match="matched by name"):
        matched(("V [mV]",), ("V [V]",), "a", "b")
