"""`RunSpec`: a run, whole, and what names its trainings on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sparsernn.errors import SpecError, StoreError, nearest
from sparsernn.forcings.base import AbstractForcing
from sparsernn.measures.base import AbstractMeasure
from sparsernn.models.network import Network, Ports
from sparsernn.optimizers.base import AbstractOptimizer
from sparsernn.registry import read_from_a_file
from sparsernn.regularizers.base import AbstractRegularizer
from sparsernn.rules import at_least, holds
from sparsernn.runs.record import Record
from sparsernn.runs.run_files import FORMAT
from sparsernn.runs.snapshots import Snapshots
from sparsernn.runs.watch import Watch
from sparsernn.sparsifiers import BY_ROUNDS
from sparsernn.sparsifiers.base import AbstractSparsifier, Dense
from sparsernn.spec import Checked, build, identity, plain
from sparsernn.tasks.base import AbstractTask
from sparsernn.training.initial import Initial
from sparsernn.training.loop import Trainer
from sparsernn.training.rounds import Rounds
from sparsernn.training.signs import Signs

BESIDE = ("measures", "watch", "snapshots")
"""Fields that decide nothing about the trajectory."""
LATER = ("initial", "frozen", "signs")
"""Fields that are no part of the identity where they are empty, so that runs from before they existed keep theirs."""


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


def _radam() -> AbstractOptimizer:
    return build(AbstractOptimizer, "radam")  # type: ignore[type-abstract]


def _by_rounds(sparsifier: AbstractSparsifier | None) -> bool:
    return sparsifier is not None and sparsifier.by_rounds


def _selectable(measures: Sequence[AbstractMeasure], task: AbstractTask) -> list[str]:
    return sorted({key for m in measures for key in m.better_on(task)})


def _unsuited(measures: Sequence[AbstractMeasure], task: AbstractTask) -> list[str]:
    return [f"{type(m).__name__} cannot be taken here: {why}" for m in measures if (why := m.unsupported_reason(task))]


@dataclass(frozen=True)
class RunSpec(Checked):
    """A run, whole: what it learns, with which network, how it is trained, made sparse, and judged.

    `epochs` (of `updates_per_epoch` updates; ``pass``: once through the training data) is the horizon of every
    schedule. `sparsifier` acts while training, or, with `rounds`, between trainings. `initial` says what it begins from
    instead of fresh weights, `frozen` which arrays (roles or paths) do not learn, `signs` which signs are held.
    `select` None keeps the last weights. `watch` takes measures while it trains, `snapshots` keeps weights on the way.
    Everything but `measures`, `watch`, `snapshots` (and the number of rounds) decides the trajectory and so names the
    directory.

    >>> spec = sparsernn.read_spec({"task": "adding", "network": {"rnn": {"hidden": 8}}, "epochs": 3})
    >>> isinstance(spec, sparsernn.RunSpec), spec.epochs, spec.optimizer
    (True, 3, RAdam(...))
    """

    task: AbstractTask
    network: Network
    forcing: AbstractForcing | None = None
    optimizer: AbstractOptimizer = field(default_factory=_radam)
    epochs: int = 100
    updates_per_epoch: int | Literal["pass"] = 50
    batch: int = 16
    sparsifier: AbstractSparsifier | None = None
    rounds: Rounds | None = None
    regularizers: tuple[AbstractRegularizer, ...] = ()
    initial: Initial | None = None
    frozen: tuple[str, ...] = ()
    signs: Signs | None = None
    measures: tuple[AbstractMeasure, ...] = ()
    select: Select | None = None
    watch: Watch | None = None
    snapshots: Snapshots | None = None
    precision: Literal["float32", "float64"] = "float32"
    seed: int = 0

    rules = (
        at_least(1, "epochs"),
        holds(
            lambda updates_per_epoch: updates_per_epoch == "pass" or updates_per_epoch >= 1,
            "updates_per_epoch must be at least 1, or pass (once through the training data), got {updates_per_epoch}",
        ),
        at_least(1, "batch"),
        holds(lambda seed: 0 <= seed < 2**32, "seed must lie in [0, 2^32), got {seed}"),
        holds(
            lambda epochs, updates_per_epoch: updates_per_epoch == "pass" or epochs * updates_per_epoch < 2**31,
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
            lambda optimizer, select: not optimizer.needs_validation or select is not None,
            "select: the optimizer's plateau and averaging follow validation; say by what, for instance "
            "select: {{key: loss, every: 1}}",
        ),
        holds(
            lambda measures, task: not _unsuited(measures, task),
            lambda measures, task: "; ".join(_unsuited(measures, task)),
        ),
        holds(
            lambda watch, task: watch is None or not _unsuited(watch.measures, task),
            lambda watch, task: "watch: " + "; ".join(_unsuited(watch.measures, task)),
        ),
    )

    @property
    def judge(self) -> AbstractMeasure | None:
        """The measure checkpoints are chosen by, and importance is taken with."""
        if self.select is None:
            return None
        return next(m for m in self.measures if self.select.key in m.better_on(self.task))

    @property
    def updates(self) -> int:
        """Updates an epoch, as a number."""
        given = self.updates_per_epoch
        return self.task.updates_a_pass(self.batch) if given == "pass" else given

    def trainer(self) -> Trainer:
        """The static part of every training of this run."""
        task = self.task
        ports = Ports(task.inputs, task.outputs, task.observed, task.tokens, task.first)
        acting = self.sparsifier
        if acting is None or acting.by_rounds:
            acting = Dense()
        return Trainer(
            task, self.network, ports, self.forcing, self.optimizer, acting, self.regularizers, self.epochs,
            self.updates, self.batch, self.frozen,
        )  # fmt: skip


def read_spec(value: Any) -> RunSpec:
    """A RunSpec from its plain form (a parsed YAML file, ``Record.spec``). SpecError lists all problems.

    >>> spec = sparsernn.read_spec({"task": {"adding": {"length": 20}}, "network": {"lstm": {"hidden": 8}}})
    >>> spec.network.cells
    (LSTM(hidden=8),)
    """
    if not isinstance(value, Mapping):
        raise SpecError(
            f"a spec is a mapping with task, network, ...; got {str(value)[:60]!r} ({type(value).__name__})"
        )
    return build(RunSpec, value)


def spec_of(record: Record) -> RunSpec:
    """The spec of a run on disk. StoreError where spec.json holds none that this version reads."""
    try:
        with read_from_a_file():
            return read_spec(record.spec)
    except SpecError as error:
        raise StoreError(f"{record.directory}/spec.json is damaged or foreign: {error}") from None


def describe(spec: RunSpec, round: int, parent: str | None, data: tuple[str, str] | None = None) -> dict[str, Any]:
    """What names one training of a run: its identity is the hash of everything that decides the trajectory. `data`: the
    task's `content_hash` and `describe` where they are known already; else the data are loaded."""
    fields = plain(spec)
    judge = plain(spec.judge) if spec.judge else None
    deciding = {k: v for k, v in fields.items() if k not in BESIDE and not (k in LATER and not v)}
    ((name, task),) = fields["task"].items()
    deciding["task"] = {name: {k: v for k, v in task.items() if k not in spec.task.places}}
    if spec.rounds is not None:
        deciding["rounds"] = None if round == 0 else {"rewind": spec.rounds.rewind}
        if round == 0:  # the first training is the same for every criterion
            deciding["sparsifier"] = fields["sparsifier"] = None
            fields["rounds"] = None
    given = _given(spec, deciding)
    content, source = data or (spec.task.content_hash(), spec.task.describe())
    about = {"format": FORMAT, "spec": deciding, "judge": judge, "data": content, **given}
    about |= {"round": round, "parent": parent}
    return {"identity": identity(about), **about, "spec": fields, "source": source}


def _given(spec: RunSpec, deciding: dict[str, Any]) -> dict[str, Any]:
    """The hashes of what a run reads besides its data, in place of where it lies."""
    hashes = {}
    if spec.initial is not None:
        deciding["initial"] = {k: v for k, v in deciding["initial"].items() if k != "source"}
        hashes["initial"] = spec.initial.read().sha256
    if spec.signs is not None and (given := spec.signs.read()) is not None:
        deciding["signs"] = {k: v for k, v in deciding["signs"].items() if k != "kept"}
        hashes["signs"] = given.sha256
    return {"given": hashes} if hashes else {}
