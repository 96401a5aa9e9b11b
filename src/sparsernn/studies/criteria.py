"""Which weights can go? One training, pruned by several criteria to equal counts, rewound and trained again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sparsernn.masks import chosen
from sparsernn.sparsifiers.base import AbstractSparsifier
from sparsernn.sparsifiers.pruner import fraction_reaching
from sparsernn.spec import build
from sparsernn.training.rounds import Rounds
from sparsernn.training.run_spec import RunSpec


def specs(
    base: RunSpec, criteria: Sequence[str], drop_fraction: float, rounds: Rounds, starts: int, seeds: Sequence[int]
) -> list[RunSpec]:
    """One spec per seed and criterion. All criteria of a seed share the first training and the count of every round."""
    found = []
    for seed in seeds:
        for name in criteria:
            fields: dict[str, object] = {"drop_fraction": drop_fraction}
            if name == "geometric":
                fields["starts"] = starts
            sparsifier = build(AbstractSparsifier, {name: fields}, "sparsifier")  # type: ignore[type-abstract]
            found.append(replace(base, sparsifier=sparsifier, rounds=rounds, seed=seed))
    return found


def drop_to(base: RunSpec, density: float, rounds: int) -> float:
    """The share to drop in each of `rounds` so that exactly `density` of the recurrent weights is left at last."""
    acted = chosen(base.trainer().prunables, ("recurrent",))
    return fraction_reaching(density, sum(p.size for p in acted), rounds)
