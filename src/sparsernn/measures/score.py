"""The task's own loss and scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.linear import Knockout
from sparsernn.masks import Masks, Prunable
from sparsernn.measures.base import AbstractMeasure, Number
from sparsernn.models.network import Forcing, Network
from sparsernn.spec import require
from sparsernn.tasks.base import AbstractTask, Batch, Split
from sparsernn.weights import Weights, get, replace


@dataclass(frozen=True)
class Score(AbstractMeasure):
    """`loss` and the task's named scores over the whole split, means weighted by batch size, without forcing or noise.

    Every trivial predictor of the task stands beside it on the test split, as `reference: ...`. Single weights are
    judged by the loss without them, a "start" being one batch of the validation split (as many as there are).
    """

    batch: int = 500

    better: ClassVar[dict[str, Literal["lower", "higher"]]] = {
        "loss": "lower",
        "accuracy": "higher",
        "mse": "lower",
    }

    def __post_init__(self) -> None:
        require((self.batch >= 1, f"batch must be at least 1, got {self.batch}"))

    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        sums: dict[str, float] = {}
        total = 0
        for batch in task.examples(split, self.batch):
            size = _size(batch)
            for name, value in _scores(network, task, weights, batch).items():
                sums[name] = sums.get(name, 0.0) + float(value) * size
            total += size
        found: dict[str, Number] = {name: value / total for name, value in sums.items()}
        if split == "test":
            found |= {f"reference: {name}": value for name, value in task.reference().items()}
        return found

    def without(
        self,
        network: Network,
        weights: Weights,
        task: AbstractTask,
        prunable: Prunable,
        indices: np.ndarray,
        starts: int,
        tell: Callable[[int, int], None] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        batches = list(islice(task.examples("validation", self.batch), starts))
        lost, intact = np.empty((len(indices), len(batches))), np.empty(len(batches))
        matrix = get(weights, prunable.path)
        block = max(1, min(len(indices), 64))
        for column, batch in enumerate(batches):
            intact[column] = float(_scores(network, task, weights, batch)["loss"])
            for begin in range(0, len(indices), block):
                picked = np.resize(indices[begin : begin + block], block)
                gate, target, source = (jnp.asarray(i) for i in np.unravel_index(picked, prunable.shape))
                holed = replace(weights, {prunable.path: Knockout(matrix, gate, target, source)})
                losses = np.asarray(_scores(network, task, holed, batch, block)["loss"])
                lost[begin : begin + block, column] = losses[: len(indices) - begin]
                if tell:
                    tell(column * len(indices) + min(begin + block, len(indices)), len(indices) * len(batches))
        return lost, intact


def _size(batch: Batch) -> int:
    return int((batch.first if batch.inputs is None else batch.inputs[0]).shape[0])


@partial(jax.jit, static_argnames=("network", "task", "removals"))
def _scores(network: Network, task: AbstractTask, weights: Weights, batch: Batch, removals: int | None = None) -> Any:
    """Loss and scores of one batch; with `removals`, of every row of a `Knockout`, (removals,)."""

    def beside(x: Any, axis: int) -> Any:
        if x is None or removals is None:
            return x
        return jnp.broadcast_to(jnp.expand_dims(x, axis), (*x.shape[:axis], removals, *x.shape[axis:]))

    inputs, first = beside(batch.inputs, 1), beside(batch.first, 0)
    if first is not None:
        states, forcing = network.start(weights, first), _unforced(batch, removals)
    else:
        states, forcing = network.zeros(inputs.shape[1:-1]), None
    outputs = network.unroll(weights, inputs, states, forcing).outputs
    return {"loss": task.loss(outputs, batch), **task.score(outputs, batch)}


def _unforced(batch: Batch, removals: int | None) -> Forcing:
    steps = batch.targets.shape[0]
    signal = batch.targets if removals is None else batch.targets[:, None]
    return Forcing(signal, jnp.zeros(steps))
