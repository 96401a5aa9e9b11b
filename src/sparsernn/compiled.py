"""Loops over arrays, compiled by numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function by numba. It then runs without the GIL.

    The machine code is kept on disk for later processes, if a directory for it can be written. (Measured on the
    histograms of single-weight removals: threads of one process are faster than numba's own parallel loops.)
    """
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no directory to keep it in: neither the package's nor the user's can be written
        return numba.njit(nogil=True)(function)
