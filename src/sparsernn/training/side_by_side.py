"""Several runs at a time in one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from sparsernn.progress import Progress
from sparsernn.runs.store import Record
from sparsernn.sparsifiers.names import method_name
from sparsernn.training.run import run, stoppable
from sparsernn.training.run_spec import RunSpec


def run_all(
    wanted: Sequence[RunSpec],
    store: Path,
    progress: Progress,
    workers: int = 2,
    at_stage: Callable[[int, Record], None] | None = None,
) -> list[Record]:
    """Train all specs, several at a time, and return their records in order.

    `workers` threads train at a time; what is on disk is not done again.

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
    """Return what a progress line calls a spec."""
    name = "dense" if spec.sparsifier is None else method_name(spec.sparsifier)
    return f"{name}, seed {spec.seed}"
