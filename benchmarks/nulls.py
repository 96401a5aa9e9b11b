"""Signed nulls with all counts against igraph's and networkx's unsigned ones; two threads; a large graph."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import harness
import igraph
import networkx as nx
import numpy as np

from sparsernn.topology import loops
from sparsernn.topology.balance import TYPES, triads
from sparsernn.topology.nullmodels.ensemble import ensemble
from sparsernn.topology.signed_graph import SignedGraph, graph_of

NULLS, IGRAPH, NETWORKX = 1000, 50, 1
LARGE, MEGABYTES = 20, 1024


def graph(nodes: int, density: float) -> SignedGraph:
    rng = np.random.default_rng(0)
    there = rng.random((nodes, nodes)) < density
    np.fill_diagonal(there, False)
    return graph_of(there * np.random.default_rng(1).choice([-1, 1], (nodes, nodes))).signed


def peers(own: SignedGraph) -> None:
    ends = list(zip(own.source.tolist(), own.target.tolist(), strict=True))
    there = igraph.Graph(own.nodes, ends, directed=True)
    census = there.triad_census()
    counted = triads(loops.raw(own)).triads
    away = harness.agree(counted, [getattr(census, f"t{t}") for t in TYPES], "triads", 0)

    def rewired() -> None:
        for _ in range(IGRAPH):
            drawn = there.copy()
            drawn.rewire(n=3 * own.edges)
            drawn.triad_census()

    result = harness.versus(lambda: ensemble(own, nulls=NULLS, threads=1), rewired, (NULLS, IGRAPH), rounds=5)
    harness.report(
        f"a signed null with all counts, N={own.nodes}, {own.edges:,} edges", result, 10, None, "null",
        "peer: igraph, rewire with 3 trials an edge and triad_census, without signs and mutual pairs kept; ours "
        "keeps both and makes 3 exchanges an edge; of the graph itself both count the same triads",
        agreement=away, limits={"<= 0.8 CPU seconds for 1,000 nulls": result.ours.cpu * NULLS <= 0.8},
    )  # fmt: skip
    directed = nx.DiGraph(ends)

    def swapped() -> None:
        drawn = directed.copy()
        nx.directed_edge_swap(drawn, nswap=own.edges, max_tries=100 * own.edges, seed=0)
        nx.triadic_census(drawn)

    result = harness.versus(lambda: ensemble(own, nulls=NULLS, threads=1), swapped, (NULLS, NETWORKX), rounds=5)
    harness.report(
        f"the same, N={own.nodes}, beside networkx", result, 100, None, "null",
        "peer: directed_edge_swap with one swap an edge and triadic_census, without signs",
    )  # fmt: skip


def large() -> None:
    own = graph(2000, 0.02)
    sides = [harness.clocked(lambda: ensemble(own, nulls=LARGE, threads=1)) for _ in range(3)]
    peak = harness.peak_megabytes()
    harness.report_alone(
        f"{LARGE} signed nulls with all counts, N=2,000, {own.edges:,} edges", sides, 60, f"{LARGE} nulls",
        f"peak memory {peak:.0f} MB", {f"<= {MEGABYTES} MB": peak <= MEGABYTES},
    )  # fmt: skip


THREADS = """
import time, sys
sys.path.insert(0, {here!r})
import numpy as np
from sparsernn.topology.nullmodels.ensemble import ensemble
from sparsernn.topology.signed_graph import graph_of
rng = np.random.default_rng(0)
there = rng.random((200, 200)) < 0.1
np.fill_diagonal(there, False)
own = graph_of(there * np.random.default_rng(1).choice([-1, 1], (200, 200))).signed
ensemble(own, nulls=10)
found = []
for threads in (1, 2) * 7:
    began = time.perf_counter()
    ensemble(own, nulls=1000, threads=threads)
    found.append(time.perf_counter() - began)
print(*found)
"""


def threads() -> None:
    """Wall time on one and on two threads, in a process that may use two cores; the machine must be idle."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        done = subprocess.run(
            [sys.executable, "-c", THREADS.format(here=os.path.dirname(__file__))],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    finally:
        os.sched_setaffinity(0, before)
    walls = list(map(float, done.stdout.split()))
    ratios = [one / two for one, two in zip(walls[::2], walls[1::2], strict=True)]
    best = min(walls[::2]) / min(walls[1::2])
    harness.report_alone(
        "1,000 signed nulls, N=200, wall time on two threads", [harness.Side(w, w) for w in walls[1::2]], 60,
        "1,000 nulls",
        f"seconds of wall time; one thread over two threads, of the best rounds: {best:.2f}, median of pairs "
        f"{np.median(ratios):.2f}",
        {">= 1.7 x faster on two threads": best >= 1.7},
    )  # fmt: skip


def main() -> None:
    began = time.perf_counter()
    ensemble(graph(200, 0.1), nulls=4)
    print(f"machine code after {time.perf_counter() - began:.1f} s", file=sys.stderr)
    peers(graph(200, 0.1))
    threads()
    large()


if __name__ == "__main__":
    main()
