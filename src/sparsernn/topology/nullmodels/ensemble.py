"""Many nulls of one graph, counted: on several threads, with the same numbers on any number of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from sparsernn.errors import SpecError
from sparsernn.topology import loops
from sparsernn.topology.nullmodels import null_named
from sparsernn.topology.nullmodels.base import AbstractNull
from sparsernn.topology.nullmodels.randomness import stream
from sparsernn.topology.signed_graph import SignedGraph

LOOKED_AT = 20
"""Nulls in which edges are looked up, to say how far they have moved."""


class Ensemble(NamedTuple):
    """Many nulls of one graph, counted.

    `counts` (nulls, 67) as `loops.raw` gives them; `moved` the mean share of edges that are not where they were with
    the sign that they had; `seconds` a null took on one core; `null` what drew them."""

    counts: np.ndarray
    moved: float
    seconds: float
    null: AbstractNull


def ensemble(
    graph: SignedGraph,
    name: str = "signed",
    nulls: int = 1000,
    seed: int = 0,
    threads: int | None = None,
    exchanges: float | None = None,
    foretold: Callable[[float], None] | None = None,
) -> Ensemble:
    """Draw `nulls` graphs of the null `name`, and count each. Draw k depends on the graph, `seed` and k alone.

    `foretold` is told about how many seconds the whole will take, after the first draw. Ctrl-C ends it between two
    draws. Cost: per null `exchanges` steps an edge and one `loops.raw`; memory a few copies of the edges a thread.
    SpecError for fewer than 2 nulls or an unknown name.
    """
    if nulls < 2:
        raise SpecError(f"nulls: {nulls} give no standard deviation; take 2 or more, usually 1000")
    threads = max(1, min(threads or available(), nulls))
    null = null_named(name)(graph, exchanges)
    counts = np.zeros((nulls, 67), np.int64)
    own, moved = _keys(graph), []
    stopped: list[bool] = []

    def work(begin: int, step: int) -> None:
        for k in range(begin, nulls, step):
            if stopped:
                return
            drawn = null.draw(stream(seed, k))
            counts[k] = loops.raw(drawn)
            if k < LOOKED_AT:
                moved.append(1 - float(np.isin(own, _keys(drawn)).mean()) if len(own) else 0.0)

    loops.raw(null.draw(stream(seed, 0)))  # machine code is there from here on
    began = time.perf_counter()
    loops.raw(null.draw(stream(seed, 0)))
    single = time.perf_counter() - began
    if foretold is not None:
        foretold(single * nulls / threads)
    if threads == 1:
        work(0, 1)
    else:
        with ThreadPoolExecutor(threads) as pool:
            jobs = [pool.submit(work, t, threads) for t in range(threads)]
            try:
                for job in jobs:
                    job.result()
            except BaseException:
                stopped.append(True)
                raise
    return Ensemble(counts, float(np.mean(moved)), single, null)


def available() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _keys(graph: SignedGraph) -> np.ndarray:
    """One number for every edge with its sign."""
    return 2 * (graph.source * np.int64(max(graph.nodes, 1)) + graph.target) + graph.negative
