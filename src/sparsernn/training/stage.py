"""One training of a run: from what is on disk to its outcome.

Its steps have files of their own: `first_weights`, `pruning`, `judge` (which checkpoint is selected), `watching`,
`measuring`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress

from sparsernn import rng
from sparsernn.errors import Interrupted, StoreError
from sparsernn.progress import Progress
from sparsernn.runs.checkpoint import AGAIN, CHECKPOINT, Checkpoint, pack, unpack
from sparsernn.runs.directory import Directory
from sparsernn.runs.outcome import ENDED, HARD, HISTORY, Ending, Outcome
from sparsernn.runs.record import Record
from sparsernn.sparsifiers.base import Clock, Importance, SparseState
from sparsernn.training import loop, pruning
from sparsernn.training.first_weights import first_masks, first_weights
from sparsernn.training.judge import Judge
from sparsernn.training.loop import Carry, Operands
from sparsernn.training.matching import found_strengths, matched
from sparsernn.training.measuring import measure
from sparsernn.training.product import Best, Product
from sparsernn.training.run_spec import RunSpec
from sparsernn.training.watching import Watcher
from sparsernn.weights import Weights

"""``progress(what, done, of)``: called often; `what` names the round and what is done in it."""


class Stage:
    """One training of a run. `complete` does all that its directory lacks.

    Args:
        spec: of the run.
        directory: of this training, held by its lock.
        round: its number.
        parent: the round before; None for the first.
        progress: called while it works.
        stopped: asked between compiled calls; true asks the training to stop.
        checkpoint_seconds: time between two checkpoints.
    """

    def __init__(
        self,
        spec: RunSpec,
        directory: Directory,
        round: int,
        parent: Record | None,
        progress: Progress,
        stopped: Callable[[], bool],
        checkpoint_seconds: float,
    ):
        self.spec, self.directory, self.round, self.parent = spec, directory, round, parent
        self.stopped, self.checkpoint_seconds = stopped, checkpoint_seconds
        self.trainer = matched(spec, spec.trainer())
        label = f"round {round} of {spec.rounds.count}: " if spec.rounds else ""
        self.progress: Progress = lambda what, done, of: progress(label + what, done, of)
        self.judge, self.watcher = Judge(spec, self.trainer), Watcher(spec, directory, self.progress)
        self.current: Product | None = None
        keys = [rng.key(spec.seed, "regularizer", i) for i in range(len(spec.regularizers))]
        pairs = [r.init(k, self.trainer.prunables) for r, k in zip(spec.regularizers, keys, strict=True)]
        self.trained, self.fixed = tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)
        self.history_bytes = 0
        self.saved_at = time.monotonic()

    def complete(self, until: Clock | None) -> Outcome:
        """Train to the end, measure, and return the outcome, which is also written to the directory.

        With `until` the training pauses there. An error is written as the outcome "failed" and raised.
        """
        before, lost = self.directory.outcome, self.directory.lost
        if before.name in ENDED and not lost & {*HARD, HISTORY}:
            self.directory.keep(self.spec.task.keepsake)
            if before.name == Ending.FINISHED:
                measure(self.spec, self.directory, self.progress, self.stopped)
            self.watcher.afterwards()
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
            made = self.judge.best.product if outcome.name in ENDED else self.current
            assert made is not None
            arrays = {f"trained/{name}": a for name, a in made.trained.items()}
            arrays |= {f"fixed/{name}": a for name, a in pack(self.fixed).items()}
            arrays |= found_strengths(self.spec, self.trainer)
            self.directory.save(made.weights, made.masks, self.trainer.prunables, arrays)
            trained = time.perf_counter()
            if outcome.name == Ending.FINISHED:
                measure(self.spec, self.directory, self.progress, self.stopped)
        except Interrupted as stop:
            outcome, trained = Outcome(Ending.INTERRUPTED, 0, str(stop)), time.perf_counter()
        except (Exception, KeyboardInterrupt) as error:
            name = Ending.INTERRUPTED if isinstance(error, KeyboardInterrupt) else Ending.FAILED
            with suppress(StoreError):  # the disk may be full: the error that goes on says so
                self.directory.conclude(Outcome(name, 0, f"{type(error).__name__}: {error}"))
            raise
        spent = {f"round {self.round}": trained - began}
        if outcome.name == Ending.FINISHED:
            spent["measures"] = time.perf_counter() - trained
        self.directory.conclude(outcome, spent)
        return outcome

    def can_be_made_again(self, lost: Collection[str]) -> None:
        """Raise a StoreError, before anything is changed, if files that are lost cannot be made again.

        They can if there is no checkpoint, so that the training begins anew. From a checkpoint all but the importance
        of single weights can be made again.
        """
        checkpoint = self.directory.checkpoint()
        if "importance.safetensors" in lost and self.parent is None and checkpoint is not None:
            raise StoreError(
                f"{self.directory.directory}/importance.safetensors is missing or damaged, and single weights were "
                f"judged in the middle of the training; delete {CHECKPOINT} {AGAIN}"
            )

    def train(self, until: Clock | None) -> Outcome:
        """Train from the last checkpoint, or from the beginning, and return how it ended.

        It ends at the horizon, at `until`, when it is asked to stop, or when it diverges.
        """
        horizon = self.trainer.clock(0).horizon
        operands, carry, step = self.restore_or_init()
        last = horizon if until is None or until.round != self.round else min(horizon, int(until.step))
        self.watcher.resume(step)
        if step == 0:
            self.watcher.at(0, Product.of(carry))

        def at_epoch(report: loop.EpochReport, carry: Carry) -> Carry:
            columns, worth = self.judge.validate(report, carry)
            self.history_bytes = self.directory.add_history(report._asdict() | carry.opt_state.columns() | columns)
            self.watcher.at(report.epoch, Product.of(carry))
            if worth is None:
                return carry
            heard = self.trainer.optimizer.after_validation(carry.opt_state, worth, report.step)
            return carry._replace(opt_state=heard)

        def at_host(step: int, carry: Carry) -> Carry:
            return pruning.masks_from_host(self.trainer, operands, step, carry, self.importance)

        def at_call(step: int, carry: Carry) -> bool:
            self.progress("training", step, horizon)
            if self.stopped() or time.monotonic() - self.saved_at > self.checkpoint_seconds:
                self.save(step, carry)
            return self.stopped()

        carry, step = loop.train(self.trainer, operands, carry, step, last, at_epoch, at_host, at_call)
        diverged = int(carry.diverged)
        if diverged < 0:
            self.save(step, carry)
        self.watcher.save()
        self.current = Product.of(carry)
        if diverged >= 0 or (step >= horizon and self.spec.select is None):
            self.judge.end(step // self.spec.updates, self.current)
        best = self.judge.best
        if diverged >= 0:
            why = f"the loss or a gradient was not finite at update {diverged}"
            why += "; before anything was learned: look for a root or a division at 0 first" if diverged == 0 else ""
            return Outcome(Ending.DIVERGED, diverged, why, best.epoch)
        if step >= horizon:
            return Outcome(Ending.FINISHED, step, self.judge.said, best.epoch)
        if self.stopped():
            return Outcome(Ending.INTERRUPTED, step, f"of {horizon} updates; it was asked to stop")
        return Outcome(Ending.PAUSED, step, f"asked to pause at update {last}")

    def save(self, step: int, carry: Carry) -> None:
        """Write a checkpoint: the training can go on from here."""
        self.watcher.save()
        best = {"worth": self.judge.best.worth, "epoch": self.judge.best.epoch}
        values = {"step": step, "history_bytes": self.history_bytes, "best": best}
        self.directory.save_checkpoint(Checkpoint(pack(carry) | self.judge.best.arrays(), values))
        self.saved_at = time.monotonic()

    def restore_or_init(self) -> tuple[Operands, Carry, int]:
        """Return what the training goes on from: operands, carry and the number of updates done."""
        spec, trainer, parent = self.spec, self.trainer, self.parent
        root = rng.key(spec.seed) if self.round == 0 else rng.key(spec.seed, "round", self.round)
        begun = first_weights(spec, trainer, self.directory.about.get("given", {}))
        operands = Operands(root, self.round, trainer.task.data("train"), self.fixed, begun.signs)
        checkpoint = self.directory.load_checkpoint()
        if parent is not None and (checkpoint is None or "importance.safetensors" in self.directory.lost):
            # with a checkpoint only for the importance that is kept on disk
            carry = pruning.begin_round(spec, trainer, operands, parent, begun, self.trained, self.importance)
            if checkpoint is None:
                return operands, carry, 0
        if parent is None:
            sparse, given = first_masks(spec, trainer, begun)
        else:
            mine, given = pruning.parted(spec, trainer, parent)
            sparse = SparseState(mine, ())
        carry = loop.init_carry(trainer, begun.weights, self.trained, sparse, given)
        if checkpoint is None:
            return operands, carry, 0
        values = checkpoint.values
        self.judge.best = Best.restored(values["best"], checkpoint.arrays)
        self.history_bytes = int(values["history_bytes"])
        return operands, unpack(carry, checkpoint.arrays), int(values["step"])

    def importance(self, weights: Weights) -> Importance:
        """Return the function that judges single weights, with the judge of this run."""
        return pruning.importance_of(self.spec, self.trainer, self.directory, weights, self.progress, self.stopped)
