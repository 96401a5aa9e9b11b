"""What sparsifiers look at from the host: gradients and activity, averaged over batches."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from sparsernn import masks as masking
from sparsernn.operands import join, split
from sparsernn.rng import named
from sparsernn.training.loop import Carry, Operands, Trainer
from sparsernn.training.losses import input_sd, losses
from sparsernn.weights import Weights


def average_signals(
    trainer: Trainer, operands: Operands, carry: Carry, step: Any, count: int = 16
) -> tuple[Weights, dict]:
    """Return mean *absolute* dense gradients and mean activity over `count` batches, for sparsifiers that look from the
    host.

    At a trained minimum signed gradients average to nearly nothing; what a weight does to single batches does not.
    Nothing is dropped; where windows follow one another all begin from the carried states.
    """
    return _average_signals(*split(trainer), operands, carry, step, count)


@partial(jax.jit, static_argnames=("skeleton", "count"))
def _average_signals(skeleton: Trainer, numbers: Any, operands: Operands, carry: Carry, step: Any, count: int) -> Any:
    trainer = join(skeleton, numbers)

    def one(i: Any) -> Any:
        batch = trainer.task.batch(operands.data, named(operands.root, "signals", step, i), trainer.batch, step + i)
        weights = masking.apply(carry.weights, carry.masks)

        def objective(weights: Weights) -> jax.Array:
            found = losses(trainer, weights, carry.trained, operands.fixed, batch, carry.states)
            return found.loss + found.penalty

        return jax.tree.map(jnp.abs, jax.grad(objective)(weights)), input_sd(trainer, weights, batch, carry.states)

    return jax.tree.map(lambda a: a.mean(axis=0), jax.lax.map(one, jnp.arange(count)))
