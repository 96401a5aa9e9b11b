"""Watching a training: while it goes on, and afterwards where snapshots were kept."""

from __future__ import annotations

import jax

from sparsernn.errors import StoreError
from sparsernn.precision import precise
from sparsernn.progress import Progress
from sparsernn.runs.checkpoint import AGAIN, CHECKPOINT
from sparsernn.runs.directory import Directory
from sparsernn.runs.outcome import Ending
from sparsernn.runs.record import Record
from sparsernn.runs.snapshots import due
from sparsernn.runs.store import opened
from sparsernn.runs.watch import Watch, WatchedNumbers
from sparsernn.training.product import Product
from sparsernn.training.run_spec import RunSpec, spec_of


class Watcher:
    """Keeps watch.json, watch.csv and snapshots of one training."""

    def __init__(self, spec: RunSpec, directory: Directory, progress: Progress):
        self.spec, self.directory, self.progress = spec, directory, progress
        self.watched = WatchedNumbers()

    def resume(self, step: int) -> None:
        """Go on after an update: what was noted beyond it is forgotten, and what is missing before it is taken from
        snapshots. StoreError where it cannot be. Before the first update nothing is missing: `at` takes it."""
        self.watched = WatchedNumbers(self.directory.watch_entries())
        self.watched.cut(step // self.spec.updates if step else -1)
        if step:
            self.fill(step // self.spec.updates)

    def at(self, epoch: int, made: Product) -> None:
        """An epoch has ended (0: the training begins)."""
        watch, snapshots, last = self.spec.watch, self.spec.snapshots, self.spec.epochs
        if watch is not None and due(watch.every, epoch, last):
            self._take(epoch, made, watch.measures)
        if snapshots is not None and due(snapshots.every, epoch, last):
            self.directory.save_snapshot(epoch, made.weights, made.masks)

    def save(self) -> None:
        """Bring what has been watched to the disk."""
        if self.watched.entries:
            self.directory.save_watched(self.watched)

    def afterwards(self) -> None:
        """Of a training that has ended: take what is wanted and was not taken. StoreError where no snapshots allow
        it."""
        self.watched = WatchedNumbers(self.directory.watch_entries())
        if self.spec.watch is not None:
            self.fill(self.directory.last_epoch())
        self.save()

    def fill(self, reached: int) -> None:
        """Take from snapshots what should have been watched up to an epoch."""
        watch = self.spec.watch
        missing = {} if watch is None else self.watched.missing(watch, reached, self.spec.epochs)
        kept = set(self.directory.snapshots())
        gone = sorted(set(missing) - kept)
        if gone:
            raise StoreError(_not_kept(self.directory, gone, sorted(kept)))
        for done, (epoch, measures) in enumerate(missing.items()):
            self.progress("watching", done, len(missing))
            weights, masks = self.directory.snapshot(epoch)
            self._take(epoch, Product(weights, masks, {}), measures)

    def _take(self, epoch: int, made: Product, measures: tuple | list) -> None:
        network, task = self.spec.network, self.spec.task
        with precise(False):
            act = lambda measure: measure.measure(network, made.weights, made.masks, task, "validation")
            self.watched.take(epoch, measures, act)


def _not_kept(directory: Directory, gone: list[int], kept: list[int]) -> str:
    where = f"{directory.directory}: it was not watched at epoch{'s' if len(gone) > 1 else ''} {_few(gone)}, and no "
    have = f"; snapshots are there of epochs {_few(kept)}" if kept else ""
    if directory.outcome.name in (Ending.FINISHED, Ending.DIVERGED):
        way = "delete that directory, and the same command trains it again, with the same numbers, and watches it"
    else:
        way = f"delete {CHECKPOINT} in it {AGAIN}, with the same numbers"
    return f"{where}snapshots were kept there{have}. Choose every so that it falls on those, leave watch out, or {way}"


def _few(epochs: list[int]) -> str:
    return ", ".join(map(str, epochs)) if len(epochs) < 8 else f"{epochs[0]}, {epochs[1]}, ... {epochs[-1]}"


def watch_afterwards(record: Record, watch: Watch, progress: Progress | None = None) -> Record:
    """Watch a training that has ended, from the snapshots it kept; what was watched before stays. StoreError where a
    wanted epoch has no snapshot, or the data are no longer those of the run.

    >>> record = watch_afterwards(record, Watch(("hubs",), every=10))
    >>> list(record.watched())[:2]
    ['epoch', 'hubs/edges']
    """
    from dataclasses import replace

    spec = replace(spec_of(record), watch=watch)
    if record.outcome.name not in (Ending.FINISHED, Ending.DIVERGED):
        raise StoreError(f"{record.directory} is {record.outcome.name}; finish the run first")
    spec.task.refresh()
    if spec.task.content_hash() != record.about["data"]:
        raise StoreError(f"{record.directory} was trained on other data than {spec.task.describe()} holds now")
    with jax.enable_x64(spec.precision == "float64"), opened(record.directory.parent, record.about) as directory:
        Watcher(spec, directory, progress or (lambda *_: None)).afterwards()
    return Record(record.directory)
