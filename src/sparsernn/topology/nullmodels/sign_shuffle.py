"""Signs dealt anew on the given topology."""

from __future__ import annotations

import numpy as np

from sparsernn.compiled import compiled
from sparsernn.topology.nullmodels.base import AbstractNull
from sparsernn.topology.nullmodels.randomness import below
from sparsernn.topology.signed_graph import SignedGraph


class SignShuffle(AbstractNull):
    """All ways to deal the graph's signs to its edges, equally likely. No steps to take: draws are independent."""

    name = "sign_shuffle"
    keeps = "every edge, and the number of edges of each sign"

    def draw(self, state: np.ndarray) -> SignedGraph:
        negative = self.graph.negative.copy()
        _shuffle(negative, state)
        return self.graph._replace(negative=negative)


@compiled
def _shuffle(values, state):
    for i in range(len(values) - 1, 0, -1):
        j = below(state, i + 1)
        values[i], values[j] = values[j], values[i]
