"""Rounds: train, prune, rewind, train again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sparsernn.rules import within
from sparsernn.spec import Checked


@dataclass(frozen=True)
class Rounds(Checked):
    """How often a network is pruned and trained again, and which weights each new training begins with.

    Args:
        count: number of rounds after the first training.
        rewind: "initial": those that the first training began with (lottery ticket, arXiv 1803.03635; the protocol of
            2406.04934); "none": the selected ones of the round before are trained on; "random": new ones.
    """

    count: int = 1
    rewind: Literal["initial", "none", "random"] = "initial"

    rules = (within("[1, 10000]", "count"),)
