"""A sequence to look at: what goes into a network and what is wanted of it, over time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Block(NamedTuple):
    """Some channels (T, k) under one name."""

    name: str
    values: np.ndarray


class Epoch(NamedTuple):
    """A named part of a sequence, in steps."""

    name: str
    begin: int
    end: int


class Picture(NamedTuple):
    """One sequence.

    Args:
        group: what it is an example of: pictures of one group stand side by side.
        title: which one of them it is, and what is wanted, in a few words.
        read: what goes into the network.
        wanted: what is wanted of it at every step; empty if it is asked once.
        weight: (T,) how much an error counts at each step; None if all count alike, or one alone.
        epochs: named parts, in their order.
        dt: time from step to step; `unit`: its unit.
    """

    group: str
    title: str
    read: tuple[Block, ...]
    wanted: tuple[Block, ...] = ()
    weight: np.ndarray | None = None
    epochs: tuple[Epoch, ...] = ()
    dt: float = 1.0
    unit: str = "step"
