"""`RunSpec` and `run`: do what is not on disk yet."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import jax
import numpy as np

from sparsernn import rng
from sparsernn.errors import SpecError, StoreError, nearest
from sparsernn.masks import nonzeros
from sparsernn.measures.base import AbstractMeasure
from sparsernn.models.network import Network, Ports
from sparsernn.regularizers.base import AbstractRegularizer
from sparsernn.rules import at_least, holds
from sparsernn.sparsifiers import BY_ROUNDS
from sparsernn.sparsifiers.base import AbstractSparsifier, Clock
from sparsernn.spec import Checked, build, identity, plain
from sparsernn.tasks.base import AbstractTask
from sparsernn.training.forcing import AbstractForcing
from sparsernn.training.loop import Trainer
from sparsernn.training.optimizers import AbstractOptimizer, RAdam
from sparsernn.training.rounds import Rounds
from sparsernn.training.stage import Progress, Stage
from sparsernn.training.store import FORMAT, Record, open_store, opened
from sparsernn.weights import Weights

CHECKPOINT_SECONDS = 20.0


@dataclass(frozen=True)
class Select(Checked):
    """Which checkpoint counts: the best value of `key` on the validation split, looked at every `every` epochs and at
    the last. In a spec the key alone stands for ``{key: ...}``."""

    key: str
    every: int = 10

    rules = (at_least(1, "every"),)

    @staticmethod
    def from_plain(value: Any) -> Any:
        return {"key": value} if isinstance(value, str) else value


def _by_rounds(sparsifier: AbstractSparsifier | None) -> bool:
    return sparsifier is not None and sparsifier.by_rounds


def _selectable(measures: Sequence[AbstractMeasure], task: AbstractTask) -> list[str]:
    return sorted({key for m in measures for key in m.better_on(task)})


def _unsuited(measures: Sequence[AbstractMeasure], task: AbstractTask) -> list[str]:
    return [f"{type(m).__name__} cannot be taken here: {why}" for m in measures if (why := m.suits(task))]


@dataclass(frozen=True)
class RunSpec(Checked):
    """A run, whole: what it learns, with which network, how it is trained, made sparse, and judged.

    `epochs` (of `updates_per_epoch` updates) is the horizon of every schedule. `sparsifier` acts while training, or,
    with `rounds`, between trainings. `select` None keeps the last weights. Everything but `measures` (and the number of
    rounds) decides the trajectory and so names the directory.
    """

    task: AbstractTask
    network: Network
    forcing: AbstractForcing | None = None
    optimizer: AbstractOptimizer = field(default_factory=RAdam)
    epochs: int = 100
    updates_per_epoch: int = 50
    batch: int = 16
    sparsifier: AbstractSparsifier | None = None
    rounds: Rounds | None = None
    regularizers: tuple[AbstractRegularizer, ...] = ()
    measures: tuple[AbstractMeasure, ...] = ()
    select: Select | None = None
    precision: Literal["float32", "float64"] = "float32"
    seed: int = 0

    rules = (
        at_least(1, "epochs"),
        at_least(1, "updates_per_epoch"),
        at_least(1, "batch"),
        holds(lambda seed: 0 <= seed < 2**32, "seed must lie in [0, 2^32), got {seed}"),
        holds(
            lambda epochs, updates_per_epoch: epochs * updates_per_epoch < 2**31,
            "epochs × updates_per_epoch must stay below 2^31 updates, got {epochs} × {updates_per_epoch}",
        ),
        holds(
            lambda forcing, task: forcing is None or task.observed,
            "forcing: only a recorded system can be forced; leave it out",
        ),
        holds(
            lambda sparsifier, rounds: not _by_rounds(sparsifier) or rounds is not None,
            "this sparsifier prunes between trainings: give rounds: {{count: ...}}",
        ),
        holds(
            lambda sparsifier, rounds: rounds is None or _by_rounds(sparsifier),
            f"rounds: the sparsifier must prune by rounds ({', '.join(BY_ROUNDS)})",
        ),
        holds(
            lambda select, measures, task: select is None or select.key in _selectable(measures, task),
            lambda select, measures, task: (
                f'select: no measure of this run gives "{select.key}"{nearest(select.key, _selectable(measures, task))}'
            ),
        ),
        holds(
            lambda select, sparsifier: sparsifier is None or sparsifier.traceable or select is not None,
            "select: this sparsifier judges single weights; say by what, for instance select: d_stsp",
        ),
        holds(
            lambda measures, task: not _unsuited(measures, task),
            lambda measures, task: "; ".join(_unsuited(measures, task)),
        ),
    )

    @property
    def judge(self) -> AbstractMeasure | None:
        """The measure checkpoints are chosen by, and importance is taken with."""
        if self.select is None:
            return None
        return next(m for m in self.measures if self.select.key in m.better_on(self.task))

    def trainer(self) -> Trainer:
        """The static part of every training of this run."""
        task = self.task
        ports = Ports(task.inputs, task.outputs, task.observed)
        acting = self.sparsifier
        if acting is None or acting.by_rounds:
            acting = build(AbstractSparsifier, "dense")  # type: ignore[type-abstract]
        return Trainer(
            task, self.network, ports, self.forcing, self.optimizer, acting, self.regularizers, self.epochs,
            self.updates_per_epoch, self.batch,
        )  # fmt: skip


def read_spec(value: Any) -> RunSpec:
    """A RunSpec from its plain form (a parsed YAML file, ``Record.spec``). SpecError lists all problems."""
    if not isinstance(value, Mapping):
        raise SpecError(
            f"a spec is a mapping with task, network, ...; got {str(value)[:60]!r} ({type(value).__name__})"
        )
    return build(RunSpec, value)


def spec_of(record: Record) -> RunSpec:
    """The spec of a run on disk. StoreError where spec.json holds none that this version reads."""
    try:
        return read_spec(record.spec)
    except SpecError as error:
        raise StoreError(f"{record.directory}/spec.json is damaged or foreign: {error}") from None


def describe(spec: RunSpec, round: int, parent: str | None) -> dict[str, Any]:
    """What names one training of a run: its identity is the hash of everything that decides the trajectory."""
    fields = plain(spec)
    judge = plain(spec.judge) if spec.judge else None
    deciding = {k: v for k, v in fields.items() if k != "measures"}
    ((name, task),) = fields["task"].items()
    deciding["task"] = {name: {k: v for k, v in task.items() if k not in spec.task.places}}
    if spec.rounds is not None:
        deciding["rounds"] = None if round == 0 else {"rewind": spec.rounds.rewind}
        if round == 0:  # the first training is the same for every criterion
            deciding["sparsifier"] = fields["sparsifier"] = None
            fields["rounds"] = None
    about = {"format": FORMAT, "spec": deciding, "judge": judge, "data": spec.task.content_hash()}
    about |= {"round": round, "parent": parent}
    return {"identity": identity(about), **about, "spec": fields}


def run(
    spec: RunSpec,
    store: str | Path,
    until: Clock | None = None,
    progress: Progress | None = None,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    wait: bool = False,
    stopped: Callable[[], bool] | None = None,
) -> Record:
    """Train `spec` under the directory `store`, doing only what is not on disk yet; returns the last round's record.

    The same call resumes what was interrupted, killed or paused, and the finished run is the same bit for bit (CPU,
    same machine and versions, run alone). `until` pauses at a step of a round and begins no later one. The outcome
    tells how it ended; a diverged or interrupted round is returned as it is and no later round begins. Where another
    process holds the directory: `wait` for it (runs that share their first training), else a StoreError. `stopped` is
    asked between compiled calls; without it Ctrl-C and SIGTERM stop the run. A SpecError about parts that do not fit
    one another comes before any work.
    """
    tell = progress or (lambda *_: None)
    record: Record | None = None
    with stoppable(stopped) as stop, jax.enable_x64(spec.precision == "float64"):
        check(spec)
        store = open_store(store)
        for round in range(1 + (spec.rounds.count if spec.rounds else 0)):
            about = describe(spec, round, record.identity if record else None)
            with opened(store, about, wait, stop) as directory:
                outcome = Stage(spec, directory, round, record, tell, stop, checkpoint_seconds).complete(until)
            record = Record(directory.directory)
            if outcome.name != "finished" or (until is not None and round >= until.round):
                break
    assert record is not None
    return record


def check(spec: RunSpec) -> None:
    """SpecError with all problems that show only where a spec's parts meet, before any work. Loads the data."""
    problems: list[str] = []

    def attempt(what: str, act: Callable[[], Any]) -> bool:
        try:
            act()
        except SpecError as error:
            problems.extend(f"{what}: {problem}" for problem in error.problems)
            return False
        return True

    trainer = spec.trainer()
    prunables = trainer.prunables
    if not attempt("network", lambda: trainer.network.check(trainer.ports)):
        raise SpecError(problems)  # there are no weights to try the other parts with
    shapes = jax.eval_shape(lambda: trainer.network.init(rng.key(spec.seed, "init"), trainer.ports))
    weights = jax.tree.map(lambda s: np.zeros(s.shape, s.dtype), shapes)
    if spec.sparsifier is not None:
        attempt("sparsifier", lambda: _check_counts(spec, trainer, weights))
    for i, regularizer in enumerate(spec.regularizers):
        trained, fixed = regularizer.init(rng.key(spec.seed, "regularizer", i), prunables)
        penalty = partial(regularizer.penalty, trained, fixed, weights, prunables)
        attempt(f"regularizers.{i}", partial(jax.eval_shape, penalty))
    for i, measure in enumerate(spec.measures):
        attempt(f"measures.{i}", partial(measure.check, trainer.network, weights))
    if problems:
        raise SpecError(problems)


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
    """A function that tells whether to stop. While it lasts, the first Ctrl-C or SIGTERM only asks trainings to stop at
    their next compiled call (and save); a second one interrupts at once. With a `stopped` of the caller's, or outside
    the main thread, signals are left alone."""
    asked = threading.Event()
    if stopped is not None or threading.current_thread() is not threading.main_thread():
        yield stopped or asked.is_set
        return

    def ask(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {s: signal.signal(s, ask) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
