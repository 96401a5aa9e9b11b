"""One batch under the conditions of a training: its loss, and what its matrices multiply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp

from sparsernn.models.network import Forcing
from sparsernn.tasks.base import Batch
from sparsernn.training.forcing import plan
from sparsernn.weights import PyTree, Weights

if TYPE_CHECKING:
    from sparsernn.training.loop import Trainer


def initial_inputs(trainer: Trainer, weights: Weights, batch: Batch, states: PyTree) -> tuple[PyTree, Forcing | None]:
    """Return the states that a batch begins from, and its forcing."""
    observed = trainer.task.observed
    begun = trainer.network.init_states(weights, batch, observed, states)
    return begun, plan(trainer.forcing, batch) if observed else None


class Losses(NamedTuple):
    """The result of one batch.

    Args:
        loss: of the task.
        penalty: the sum of strength * penalty over the regularizers.
        states: of the network after the last step.
    """

    loss: jax.Array
    penalty: jax.Array
    states: PyTree


def losses(
    trainer: Trainer,
    weights: Weights,
    trained: tuple[PyTree, ...],
    fixed: tuple[PyTree, ...],
    batch: Batch,
    states: PyTree = (),
    key: jax.Array | None = None,
) -> Losses:
    """Return loss and penalty of masked weights on one batch.

    Args:
        trainer: of the training.
        weights: masked.
        trained, fixed: the arrays of each regularizer.
        batch: of the task.
        states: those that the window before has ended with, where windows follow one another.
        key: for dropout; None: nothing is dropped.
    """
    outputs, after = trainer.network.unroll(
        weights, batch.inputs, *initial_inputs(trainer, weights, batch, states), key
    )
    penalty = jnp.zeros(())
    for regularizer, own, constant in zip(trainer.regularizers, trained, fixed, strict=True):
        strength: Any = regularizer.strength  # a number by now: `matching.matched`
        penalty += strength * regularizer.penalty(regularizer.still(own), constant, weights, trainer.prunables)
    return Losses(trainer.task.loss(outputs, batch), penalty, after)


def input_sd(trainer: Trainer, weights: Weights, batch: Batch, states: PyTree) -> dict[str, jax.Array]:
    """Return the sd of what every prunable multiplies on one batch, with the forcing of the training."""
    paths = [p.path for p in trainer.prunables]
    return trainer.network.input_sd(weights, paths, batch.inputs, *initial_inputs(trainer, weights, batch, states))
