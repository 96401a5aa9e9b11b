"""What the pictures of a recording are drawn from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparsernn.files.units import with_unit
from sparsernn.missing import longest_whole

MOST_COLUMNS = 6
"""Columns that are drawn; a page of more is not read."""


class View(NamedTuple):
    """`values` (T, N), NaN where missing; `starts` the first rows of the stretches; `turn` the rows of a rhythm or of
    half the variance; `lag` the rows of a delay; `coarse`: a map, or sampled so coarsely that points are not to be
    joined."""

    values: np.ndarray
    names: tuple[str, ...]
    units: tuple[str, ...]
    dt: float | None
    time_unit: str
    starts: tuple[int, ...]
    turn: float | None
    lag: int
    coarse: bool

    def shown(self) -> np.ndarray:
        """The columns that are drawn, spread evenly over all."""
        return np.unique(np.linspace(0, len(self.names) - 1, MOST_COLUMNS).round().astype(int))

    def label(self, column: int) -> str:
        """The name of a column, with its unit."""
        return with_unit(self.names[column], self.units[column] if self.units else "")

    def times(self, rows: np.ndarray) -> np.ndarray:
        """Row numbers as times, where the interval is known."""
        return rows * (1.0 if self.dt is None else self.dt)

    @property
    def time_label(self) -> str:
        """What stands below an axis of time."""
        return "row" if self.dt is None else f"time [{self.time_unit}]" if self.time_unit else "time"

    def piece(self) -> np.ndarray:
        """The longest run of rows without a gap or a hole, (T', N), of the columns that have more than holes."""
        rows = self.piece_rows()
        return self.values[rows]

    def piece_rows(self) -> slice:
        """Where that piece lies."""
        return longest_whole(self.values, self.starts)
