"""The sign gauge: units of an odd activation may be turned over without a change of what the network does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sparsernn.topology import loops
from sparsernn.topology.motifs import SIGNS, motifs
from sparsernn.topology.nullmodels.ensemble import ensemble
from sparsernn.topology.signed_graph import Graph

DRAWS, NULLS = 20, 100


class Gauge(NamedTuple):
    """z of every motif by its signs, `mean` and `sd` over `draws` random choices of the units' signs."""

    draws: int
    mean: dict[str, float]
    sd: dict[str, float]


def flipped(graph: Graph, units: Sequence[int] | np.ndarray) -> Graph:
    """The same network with some units turned over, -1 in `units` (N,): edges into and out of them change sign.

    ``w_ij -> u_i w_ij u_j``. Every loop keeps the product of its signs, so balance stays; degrees by sign and the
    counts of single motifs do not.
    """
    units = np.asarray(units, float)
    weights = graph.weights * units[graph.signed.source] * units[graph.signed.target]
    return graph._replace(signed=graph.signed._replace(negative=(weights < 0).astype(np.int8)), weights=weights)


def gauge(
    graph: Graph,
    null: str = "signed",
    seed: int = 0,
    draws: int = DRAWS,
    nulls: int = NULLS,
    threads: int | None = None,
) -> Gauge:
    """z of the motifs over random choices of the units' signs, each beside nulls of its own.

    A motif whose nulls are all alike in some draw is left out of that draw, and of the result if fewer than two remain.
    Cost: ``draws`` times `ensemble` of `nulls`.
    """
    rng, scores = np.random.default_rng(seed), []
    for draw in range(draws):
        turned = flipped(graph, rng.choice([-1.0, 1.0], graph.signed.nodes)).signed
        theirs = motifs(ensemble(turned, null, nulls, seed + draw, threads).counts).astype(float)
        sd = theirs.std(axis=0, ddof=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            scores.append((motifs(loops.raw(turned)) - theirs.mean(axis=0)) / np.where(sd > 0, sd, np.nan))
    table = np.array(scores)
    mean, spread = {}, {}
    for i, signs in enumerate(SIGNS):
        column = table[np.isfinite(table[:, i]), i]
        if len(column) > 1:
            mean[signs], spread[signs] = float(column.mean()), float(column.std(ddof=1))
    return Gauge(draws, mean, spread)
