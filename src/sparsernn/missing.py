"""Missing values as NumPy's masked arrays mark them. `numpy.asarray` alone would drop the mask silently."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

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


def longest_whole(values: ArrayLike, starts: Sequence[int] = (0,)) -> slice:
    """Return the longest run of rows in which nothing is missing and no stretch begins; empty if there is none.

    `values` is (T, N), `starts` the first rows of the stretches. Columns of which half or more is missing do not
    count. Cost: O(T N).
    """
    finite = np.isfinite(np.asarray(values, dtype=np.float64))
    whole: np.ndarray = np.all(finite[:, finite.mean(axis=0) > 0.5], axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], whole, [False])).astype(int)))
    cuts = sorted({*edges.tolist(), *(int(s) for s in starts if s < len(whole))})
    pieces = (slice(a, b) for a, b in pairwise(cuts) if whole[a])
    return max(pieces, key=lambda rows: rows.stop - rows.start, default=slice(0, 0))
