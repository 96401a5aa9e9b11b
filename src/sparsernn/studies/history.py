"""Rows to go on from, as Python programs hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.series import Series, read_series
from sparsernn.missing import unmasked


def history_of(history: Any, columns: Sequence[str]) -> Any:
    """(rows, columns) float64, or a series of a file. DataError for what is no array of numbers with the columns
    of the recording."""
    if isinstance(history, str | Path):
        return read_series(history)
    if isinstance(history, Series):
        return history
    own = ", ".join(columns)
    if hasattr(history, "columns") or isinstance(history, Mapping):
        names = {str(name): name for name in (history if isinstance(history, Mapping) else history.columns)}
        if missing := [name for name in columns if name not in names]:
            raise DataError(
                f"the history has no column {', '.join(missing)}; it has {', '.join(names)}, the recording {own}"
            )
        history = np.stack([unmasked(history[names[name]]) for name in columns], axis=1)
    try:
        values = unmasked(history)
    except ValueError:
        raise DataError(f"the history is no array; give rows of equal length, columns {own}") from None
    if values.dtype.kind not in "biuf":
        raise DataError(f"the history has dtype {values.dtype}; expected numbers, shape (rows, {len(columns)})")
    if values.ndim == 1 and len(columns) > 1:
        values = values[None]
    return values.astype(np.float64)
