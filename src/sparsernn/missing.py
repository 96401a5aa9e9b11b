"""Missing values as NumPy's masked arrays mark them. `numpy.asarray` alone would drop the mask silently."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sparsernn.errors import DataError


def unmasked(data: ArrayLike) -> np.ndarray:
    """Return the data as an array in which hidden values of a masked array are NaN.

    DataError if values are hidden and the type of the array has no NaN (text, dates).
    """
    if not isinstance(data, np.ma.MaskedArray):
        return np.asarray(data)
    if not np.ma.getmaskarray(data).any():
        return np.asarray(data.data)
    if data.dtype.kind not in "biufc":
        raise DataError(f"the data are a masked array of {data.dtype}; fill in what it hides first")
    below = np.asarray(data.data).astype(np.result_type(data.dtype, np.float64))
    below[np.ma.getmaskarray(data)] = np.nan
    return below
