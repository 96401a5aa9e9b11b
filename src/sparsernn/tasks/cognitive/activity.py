"""Trials as what goes into a network and what is wanted of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.tasks.cognitive.drawing import Trials
from sparsernn.tasks.cognitive.entries import RULES

HIGH, LOW, PEAK = 0.85, 0.05, 0.8
WIDTH = np.pi / 8
"""Standard deviation of a bump on the ring."""
GRACE = 100
"""ms at the beginning of a trial, and after the answer is due, in which nothing is asked."""
ANSWERING, FIXATION = 5.0, 2.0
"""How many times as much an error weighs while the answer is due, and in the output for fixation."""


def bump(places: Any, units: int, xp: Any = jnp) -> Any:
    """Return the activity (..., units) of units that prefer 0, 2 pi / units, ... for something at `places` (...)."""
    preferred = xp.arange(units) * np.float32(2 * np.pi / units)
    distance = xp.abs(places[..., None] - preferred)
    distance = xp.minimum(distance, np.float32(2 * np.pi) - distance)
    return np.float32(PEAK) * xp.exp(np.float32(-0.5 / WIDTH**2) * xp.square(distance))


def inputs(trials: Trials, length: int, units: int, xp: Any = jnp) -> Any:
    """Return inputs (length, B, 1 + 2 units + rules): fixation, ring 1, ring 2, rules. No noise; 0 after the end."""
    time = xp.arange(length)[:, None]
    inside = time < trials.end
    shown = ((time[..., None] >= trials.on) & (time[..., None] < trials.off))[..., None, None]
    bumps = bump(trials.places, units, xp)[:, :, None, :] * trials.strengths[..., None]  # [trial, stimulus, ring, unit]
    rings = shown[:, :, 0] * bumps[:, 0] + shown[:, :, 1] * bumps[:, 1]
    rules = inside[..., None] & (trials.rule[:, None] == xp.arange(len(RULES)))
    fixation = ((time < trials.release) & inside)[..., None]
    columns = [fixation.astype(rings.dtype), rings.reshape(length, -1, 2 * units), rules.astype(rings.dtype)]
    return xp.concatenate(columns, axis=-1)


def targets(trials: Trials, length: int, units: int, dt: int, xp: Any = jnp) -> Any:
    """Return (length, B, 1 + units + 2): fixation and ring, then the weight of an error in this step, and the rule.

    The weight is 0 after the end and where nothing is asked, 1 before the answer is due, and 5 while it is.
    """
    time = xp.arange(length)[:, None]
    answering = (time >= trials.go) & trials.responds
    ring = np.float32(LOW) + answering[..., None] * bump(trials.answer, units, xp)
    fixation = xp.where(answering, LOW, HIGH)
    grace = GRACE // dt
    weight = xp.where(time >= trials.go + grace, ANSWERING, 1.0 * ((time >= grace) & (time < trials.go)))
    weight = xp.where(time < trials.end, weight, 0.0)
    rule = xp.broadcast_to(trials.rule, weight.shape)
    columns = [fixation[..., None], ring, weight[..., None], rule[..., None]]
    return xp.concatenate([c.astype(ring.dtype) for c in columns], axis=-1)


def noise(key: jax.Array, end: jax.Array, length: int, size: int, sd: float) -> jax.Array:
    """Return normal noise (length, B, size) of standard deviation `sd`; 0 after the `end` (B,) of each trial."""
    drawn = jax.random.normal(key, (length, len(end), size), jnp.float32)
    return drawn * np.float32(sd) * (jnp.arange(length)[:, None] < end)[..., None]


def own_noise(seeds: Sequence[Sequence[int]], end: np.ndarray, length: int, size: int, sd: float) -> np.ndarray:
    """Return the same on the host, every trial's from its own seed."""
    made = np.zeros((length, len(end), size), np.float32)
    for row, (seed, steps) in enumerate(zip(seeds, end, strict=True)):
        made[:steps, row] = np.random.default_rng(seed).standard_normal((steps, size), np.float32) * np.float32(sd)
    return made
