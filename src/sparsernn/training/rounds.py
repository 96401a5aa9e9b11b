"""Rounds: train, prune, rewind, train again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sparsernn.rules import within
from sparsernn.spec import Checked


@dataclass(frozen=True)
class Rounds(Checked):
    """`count` rounds of pruning after the first training; before each, weights go back to where `rewind` says.

    `initial`: the values of the first training's beginning (lottery ticket, arXiv 1803.03635; the protocol of
    2406.04934); `none`: the parent's selected weights are trained on; `random`: fresh values from another key.
    """

    count: int = 1
    rewind: Literal["initial", "none", "random"] = "initial"

    rules = (within("[1, 10000]", "count"),)
