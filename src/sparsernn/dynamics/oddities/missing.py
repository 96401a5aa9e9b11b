"""`missing`: cells without a number."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sparsernn.dynamics.oddities.base import Oddity, matrix, rows

CODE = "missing"
MOST = 0.5
"""Share of missing rows from which on a column is better left out."""


def missing(values: ArrayLike) -> list[Oddity]:
    """The columns of a series (T, N) that hold values which are missing or not finite. O(N T)."""
    array = matrix(values)
    holes = ~np.isfinite(array)
    found = []
    for i in np.flatnonzero(holes.any(axis=0)):
        count = int(holes[:, i].sum())
        share = count / len(array)
        text = (
            f"{rows(count)} missing or not finite ({100 * share:.2g} %), the first is row {int(holes[:, i].argmax()):,}"
        )
        mend = "--gaps cut takes the rows between as stretches of their own, --gaps interpolate fills them by lines"
        if share > MOST:
            mend = "take the other columns by --columns"
        endless = bool(np.isinf(array[:, i]).any())
        if endless:
            mend = "infinite values are no gaps: leave those cells empty, then --gaps cut; or other --columns"
        options = (("--gaps", "cut"),) if share <= MOST and not endless else ()
        found.append(Oddity(CODE, int(i), text, mend, endless, options=options))
    return found
