"""What a null model is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from sparsernn.topology.signed_graph import SignedGraph


class AbstractNull(ABC):
    """Random graphs that share something with a given one. Made once for a graph (`exchanges` an edge, where the null
    takes steps), asked for any number of draws, from any thread.

    A subclass says in `keeps`, for a sentence, what a null shares with the graph.
    """

    name: ClassVar[str]
    keeps: ClassVar[str]
    uniform: ClassVar[bool] = True

    def __init__(self, graph: SignedGraph, exchanges: float | None = None):
        self.graph = graph

    @abstractmethod
    def draw(self, state: np.ndarray) -> SignedGraph:
        """Draw a null from a stream of `randomness.stream`, edges in any order. Releases the GIL."""
