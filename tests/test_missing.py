import numpy as np
import pytest

from sparsernn import compare
from sparsernn.errors import DataError, Undefined
from sparsernn.missing import longest_whole, unmasked


def test_what_is_hidden_becomes_nan():
    hidden = np.ma.masked_array([1, 2, 999], mask=[0, 0, 1])
    assert np.array_equal(unmasked(hidden), [1, 2, np.nan], equal_nan=True)
    assert unmasked(hidden.astype("f4")).dtype == np.float64
    assert unmasked(hidden[:2]).dtype == hidden.dtype
    assert unmasked([1, 2]).tolist() == [1, 2]
    with pytest.raises(DataError, match="masked array of <U1"):
        unmasked(np.ma.masked_array(["a"], mask=[1]))


def test_measures_never_look_below_a_mask():
    time = np.arange(600)[:, None] * 0.1
    values = np.concatenate([np.sin(time), np.cos(time)], axis=1)
    hidden = np.ma.masked_array(values, mask=np.arange(600)[:, None] == [5, 700])
    with pytest.raises(DataError, match="not finite, the first in row 5"):
        compare(hidden, values)
    assert isinstance(compare(values, hidden).d_h, Undefined)


def test_the_longest_piece_in_which_nothing_is_missing():
    values = np.arange(20.0).reshape(10, 2)
    assert longest_whole(values) == slice(0, 10)
    assert longest_whole(values, (0, 4)) == slice(4, 10)
    values[5, 1] = np.nan
    assert longest_whole(values) == slice(0, 5)
    assert longest_whole(values, (0, 2)) == slice(6, 10)
    values[:6, 0] = np.nan  # more holes than values: the column does not count
    assert longest_whole(values) == slice(0, 5)
    assert longest_whole(np.full((3, 1), np.nan)[:, :0]) == slice(0, 3)
    assert longest_whole(np.array([[np.nan], [1.0], [np.nan], [2.0], [3.0]])) == slice(3, 5)
