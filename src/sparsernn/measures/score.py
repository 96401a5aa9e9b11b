"""The task's own loss and scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError, Undefined
from sparsernn.linear import Knockout
from sparsernn.masks import Masks, Prunable
from sparsernn.measures.base import Ablations, AbstractMeasure, Number
from sparsernn.models.network import Forcing, Network
from sparsernn.quantity import Quantity
from sparsernn.rules import at_least
from sparsernn.tasks.base import AbstractTask, Batch, Split
from sparsernn.weights import Weights, get, replace

BLOCK = 64
"""Removals that advance together."""


@dataclass(frozen=True)
class Score(AbstractMeasure):
    """`loss` and the task's named scores over the whole split, means weighted by batch size, without forcing or noise.

    A value that overflows is undefined. Every trivial predictor of the task stands beside it on the test split, as
    `reference: ...`. Single weights are judged by the loss without them; a "start" is then one of so many equal parts
    of the validation split, of at most `batch` sequences. A loss without a weight that is not finite counts as twice
    the largest finite one (plus 1). Cost: the split once; without each of n weights: n times the parts.
    """

    batch: int = 500

    judges_by: ClassVar[str] = "loss"

    rules = (at_least(1, "batch"),)

    def quantities_on(self, task: AbstractTask) -> tuple[Quantity, ...]:
        """Those of the task, and the loss. Of a recorded system `reconstruction` has the numbers to lead with."""
        loss = Quantity("loss", "lower", "the task's own loss", leads=not task.better)
        found = {q.key: q for q in (*task.quantities, loss)} | {q.key: q for q in task.quantities}
        return tuple(q._replace(leads=q.leads and not task.observed) for q in found.values())

    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        sums: dict[str, float] = {}
        total = 0
        states: Any = ()
        for batch in task.examples(split, self.batch):
            size = _size(batch)
            scores, states = _scores(network, task, weights, batch, states)
            for name, value in scores.items():
                sums[name] = sums.get(name, 0.0) + float(value) * size
            total += size
        if not total:
            return {name: Undefined(f"the {split} split has no examples") for name in self.better_on(task)}
        means = {name: value / total for name, value in sums.items()}
        with np.errstate(over="ignore"):
            found: dict[str, Number] = {name: _finite(value) for name, value in task.from_means(means).items()}
        if split == "test":
            found |= {f"reference: {name}": value for name, value in task.reference().items()}
        return found

    def ablate(
        self,
        network: Network,
        weights: Weights,
        task: AbstractTask,
        prunable: Prunable,
        indices: np.ndarray,
        starts: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> Ablations:
        batches = list(islice(task.examples("validation", self._part(task, starts)), starts))
        lost, baseline = np.empty((len(indices), starts)), np.empty(starts)
        matrix = get(weights, prunable.path)
        block = max(1, min(len(indices), BLOCK))
        for column, batch in enumerate(batches):
            baseline[column] = float(_scores(network, task, weights, batch)[0]["loss"])
            for begin in range(0, len(indices), block):
                picked = np.resize(indices[begin : begin + block], block)
                gate, target, source = (jnp.asarray(i) for i in np.unravel_index(picked, prunable.shape))
                holed = replace(weights, {prunable.path: Knockout(matrix, gate, target, source)})
                losses = np.asarray(_scores(network, task, holed, batch, (), block)[0]["loss"])
                lost[begin : begin + block, column] = losses[: len(indices) - begin]
                if progress:
                    progress(column * len(indices) + min(begin + block, len(indices)), len(indices) * starts)
        both = np.append(lost, baseline)
        worst = 2 * max(both[np.isfinite(both)], default=0.0) + 1
        lost, baseline = (np.where(np.isfinite(found), found, worst) for found in (lost, baseline))
        return Ablations(lost - baseline, baseline)  # the same sequences with and without: their noise cancels

    def _part(self, task: AbstractTask, starts: int) -> int:
        """Sequences a start."""
        total = sum(_size(batch) for batch in task.examples("validation", self.batch))
        if total < starts:
            raise SpecError(f"single weights are to be judged from {starts} starts; validation has {total} sequences")
        return min(self.batch, total // starts)


def _finite(value: float) -> Number:
    return value if np.isfinite(value) else Undefined("the network's outputs overflow")


def _size(batch: Batch) -> int:
    if batch.count is not None:
        return int(batch.count)
    return int(batch.inputs.shape[1] if batch.inputs is not None else batch.first.shape[0])


@partial(jax.jit, static_argnames=("network", "task", "removals"))
def _scores(
    network: Network, task: AbstractTask, weights: Weights, batch: Batch, states: Any = (), removals: int | None = None
) -> Any:
    """Loss and scores of one batch, and the states after it where windows follow one another, else (); with
    `removals`, of every row of a `Knockout`, (removals,)."""
    leading = () if removals is None else (removals,)
    carried = states
    if task.carried and not states and removals is None:
        carried = network.zeros((batch.inputs.shape[1],))
    begun = network.init_states(weights, batch, task.observed, carried if removals is None else (), leading)
    forcing = None
    if task.observed:
        signal = batch.targets if removals is None else batch.targets[:, None]
        forcing = Forcing(signal, jnp.zeros(signal.shape[0]))  # only tells how long to run
    outputs, after = network.unroll(weights, batch.inputs, begun, forcing)
    return {"loss": task.loss(outputs, batch), **task.score(outputs, batch)}, after if task.carried else ()
