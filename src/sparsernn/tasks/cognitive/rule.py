"""What an entry is made of: epochs, what is shown in them and where, and what the answer is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

UNIT = 100
"""All times of the entries are multiples of so many ms, so that the time step can be any that divides it."""


class Between(NamedTuple):
    """A duration uniform in [low, high) ms, in whole time steps."""

    low: int
    high: int


Lasts = int | tuple[int, ...] | Between
"""How long an epoch lasts in ms: always so long, one of several equally likely durations, or between two."""


class Shown(NamedTuple):
    """From the beginning of one epoch to the end of another one."""

    begin: str
    end: str


class Rule(NamedTuple):
    """One task.

    Args:
        title: what the paper calls it.
        epochs: name to duration, in their order. The last one is that of the answer.
        first: when the first stimulus is shown.
        second: when the second one is; None if there is none.
        ring: in which ring of inputs. ``either``: drawn for each stimulus by itself.
        places: ``anywhere``: one stimulus, uniform over the circle. ``apart``: the second 90 to 270 degrees from the
            first. ``same or not``: at the same place in half of the trials, else 20 to 340 degrees away.
            ``categories``: each one of ten, at 18, 54, ..., 342 degrees; those below 180 degrees are one category.
        contrasts: half the difference between the strengths of the two stimuli, one of these; their mean is uniform in
            [0.8, 1.2) in each ring. Empty: all strengths are 1.
        attended: the rings whose strengths are compared. If both, each stimulus has one strength, and more or less of
            it, by 10 to 40 %, in one ring than in the mean: a ring alone can mislead.
        answer: the direction to answer in, or, for ``if matching`` and ``if not matching``, when to answer at all, in
            the direction of the second stimulus.
        released: whether the fixation input goes off when the answer is due. If not, the stimulus is the signal.
    """

    title: str
    epochs: Mapping[str, Lasts]
    first: Shown
    second: Shown | None = None
    ring: Literal["either", "1", "2", "both"] = "either"
    places: Literal["anywhere", "apart", "same or not", "categories"] = "anywhere"
    contrasts: tuple[float, ...] = ()
    attended: tuple[Literal[1, 2], ...] = ()
    answer: Literal["there", "opposite", "stronger", "if matching", "if not matching"] = "there"
    released: bool = True


def steps(lasts: Lasts, dt: int) -> np.ndarray:
    """Return all durations that an epoch can have, in steps of `dt` ms; each is as likely as it occurs.

    >>> steps((200, 400), 20), steps(Between(100, 200), 20)
    (array([10, 20]), array([5, 6, 7, 8, 9]))
    """
    if isinstance(lasts, Between):
        return np.arange(lasts.low // dt, lasts.high // dt)
    return np.array([lasts] if isinstance(lasts, int) else lasts) // dt


def longest(rule: Rule, dt: int) -> int:
    """Return the length of the longest trial of a rule, in steps."""
    return int(sum(steps(lasts, dt).max() for lasts in rule.epochs.values()))
