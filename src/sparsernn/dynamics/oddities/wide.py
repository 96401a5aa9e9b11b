"""`wide`: more columns than the network that is chosen for a user can hold."""

from __future__ import annotations

from numpy.typing import ArrayLike

from sparsernn.dynamics.oddities.base import Oddity, matrix

CODE = "wide"
COLUMNS = 50
"""The default network has 100 hidden units, or little more than columns, one a column among them: above this fewer than
half of them are left to compute with."""


def wide(values: ArrayLike, most: int = COLUMNS) -> list[Oddity]:
    """Whether a series (T, N) has more than `most` columns. O(1)."""
    columns = matrix(values).shape[1]
    if columns <= most:
        return []
    text = (
        f"{columns} columns: of the default network's hidden units one goes to each, and fewer than as many are "
        "left to compute with; D_stsp tells little in so many dimensions"
    )
    mend = f"--hidden {2 * columns}, or some of the columns by --columns"
    return [Oddity(CODE, None, text, mend, options=(("--hidden", str(2 * columns)),))]
