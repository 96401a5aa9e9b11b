"""Choosing the checkpoint that counts: the weights of the epoch at which the judge saw the best validation."""

from __future__ import annotations

from typing import Any

import numpy as np

from sparsernn.errors import Undefined
from sparsernn.measures.base import as_lower
from sparsernn.precision import precise
from sparsernn.training.loop import Carry, EpochReport, Trainer
from sparsernn.training.product import Best, Product
from sparsernn.training.run_spec import RunSpec


class Judge:
    """Decides which checkpoint of a training counts, by the number that `select` names.

    It looks at the weights when `Select` says so, with the measure that has its key (`RunSpec.judge`), and remembers
    the best so far. Without a `Select` it never looks, and the last weights count.
    """

    def __init__(self, spec: RunSpec, trainer: Trainer):
        self.spec, self.trainer, self.best = spec, trainer, Best()

    def validate(self, report: EpochReport, carry: Carry) -> tuple[dict[str, Any], float | None]:
        """The judge's numbers as columns of history.csv, None where none were taken or are undefined; and how good the
        weights are (lower is better, infinity where undefined), None where it did not look. Weights that are denser
        than the schedule's end cannot be chosen."""
        select, judge = self.spec.select, self.spec.judge
        if select is None or judge is None:
            return {}, None
        ways = judge.better_on(self.spec.task)
        if report.epoch % select.every and report.epoch != self.spec.epochs:
            return {f"validation_{key}": None for key in ways}, None
        made = Product.of(carry)
        with precise(False):
            numbers = judge.measure(self.trainer.network, made.weights, made.masks, self.spec.task, "validation")
        taken = {key: numbers[key] for key in ways}
        columns = {f"validation_{k}": None if isinstance(v, Undefined) else float(v) for k, v in taken.items()}
        worth = as_lower(taken[select.key], ways[select.key])
        if report.nonzeros <= self.trainer.final_count and (self.best.worth is None or worth < self.best.worth):
            self.best = Best(worth if np.isfinite(worth) else None, report.epoch, made)
        return columns, worth

    def end(self, epoch: int, made: Product) -> None:
        """The training is over: where nothing was chosen, the last weights count."""
        if self.best.product is None:
            self.best = Best(None, epoch, made)

    @property
    def said(self) -> str:
        """Whose weights count, for the outcome."""
        select = self.spec.select
        why = f"weights of epoch {self.best.epoch} of {self.spec.epochs}"
        if select is not None and self.best.worth is None:
            why += f"; {select.key} was undefined wherever it was looked at"
        return why
