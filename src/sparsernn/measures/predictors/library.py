"""The library that users would pick instead; optional."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sparsernn.measures.predictors.base import Lacking


def one_thread() -> AbstractContextManager[Any]:
    """Within it NumPy multiplies in one thread, where threadpoolctl is installed: products of a few hundred rows gain
    nothing from two, and lose two thirds of the time where another training has the other core (Lorenz-63: 29 s of CPU
    time became 9)."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    return threadpool_limits(1)


def reservoirpy() -> Any:
    """The module, with `nodes` and `mat_gen`. `Lacking` where it is not installed."""
    try:
        import reservoirpy
        import reservoirpy.mat_gen
        import reservoirpy.nodes
    except ImportError:
        raise Lacking('it needs reservoirpy: pip install "sparsernn[baselines]"') from None
    return reservoirpy
