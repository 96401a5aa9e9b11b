"""Pruning at initialization by connection sensitivity."""

from __future__ import annotations

from typing import Literal

from sparsernn.sparsifiers.pruner import Pruner
from sparsernn.spec import build


def snip(
    density: float = 0.1,
    where: tuple[str, ...] = ("recurrent",),
    scope: Literal["global", "matrix"] = "global",
) -> Pruner:
    """Once, on the first batch, before any update: keep the weights of largest ``|w dL/dw|`` of the dense network.

    The first step only prunes; training begins at the second. L is what is trained: with regularizers their penalties
    are part of it. Source: SNIP, Lee et al. 2019, arXiv 1810.02340 (there all matrices are ranked together).
    """
    schedule = {"one_shot": {"at": 1, "unit": "steps"}}
    parts = {"schedule": schedule, "drop": "taylor", "density": density, "where": where, "scope": scope}
    return build(Pruner, {**parts, "skips_update": True})
