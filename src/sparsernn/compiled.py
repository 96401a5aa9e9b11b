"""Machine code for loops over arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Any:
    """`function` compiled by numba, without the GIL, kept between processes where a directory for that can be found.

    Measured on the histograms of single-weight removals: threads of one process beat numba's own parallel loops.
    """
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no directory to keep it in: neither the package's nor the user's can be written
        return numba.njit(nogil=True)(function)
