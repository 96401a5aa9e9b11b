"""The library that users would pick instead; optional."""

from __future__ import annotations

from typing import Any

from sparsernn.measures.predictors.base import Lacking


def reservoirpy() -> Any:
    """The module, with `nodes` and `mat_gen`. `Lacking` where it is not installed."""
    try:
        import reservoirpy
        import reservoirpy.mat_gen
        import reservoirpy.nodes
    except ImportError:
        raise Lacking('it needs reservoirpy: pip install "sparsernn[baselines]"') from None
    return reservoirpy
