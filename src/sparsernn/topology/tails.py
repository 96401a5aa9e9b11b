"""How many nodes have at least so many edges, beside random graphs of as many edges."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sparsernn.topology.degrees import degrees
from sparsernn.topology.nullmodels.er import er


class Tails(NamedTuple):
    """How many nodes have at least so many edges.

    `counts` (k,) = 0, 1, 2, ...; per direction the share of nodes with at least so many edges, and mean and sd
    (n - 1) of that share over random graphs."""

    counts: np.ndarray
    outgoing: np.ndarray
    incoming: np.ndarray
    out_null: np.ndarray
    out_null_sd: np.ndarray
    in_null: np.ndarray
    in_null_sd: np.ndarray


def degree_tails(graph: np.ndarray, nulls: int, seed: int = 0) -> Tails:
    """Return the tails of a directed graph (N, N), [source, target], with an edge at least.

    `nulls` (2 or more) random graphs with the same number of edges and of self-connections, all else uniform. Cost:
    O(nulls N^2).
    """
    graph = np.asarray(graph) != 0
    own, rng = degrees(graph), np.random.default_rng(seed)
    drawn = [degrees(er(rng, len(graph), int(graph.sum()), int(np.trace(graph)))) for _ in range(nulls)]
    largest = max(int(max(d.outgoing.max(), d.incoming.max())) for d in [own, *drawn])
    counts = np.arange(largest + 2)
    sent, heard = (np.stack([_at_least(getattr(d, way), counts) for d in drawn]) for way in ("outgoing", "incoming"))
    return Tails(
        counts,
        _at_least(own.outgoing, counts),
        _at_least(own.incoming, counts),
        sent.mean(axis=0),
        sent.std(axis=0, ddof=1),
        heard.mean(axis=0),
        heard.std(axis=0, ddof=1),
    )


def _at_least(degree: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return (degree[None, :] >= counts[:, None]).mean(axis=1)
