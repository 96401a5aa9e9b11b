"""One training of a run, between two visits to the disk: take up, prune, train, select, measure."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn import rng
from sparsernn.errors import Interrupted, StoreError, Undefined
from sparsernn.masks import Prunable, dense
from sparsernn.measures.base import as_lower, stopping
from sparsernn.precision import precise
from sparsernn.sparsifiers.base import Clock, Importance, Snapshot, SparseState
from sparsernn.spec import identity, plain
from sparsernn.tasks.base import SPLITS
from sparsernn.training import loop
from sparsernn.training.checkpoint import AGAIN, CHECKPOINT, Checkpoint, pack, unpack
from sparsernn.training.loop import Carry, Operands
from sparsernn.training.outcome import HARD, HISTORY, Outcome
from sparsernn.training.product import Best, Product, under
from sparsernn.training.record import Record
from sparsernn.training.run_spec import RunSpec
from sparsernn.training.store import Directory
from sparsernn.weights import Weights

Progress = Callable[[str, int, int], None]
"""``progress(what, done, of)``: told about often; `what` names the round and what is being done."""


class Stage:
    """One training of a run. `complete` does what its directory lacks."""

    def __init__(
        self,
        spec: RunSpec,
        directory: Directory,
        round: int,
        parent: Record | None,
        tell: Progress,
        stopped: Callable[[], bool],
        checkpoint_seconds: float,
    ):
        self.spec, self.directory, self.round, self.parent = spec, directory, round, parent
        self.stopped, self.checkpoint_seconds = stopped, checkpoint_seconds
        self.trainer = spec.trainer()
        label = f"round {round} of {spec.rounds.count}: " if spec.rounds else ""
        self.tell: Progress = lambda what, done, of: tell(label + what, done, of)
        self.best = Best()
        self.current: Product | None = None
        keys = [rng.key(spec.seed, "regularizer", i) for i in range(len(spec.regularizers))]
        pairs = [r.init(k, self.trainer.prunables) for r, k in zip(spec.regularizers, keys, strict=True)]
        self.trained, self.fixed = tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)
        self.history_bytes = 0
        self.saved_at = time.monotonic()

    def complete(self, until: Clock | None) -> Outcome:
        """Train to the end and measure, or as far as it gets; the outcome is put on record, an error as "failed"."""
        before, lost = self.directory.outcome, self.directory.lost
        if before.name in ("finished", "diverged") and not lost & {*HARD, HISTORY}:
            self.directory.keep(self.spec.task.keepsake)
            if before.name == "finished":
                self.measure()
            self.directory.settle()
            self.directory.drop_damaged_checkpoint()
            return before
        if lost:
            self.can_be_made_again(lost)
        began = trained = time.perf_counter()
        self.directory.begin()
        try:
            self.directory.keep(self.spec.task.keepsake)
            outcome = self.train(until)
            made = self.best.product if outcome.name in ("finished", "diverged") else self.current
            assert made is not None
            arrays = {f"trained/{name}": a for name, a in made.trained.items()}
            arrays |= {f"fixed/{name}": a for name, a in pack(self.fixed).items()}
            self.directory.save(made.weights, made.masks, self.trainer.prunables, arrays)
            trained = time.perf_counter()
            if outcome.name == "finished":
                self.measure()
        except Interrupted as stop:
            outcome, trained = Outcome("interrupted", 0, str(stop)), time.perf_counter()
        except (Exception, KeyboardInterrupt) as error:
            name = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            with suppress(StoreError):  # the disk may be full: the error that goes on says so
                self.directory.conclude(Outcome(name, 0, f"{type(error).__name__}: {error}"))
            raise
        spent = {f"round {self.round}": trained - began}
        if outcome.name == "finished":
            spent["measures"] = time.perf_counter() - trained
        self.directory.conclude(outcome, spent)
        return outcome

    def can_be_made_again(self, lost: Collection[str]) -> None:
        """StoreError, before anything is changed, if what is lost cannot be made again from the checkpoint (None: from
        the beginning, where all can)."""
        checkpoint = self.directory.checkpoint()
        if "importance.safetensors" in lost and self.parent is None and checkpoint is not None:
            raise StoreError(
                f"{self.directory.directory}/importance.safetensors is missing or damaged, and single weights were "
                f"judged in the middle of the training; delete {CHECKPOINT} {AGAIN}"
            )

    # ------------------------------------------------------------------------------------------------------- training

    def train(self, until: Clock | None) -> Outcome:
        """From the last checkpoint (or the beginning) to the horizon, `until`, a stop, or divergence."""
        horizon = self.trainer.clock(0).horizon
        operands, carry, step = self.take_up()
        last = horizon if until is None or until.round != self.round else min(horizon, int(until.step))

        def at_epoch(report: loop.Report, carry: Carry) -> None:
            self.history_bytes = self.directory.add_history(report._asdict() | self.look(report, carry))

        def at_host(step: int, carry: Carry) -> Carry:
            return self.masks_from_host(operands, step, carry)

        def at_call(step: int, carry: Carry) -> bool:
            self.tell("training", step, horizon)
            if self.stopped() or time.monotonic() - self.saved_at > self.checkpoint_seconds:
                self.save(step, carry)
            return self.stopped()

        carry, step = loop.train(self.trainer, operands, carry, step, last, at_epoch, at_host, at_call)
        diverged = int(carry.diverged)
        if diverged < 0:
            self.save(step, carry)
        self.current = Product.of(carry)
        if self.best.product is None and (diverged >= 0 or (step >= horizon and self.spec.select is None)):
            self.best = Best(None, step // self.spec.updates, self.current)
        if diverged >= 0:
            why = f"the loss or a gradient was not finite at update {diverged}"
            why += "; before anything was learned: look for a root or a division at 0 first" if diverged == 0 else ""
            return Outcome("diverged", diverged, why, self.best.epoch)
        if step >= horizon:
            why = f"weights of epoch {self.best.epoch} of {self.spec.epochs}"
            if self.spec.select is not None and self.best.worth is None:
                why += f"; {self.spec.select.key} was undefined wherever it was looked at"
            return Outcome("finished", step, why, self.best.epoch)
        if self.stopped():
            return Outcome("interrupted", step, f"of {horizon} updates; it was asked to stop")
        return Outcome("paused", step, f"asked to pause at update {last}")

    def save(self, step: int, carry: Carry) -> None:
        """Commit what was reached."""
        best = {"worth": self.best.worth, "epoch": self.best.epoch}
        values = {"step": step, "history_bytes": self.history_bytes, "best": best}
        self.directory.save_checkpoint(Checkpoint(pack(carry) | self.best.arrays(), values))
        self.saved_at = time.monotonic()

    def look(self, report: loop.Report, carry: Carry) -> dict[str, Any]:
        """Take the selecting measure when it is time, and remember the weights if they are the best so far."""
        select, judge = self.spec.select, self.spec.judge
        if select is None or judge is None:
            return {}
        ways = judge.better_on(self.spec.task)
        if report.epoch % select.every and report.epoch != self.spec.epochs:
            return {f"validation_{key}": None for key in ways}
        made = Product.of(carry)
        with precise(False):
            numbers = judge.measure(self.trainer.network, made.weights, made.masks, self.spec.task, "validation")
        taken = {key: numbers[key] for key in ways}
        columns = {f"validation_{k}": None if isinstance(v, Undefined) else float(v) for k, v in taken.items()}
        worth = as_lower(taken[select.key], ways[select.key])
        if report.nonzeros <= self.trainer.final_count and (self.best.worth is None or worth < self.best.worth):
            self.best = Best(worth if np.isfinite(worth) else None, report.epoch, made)
        return columns

    # ------------------------------------------------------------------------------------------ beginnings and pruning

    def take_up(self) -> tuple[Operands, Carry, int]:
        """What the compiled loop reads, the carry to go on from, and the step it stands at."""
        trainer, seed = self.trainer, self.spec.seed
        root = rng.key(seed) if self.round == 0 else rng.key(seed, "round", self.round)
        operands = Operands(root, self.round, trainer.task.data("train"), self.fixed)
        checkpoint = self.directory.load_checkpoint()
        if self.parent is not None and (checkpoint is None or "importance.safetensors" in self.directory.lost):
            begun = self.pruned(operands)  # with a checkpoint only for the importance that is kept on disk
            if checkpoint is None:
                return operands, begun, 0
        weights = trainer.network.init(rng.key(seed, "init"), trainer.ports)
        sparse = trainer.sparsifier.init(rng.key(seed, "masks"), trainer.prunables, trainer.clock(0), weights)
        if self.parent is not None:
            sparse = SparseState(dense(self.acted), ())
        carry = loop.init_carry(trainer, weights, self.trained, sparse)
        if checkpoint is None:
            return operands, carry, 0
        values = checkpoint.values
        self.best = Best.restored(values["best"], checkpoint.arrays)
        self.history_bytes = int(values["history_bytes"])
        return operands, unpack(carry, checkpoint.arrays), int(values["step"])

    @property
    def acted(self) -> tuple[Prunable, ...]:
        """The matrices the run's sparsifier acts on."""
        assert self.spec.sparsifier is not None
        return self.spec.sparsifier.acted(self.trainer.prunables)

    def pruned(self, operands: Operands) -> Carry:
        """The beginning of a round: the parent's weights are judged, the rewound ones lose what was cut. What the
        regularizers have learned (where neurons lie) is kept, however the weights begin."""
        spec, trainer = self.spec, self.trainer
        assert self.parent is not None
        assert spec.sparsifier is not None
        assert spec.rounds is not None
        weights = jax.tree.map(jnp.asarray, self.parent.weights())
        trained = unpack(self.trained, under(self.parent.regularizers(), "trained/"))
        masks = dense(self.acted) | {path: jnp.asarray(mask) for path, mask in self.parent.masks().items()}
        state = SparseState(masks, ())
        gradients, activity = loop.average_signals(
            trainer, operands, loop.init_carry(trainer, weights, trained, state), 0
        )
        snapshot = Snapshot(trainer.clock(0, self.round), weights, gradients, activity, trainer.rate(0))
        key = rng.key(spec.seed, "prune", self.round)
        after, kept, _ = spec.sparsifier.update_masks(key, state, snapshot, self.importance(weights))
        if spec.rounds.rewind == "none":
            start = kept
        else:
            names = ("init",) if spec.rounds.rewind == "initial" else ("init", self.round)
            start = trainer.network.init(rng.key(spec.seed, *names), trainer.ports)
        return loop.init_carry(trainer, start, trained, SparseState(after.masks, ()))

    def masks_from_host(self, operands: Operands, step: int, carry: Carry) -> Carry:
        """Mask changes of a sparsifier that works on the host, in the middle of a training."""
        trainer = self.trainer
        gradients, activity = loop.average_signals(trainer, operands, carry, step)
        clock = trainer.clock(step, self.round)
        snapshot = Snapshot(clock, carry.weights, gradients, activity, trainer.rate(step - 1))
        importance = self.importance(Product.of(carry).weights)
        key = rng.named(operands.root, "masks", step)
        return loop.adopt(trainer, carry, *trainer.sparsifier.update_masks(key, carry.sparse, snapshot, importance))

    def importance(self, weights: Weights) -> Importance:
        """How much worse the validation run is without each weight, by the judge of this run; kept on disk."""
        judge, trainer, directory = self.spec.judge, self.trainer, self.directory

        def tell(what: str, done: int, of: int) -> None:
            self.tell(what, done, of)
            if self.stopped():
                raise Interrupted("stopped while single weights were judged; the same command judges them again")

        matrices = {p.path: p for p in trainer.prunables}

        def importance(path: str, indices: np.ndarray, starts: int) -> np.ndarray:
            assert judge is not None, "RunSpec asks for one"
            say = lambda done, of: tell(f"importance of {path}", done, of)
            matrix = matrices[path]
            with precise(False):
                found = judge.without(trainer.network, weights, trainer.task, matrix, indices, starts, say)
            arrays = {"indices": indices, "harm": found.harm, "intact": found.intact}
            directory.save_importance({f"{path}:{name}": array for name, array in arrays.items()})
            return found.harm

        return importance

    # -------------------------------------------------------------------------------------------------------- measures

    def measure(self) -> None:
        """Take the measures that are not on disk yet, on validation and test, and keep the evidence behind them."""
        judge = self.spec.judge
        wanted = {identity(m): m for m in sorted(self.spec.measures, key=lambda m: m != judge)}
        known = self.directory.measures()
        taken = {entry["identity"] for entry in known.values()}
        missing = {name: m for name, m in wanted.items() if name not in taken}
        if not missing:
            return
        network, task = self.trainer.network, self.spec.task
        weights, masks = self.directory.weights(), self.directory.masks()
        evidence = self.directory.evidence()
        with precise(False), stopping(self.stopped):
            for done, (identified, measure) in enumerate(missing.items()):
                self.tell("measuring", done, len(missing))
                (name,) = plain(measure)
                if name in known:
                    name = f"{name} {identified[:8]}"  # the plain name belongs to the first of a kind
                entry = {s: measure.measure(network, weights, masks, task, s) for s in SPLITS if s != "train"}
                known[name] = {"measure": plain(measure), "identity": identified, **entry}
                arrays = measure.evidence(network, weights, masks, task, "test")
                evidence |= {f"{name}/{key}": np.asarray(array) for key, array in arrays.items()}
        self.directory.save_measures(known, evidence)
