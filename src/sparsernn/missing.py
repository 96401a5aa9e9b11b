"""What is missing from an array: NumPy's masks, which `numpy.asarray` takes off without a word."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsernn.errors import DataError


def unmasked(data: Any) -> np.ndarray:
    """Anything as an array; what a masked one hides becomes NaN, and never what lies below the mask. DataError for
    hidden values of a type that has no NaN to become."""
    if not isinstance(data, np.ma.MaskedArray):
        return np.asarray(data)
    if not np.ma.getmaskarray(data).any():
        return np.asarray(data.data)
    if data.dtype.kind not in "biufc":
        raise DataError(f"the data are a masked array of {data.dtype}; fill in what it hides first")
    below = np.asarray(data.data).astype(np.result_type(data.dtype, np.float64))
    below[np.ma.getmaskarray(data)] = np.nan
    return below
