"""Which answers are right, and what an error costs."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.tasks.cognitive.activity import FIXATION

NEAR = 0.2 * np.pi
"""36 degrees: how far from the right direction an answer may be."""
HALF = 0.5
"""The network fixates while its output for fixation is above it."""


class Answers(NamedTuple):
    """(..., B) each.

    Args:
        at_end: right at the last step: fixation held where it is to be, else released and the direction near.
        held: fixation was held in every step in which it was asked for.
    """

    at_end: jax.Array
    held: jax.Array


def direction(ring: jax.Array) -> jax.Array:
    """Return the direction (...) in radians that a ring (..., units) points to: its population vector's."""
    preferred = jnp.arange(ring.shape[-1]) * (2 * np.pi / ring.shape[-1])
    return jnp.arctan2((ring * jnp.sin(preferred)).sum(axis=-1), (ring * jnp.cos(preferred)).sum(axis=-1))


def lengths(targets: jax.Array) -> jax.Array:
    """Return the number of steps (B,) of every trial: up to the last one with a weight."""
    asked = targets[..., -2] > 0
    return targets.shape[0] - jnp.argmax(asked[::-1], axis=0)


def beside(targets: jax.Array, outputs: jax.Array) -> jax.Array:
    """Return targets (T, B, k) as (T, 1, ..., B, k), to stand beside outputs (T, ..., B, outputs)."""
    return targets.reshape(targets.shape[0], *(1,) * (outputs.ndim - 3), *targets.shape[1:])


@jax.jit
def judge(outputs: jax.Array, targets: jax.Array) -> Answers:
    """Judge outputs (T, ..., B, outputs) by targets (T, B, outputs + 2)."""
    wanted = beside(targets, outputs)
    last = (lengths(targets) - 1).reshape(1, *(1,) * (outputs.ndim - 3), -1, 1)
    said = jnp.take_along_axis(outputs, last, axis=0)[0]
    meant = jnp.take_along_axis(wanted, last, axis=0)[0]
    stays = meant[..., 0] > HALF
    turned = direction(said[..., 1:]) - direction(meant[..., 1:-2])
    near = jnp.abs(jnp.arctan2(jnp.sin(turned), jnp.cos(turned))) < NEAR
    fixates = said[..., 0] > HALF
    asked = (wanted[..., 0] > HALF) & (wanted[..., -2] > 0)
    held = ((outputs[..., 0] > HALF) | ~asked).all(axis=0)
    return Answers(jnp.where(stays, fixates, near & ~fixates), held)


@jax.jit
def cost(outputs: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the weighted squared error (..., B), a mean over each trial's own steps and all outputs."""
    wanted = beside(targets, outputs)
    errors = jnp.square(outputs - wanted[..., :-2]).at[..., 0].multiply(FIXATION)
    total = (errors.sum(axis=-1) * wanted[..., -2]).sum(axis=0)
    return total / (lengths(targets) * outputs.shape[-1])
