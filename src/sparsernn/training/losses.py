"""One batch under a training's own conditions: its loss, and what its matrices multiply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp

from sparsernn.models.network import Forcing
from sparsernn.tasks.base import Batch
from sparsernn.training.forcing import plan
from sparsernn.weights import Weights

if TYPE_CHECKING:
    from sparsernn.training.loop import Trainer


def initial_inputs(trainer: Trainer, weights: Weights, batch: Batch, states: Any) -> tuple[Any, Forcing | None]:
    """The states a batch begins from, and its forcing."""
    observed = trainer.task.observed
    begun = trainer.network.init_states(weights, batch, observed, states)
    return begun, plan(trainer.forcing, batch) if observed else None


class Losses(NamedTuple):
    """Of one batch: the task's loss, the sum of strength * penalty, and the states after its last step."""

    loss: jax.Array
    penalty: jax.Array
    states: Any


def losses(
    trainer: Trainer,
    weights: Weights,
    trained: Any,
    fixed: Any,
    batch: Batch,
    states: Any = (),
    key: jax.Array | None = None,
) -> Losses:
    """Of masked weights on one batch, from the carried `states` where the task carries them. With a `key` values are
    dropped as the network's dropout says."""
    outputs, after = trainer.network.unroll(
        weights, batch.inputs, *initial_inputs(trainer, weights, batch, states), key
    )
    penalty = jnp.zeros(())
    for regularizer, own, constant in zip(trainer.regularizers, trained, fixed, strict=True):
        strength: Any = regularizer.strength  # a number by now: `matching.matched`
        penalty += strength * regularizer.penalty(regularizer.still(own), constant, weights, trainer.prunables)
    return Losses(trainer.task.loss(outputs, batch), penalty, after)


def input_sd(trainer: Trainer, weights: Weights, batch: Batch, states: Any) -> dict[str, jax.Array]:
    """sd of what every prunable multiplies on one batch, under the training's forcing."""
    paths = [p.path for p in trainer.prunables]
    return trainer.network.input_sd(weights, paths, batch.inputs, *initial_inputs(trainer, weights, batch, states))
