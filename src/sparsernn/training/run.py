"""`run`: train a run, or go on with it, by doing what is not on disk yet."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import jax
import numpy as np

from sparsernn import rng
from sparsernn.errors import SparseRNNError, SpecError
from sparsernn.masks import nonzeros
from sparsernn.runs.environment import library_versions
from sparsernn.runs.outcome import Ending
from sparsernn.runs.store import MARKER, Record, open_store, opened
from sparsernn.runs.watch import WatchedNumbers
from sparsernn.sparsifiers.base import Clock
from sparsernn.spec import identity, plain
from sparsernn.training.first_weights import first_masks, first_weights
from sparsernn.training.frozen import check_frozen, frozen_paths
from sparsernn.training.loop import Trainer
from sparsernn.training.matching import matched
from sparsernn.training.run_spec import RunSpec, describe
from sparsernn.training.stage import Progress, Stage
from sparsernn.weights import Weights

CHECKPOINT_SECONDS = 20.0


def run(
    spec: RunSpec,
    store: str | Path,
    until: Clock | None = None,
    progress: Progress | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    wait: bool = False,
    stopped: Callable[[], bool] | None = None,
    at_round: Callable[[Record], None] | None = None,
) -> Record:
    """Train a run in the directory `store`. Only what is not on disk yet is done.

    The same call resumes what was interrupted, killed or paused. The finished run is then the same bit for bit (CPU,
    same machine and versions, run alone).

    Args:
        spec: the run.
        store: directory of runs; it is made if need be.
        until: pause at this step of this round, and begin no later round.
        progress: called while it works.
        checkpoint_seconds: time between two checkpoints.
        wait: wait if another process holds a directory of this run (runs may share their first training).
        stopped: asked between compiled calls; true stops the run. Without it Ctrl-C and SIGTERM do.
        at_round: called with the record of every round that has ended, before the next one begins; also with those that
            were on disk.

    Returns:
        The record of the last round. Its `outcome` says how it ended. After a round that has diverged or was
        interrupted no other begins.

    Raises:
        SpecError: before any work, if parts of the spec do not fit one another.
        StoreError: if the store cannot be used, or without `wait` if another process holds the directory.

    >>> record = sparsernn.run(spec, "runs")
    >>> record.outcome.name
    'finished'
    """
    progress = progress or (lambda *_: None)
    record: Record | None = None
    if until is None and (rounds := standing(spec, Path(store))):
        for record in rounds:
            if at_round is not None:
                at_round(record)
        return rounds[-1]
    with stoppable(stopped) as stop, jax.enable_x64(spec.precision == "float64"):
        spec.task.refresh()
        check(spec)
        store = open_store(store)
        for round in range(1 + (spec.rounds.count if spec.rounds else 0)):
            about = describe(spec, round, record.identity if record else None)
            with opened(store, about, wait, stop) as directory:
                outcome = Stage(spec, directory, round, record, progress, stop, checkpoint_seconds).complete(until)
            record = Record(directory.directory)
            if at_round is not None:
                at_round(record)
            if outcome.name != Ending.FINISHED or (until is not None and round >= until.round):
                break
    assert record is not None
    return record


def standing(spec: RunSpec, store: Path) -> list[Record]:
    """Return the rounds of a run that is finished and complete, without loading its data.

    The hash of the data is taken from a run on the same task in this store, if the data are unchanged as far as can be
    seen (`AbstractTask.unchanged`) and the libraries have the same versions. The list is empty if anything is left to
    do, or if only the data could tell.
    """
    if not (store / MARKER).is_file():
        return []
    task, known = plain(spec.task), set()
    for place in sorted(path.parent for path in store.glob("*/spec.json")):
        with suppress(SparseRNNError):
            record = Record(place)
            content = record.about["data"]
            if content in known or record.spec.get("task") != task:
                continue
            known.add(content)
            kept, versions = record.prepared()[1], record.environment().get("versions")
            if versions == library_versions() and spec.task.unchanged(kept):
                return _standing(spec, open_store(store), (content, record.about["source"]))
    return []


def _standing(spec: RunSpec, store: Path, data: tuple[str, str]) -> list[Record]:
    found: list[Record] = []
    wanted = {identity(measure) for measure in spec.measures}
    for round in range(1 + (spec.rounds.count if spec.rounds else 0)):
        about = describe(spec, round, found[-1].identity if found else None, data)
        record = Record(store / about["identity"][:16])
        taken = {entry["identity"] for entry in record.measures().values()}
        if (
            record.about != about
            or record.outcome.name != Ending.FINISHED
            or not wanted <= taken
            or not record.is_readable()
        ):
            return []
        if spec.watch and WatchedNumbers(record.watch_entries()).missing(spec.watch, spec.epochs, spec.epochs):
            return []
        found.append(record)
    return found


def check(spec: RunSpec) -> None:
    """Raise a SpecError with all problems of parts that do not fit one another. It loads the data."""
    problems: list[str] = []

    def attempt(what: str, act: Callable[[], Any]) -> bool:
        try:
            act()
        except SpecError as error:
            problems.extend(f"{what}: {problem}" if what else problem for problem in error.problems)
            return False
        return True

    trainer = spec.trainer()
    if not attempt("network", lambda: trainer.network.check(trainer.ports)):
        raise SpecError(problems)  # there are no weights to try the other parts with
    prunables = trainer.prunables
    shapes = jax.eval_shape(lambda: trainer.network.init(rng.key(spec.seed, "init"), trainer.ports))
    weights = jax.tree.map(lambda s: np.zeros(s.shape, s.dtype), shapes)
    attempt("frozen", lambda: _check_frozen(spec, trainer, weights))
    if attempt("initial", lambda: first_weights(replace(spec, signs=None), trainer)):
        fits = attempt("signs", lambda: first_weights(spec, trainer))
        if fits and spec.initial is not None:
            attempt("sparsifier", lambda: first_masks(spec, trainer, first_weights(spec, trainer)))
    if spec.sparsifier is not None:
        attempt("sparsifier", lambda: _check_counts(spec, trainer, weights))
    arrays = [r.init(rng.key(spec.seed, "regularizer", i), prunables) for i, r in enumerate(spec.regularizers)]
    for i, (regularizer, (own, fixed)) in enumerate(zip(spec.regularizers, arrays, strict=True)):
        penalty = partial(regularizer.penalty, own, fixed, weights, prunables)
        attempt(f"regularizers.{i}", partial(jax.eval_shape, penalty))
    if not problems:  # real numbers, where all parts fit
        attempt("", lambda: matched(spec, trainer))
    attempt("optimizer.groups", lambda: spec.optimizer.members(prunables, (weights, tuple(a[0] for a in arrays))))
    for where, measures in (("measures", spec.measures), ("watch.measures", spec.watch.measures if spec.watch else ())):
        for i, measure in enumerate(measures):
            attempt(f"{where}.{i}", partial(measure.check, trainer.network, weights))
    if problems:
        raise SpecError(problems)


def _check_frozen(spec: RunSpec, trainer: Trainer, weights: Weights) -> None:
    paths = frozen_paths(spec.frozen, trainer.prunables, weights)
    acted = spec.sparsifier.acted(trainer.prunables) if paths and spec.sparsifier else ()
    check_frozen(paths, spec.sparsifier, [p.path for p in acted], trainer.clock(0))


def _check_counts(spec: RunSpec, trainer: Trainer, weights: Weights) -> None:
    assert spec.sparsifier is not None
    acted = spec.sparsifier.acted(trainer.prunables)
    rounds = spec.rounds.count if spec.rounds else 0
    if acted and spec.sparsifier.final_count(acted, trainer.clock(0, rounds)) < 1:
        raise SpecError(
            f"after {rounds} rounds no weight is left; take fewer rounds, a smaller drop_fraction or a higher density"
        )
    if spec.sparsifier.by_rounds:
        begun = spec.sparsifier.init(rng.key(spec.seed, "masks"), trainer.prunables, trainer.clock(0), weights)
        if nonzeros(begun.masks) < sum(p.size for p in acted):
            raise SpecError("it begins sparse, but rounds follow a dense training; give a schedule within trainings")


@contextmanager
def stoppable(stopped: Callable[[], bool] | None = None) -> Iterator[Callable[[], bool]]:
    """Within this context, Ctrl-C and SIGTERM ask trainings to stop; it gives a function that says whether they did.

    After the first signal a training saves and stops at its next compiled call; a second one interrupts at once. If the
    caller gives `stopped`, or outside the main thread, signals are left alone.
    """
    asked = threading.Event()
    if stopped is not None or threading.current_thread() is not threading.main_thread():
        yield stopped or asked.is_set
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {s: signal.signal(s, ask) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
