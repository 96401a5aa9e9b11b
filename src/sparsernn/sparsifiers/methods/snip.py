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
    """Prune the untrained network once: keep the weights of largest ``|w dL/dw|`` on the first batch.

    The first step only prunes; weights move from the second on. L is what training minimizes, penalties included.

    Args:
        density: share of the entries that are kept.
        where: roles or paths of the matrices.
        scope: whether weights of all matrices are ranked together.

    Source: SNIP, Lee et al. 2019, arXiv 1810.02340 (there all matrices are ranked together).
    """
    schedule = {"one_shot": {"at": 1, "unit": "steps"}}
    parts = {"schedule": schedule, "drop": "taylor", "density": density, "where": where, "scope": scope}
    return build(Pruner, {**parts, "skips_update": True})
