"""Which weights can go? One training, pruned by several criteria to equal counts, rewound and trained again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from sparsernn.masks import chosen
from sparsernn.runs.store import Record
from sparsernn.sparsifiers.base import AbstractSparsifier
from sparsernn.sparsifiers.names import method_name
from sparsernn.sparsifiers.pruner import fraction_reaching
from sparsernn.spec import build
from sparsernn.training.rounds import Rounds
from sparsernn.training.run import run, stoppable
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


def run_all(
    wanted: Sequence[RunSpec],
    store: Path,
    progress: Callable[[str, int, int], None],
    workers: int = 2,
    at_stage: Callable[[int, Record], None] | None = None,
) -> list[Record]:
    """The records of all specs, in order. `workers` threads train at a time; what is on disk is not done again.

    ``at_stage(i, record)`` is told of every round of the i-th spec that has ended, by the thread that trains it. Ctrl-C
    stops all of them at their next compiled call; what they reached is saved.
    """
    with stoppable() as stopped, ThreadPoolExecutor(workers) as pool:

        def one(number: int, spec: RunSpec) -> Record:
            label = f"run {number} of {len(wanted)}, {name_of(spec)}"

            def named_progress(what: str, done: int, of: int) -> None:
                progress(f"{label}: {what}", done, of)

            told = None if at_stage is None else partial(at_stage, number - 1)
            return run(spec, store, progress=named_progress, wait=True, stopped=stopped, at_round=told)

        return list(pool.map(one, range(1, len(wanted) + 1), wanted))


def name_of(spec: RunSpec) -> str:
    """What a progress line calls a spec."""
    name = "dense" if spec.sparsifier is None else method_name(spec.sparsifier)
    return f"{name}, seed {spec.seed}"
