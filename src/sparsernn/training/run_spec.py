"""`RunSpec`: the description of a whole run, and of what names its trainings on disk."""

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
from sparsernn.spec import Checked, Plain, build, identity, plain
from sparsernn.tasks.base import AbstractTask
from sparsernn.training.initial import Initial
from sparsernn.training.loop import Trainer
from sparsernn.training.rounds import Rounds
from sparsernn.training.signs import Signs

BESIDE = ("measures", "watch", "snapshots")
"""Fields that do not change the training. They are no part of its identity."""
LATER = ("initial", "frozen", "signs")
"""Fields that were added later. Empty ones are no part of the identity, so that older runs keep theirs."""


@dataclass(frozen=True)
class Select(Checked):
    """Which checkpoint is selected: the one with the best value of a number on the validation split.

    In a spec the key alone stands for ``{key: ...}``.

    Args:
        key: the number, as one of the run's measures calls it.
        every: it is taken every so many epochs, and at the last.
    """

    key: str
    every: int = 10

    rules = (at_least(1, "every"),)

    @staticmethod
    def from_plain(value: Plain) -> Plain:
        """Write a key alone as ``{key: ...}``; return anything else as it is."""
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
    """A whole run: what is learned by which network, and how it is trained, made sparse and judged.

    All fields but `measures`, `watch`, `snapshots` and the number of rounds decide the trajectory of the training. They
    therefore name the directory of the run.

    Args:
        task: what is learned.
        network: what learns it.
        forcing: how far states are moved to the data while training; None: not at all. Only for recorded systems.
        optimizer: how weights move.
        epochs: length of a training, and the horizon of every schedule.
        updates_per_epoch: number of updates in an epoch; "pass": as many as go once through the training data.
        batch: number of sequences in a batch.
        sparsifier: what decides the masks, while training, or between trainings if it prunes by rounds. None: dense.
        rounds: for a sparsifier that prunes by rounds: how many there are, and from where each begins.
        regularizers: penalties that are added to the loss.
        initial: the weights to begin from; None: new ones.
        frozen: arrays that do not learn, by role or path.
        signs: which weights keep their signs.
        measures: what is measured when the training has ended.
        select: which checkpoint is selected; None: the last.
        watch: what is measured while training.
        snapshots: at which epochs weights are kept.
        precision: of all arrays.
        seed: of all draws.

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
        """The measure that checkpoints are selected by and single weights are judged by; None without `select`."""
        if self.select is None:
            return None
        return next(m for m in self.measures if self.select.key in m.better_on(self.task))

    @property
    def updates(self) -> int:
        """Number of updates in an epoch, also for "pass"."""
        given = self.updates_per_epoch
        return self.task.updates_a_pass(self.batch) if given == "pass" else given

    def trainer(self) -> Trainer:
        """Return what is the same in all trainings of this run. A sparsifier that prunes by rounds is left out."""
        task = self.task
        ports = Ports(task.inputs, task.outputs, task.observed, task.tokens, task.first)
        acting = self.sparsifier
        if acting is None or acting.by_rounds:
            acting = Dense()
        return Trainer(
            task, self.network, ports, self.forcing, self.optimizer, acting, self.regularizers, self.epochs,
            self.updates, self.batch, self.frozen,
        )  # fmt: skip


def read_spec(value: Plain) -> RunSpec:
    """Make a RunSpec from its plain form: a parsed YAML file, or ``Record.spec``. SpecError lists all problems.

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
    """Return the spec of a run on disk. StoreError if this version cannot read its spec.json."""
    try:
        with read_from_a_file():
            return read_spec(record.spec)
    except SpecError as error:
        raise StoreError(
            f"{record.directory}/spec.json is damaged or foreign, or its parts are not known here: {error}"
        ) from None


def describe(spec: RunSpec, round: int, parent: str | None, data: tuple[str, str] | None = None) -> dict[str, Any]:
    """Return what names one training of a run, in plain values: the content of its spec.json.

    Its `identity` is the hash of all that decides the trajectory.

    Args:
        spec: of the run.
        round: number of the training.
        parent: identity of the round before; None for the first.
        data: the task's `content_hash` and `describe`, if they are known; otherwise the data are loaded for them.
    """
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
    """Return the hashes of the files that a run reads besides its data; take their places out of `deciding`."""
    hashes = {}
    if spec.initial is not None:
        own = deciding["initial"]
        places = ("source", "graph", "graph_seed", "orientation", "key", "only", "null")
        deciding["initial"] = {k: v for k, v in own.items() if k not in places and (k != "radius" or v is not None)}
        hashes["initial"] = spec.initial.read(lambda: spec.trainer().prunables, spec.seed).sha256
    if spec.signs is not None and (given := spec.signs.read()) is not None:
        deciding["signs"] = {k: v for k, v in deciding["signs"].items() if k != "kept"}
        hashes["signs"] = given.sha256
    return {"given": hashes} if hashes else {}
