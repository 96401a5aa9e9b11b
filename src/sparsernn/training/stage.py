"""One training of a run, between two visits to the disk. Its rooms: `first_weights`, `pruning`, `judge` (which
checkpoint counts), `watching`, `measuring`."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress

from sparsernn import rng
from sparsernn.errors import Interrupted, StoreError
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
        """Train to the end and measure, or as far as it gets; the outcome is put on record, an error as "failed"."""
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
        """StoreError, before anything is changed, if what is lost cannot be made again from the checkpoint (None: from
        the beginning, where all can)."""
        checkpoint = self.directory.checkpoint()
        if "importance.safetensors" in lost and self.parent is None and checkpoint is not None:
            raise StoreError(
                f"{self.directory.directory}/importance.safetensors is missing or damaged, and single weights were "
                f"judged in the middle of the training; delete {CHECKPOINT} {AGAIN}"
            )

    def train(self, until: Clock | None) -> Outcome:
        """From the last checkpoint (or the beginning) to the horizon, `until`, a stop, or divergence."""
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
        """Commit what was reached."""
        self.watcher.save()
        best = {"worth": self.judge.best.worth, "epoch": self.judge.best.epoch}
        values = {"step": step, "history_bytes": self.history_bytes, "best": best}
        self.directory.save_checkpoint(Checkpoint(pack(carry) | self.judge.best.arrays(), values))
        self.saved_at = time.monotonic()

    def restore_or_init(self) -> tuple[Operands, Carry, int]:
        """What the compiled loop reads, the carry to go on from, and the step it stands at."""
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
        """What single weights do, by the judge of this run."""
        return pruning.importance_of(self.spec, self.trainer, self.directory, weights, self.progress, self.stopped)
