import numpy as np
import pytest

from sparsernn import compare
from sparsernn.errors import DataError, Undefined
from sparsernn.missing import unmasked


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
