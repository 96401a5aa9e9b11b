"""Geometric pruning."""

from __future__ import annotations

from typing import Literal

from sparsernn.sparsifiers.pruner import Pruner
from sparsernn.spec import build


def geometric(
    drop_fraction: float = 0.2,
    starts: int = 4,
    score: Literal["absolute", "signed"] = "absolute",
    where: tuple[str, ...] = ("recurrent",),
    scope: Literal["global", "matrix"] = "global",
) -> Pruner:
    """Per round, remove the weights whose absence changes the attractor least.

    Source: arXiv 2406.04934 (with ``starts=1``).
    """
    drop = {"geometric": {"starts": starts, "score": score}}
    parts = {"schedule": "per_round", "drop": drop, "drop_fraction": drop_fraction, "where": where, "scope": scope}
    return build(Pruner, parts)
