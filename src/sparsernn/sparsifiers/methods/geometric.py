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
    """Prune between trainings: in every round the weights go whose absence changes the attractor least.

    Each weight is left out in turn, and D_stsp taken again; other tasks take their loss. Cost a round:
    ``weights * starts`` runs.

    Args:
        drop_fraction: share of the weights that exist which goes in a round.
        starts: number of runs that judge a weight.
        score: "absolute": least changed first; "signed": most improved first.
        where: roles or paths of the matrices.
        scope: whether weights of all matrices are ranked together.

    Source: arXiv 2406.04934 (with ``starts=1``).
    """
    drop = {"geometric": {"starts": starts, "score": score}}
    parts = {"schedule": "per_round", "drop": drop, "drop_fraction": drop_fraction, "where": where, "scope": scope}
    return build(Pruner, parts)
