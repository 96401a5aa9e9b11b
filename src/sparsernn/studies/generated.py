"""Generated graphs: what they are like, and as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import Number, SpecError, StoreError, Undefined
from sparsernn.files.graphs.writing import check_graph_file, write_graph
from sparsernn.topology import loops
from sparsernn.topology.balance import TRANSITIVE, TYPES, balance, triads
from sparsernn.topology.eigenvalues import radius_of
from sparsernn.topology.generators.balanced import Balanced
from sparsernn.topology.generators.base import AbstractGenerator
from sparsernn.topology.signed_graph import SignedGraph


def generated(generator: AbstractGenerator, nodes: int, seed: int = 0, keep: int | None = None) -> list[SignedGraph]:
    """One graph; with `keep` up to that many along the way of a balanced one. SpecError where there is no way."""
    if keep is None:
        return [generator.generate(nodes, seed)]
    if not isinstance(generator, Balanced):
        raise SpecError("keep: only balanced graphs come about along a way; leave it out")
    return generator.path(nodes, seed, keep)


def place(out: Path, number: int, of: int) -> Path:
    """Where the graph goes: `out` itself, or numbered where there are several."""
    return out if of == 1 else out.with_name(f"{out.stem}-{number:0{len(str(of - 1))}d}{out.suffix}")


def written(graphs: list[SignedGraph], out: Path, several: bool = False) -> list[Path]:
    """Write them, `several` as numbered files; the paths. StoreError, before any is written, for a place that is
    taken."""
    check_graph_file(out)
    paths = [place(out, i, max(len(graphs), 2 if several else 1)) for i in range(len(graphs))]
    if several and (taken := [str(path) for path in paths if path.exists()]):
        raise StoreError(f"{', '.join(taken[:3])} {'is' if len(taken) == 1 else 'are'} there; give another name")
    for path, graph in zip(paths, graphs, strict=True):
        write_graph(path, graph.nodes, graph.source, graph.target, 1 - 2 * graph.negative)
    return paths


def facts(graph: SignedGraph) -> dict[str, Any]:
    """Nodes, edges, what decides balance, and the spectral radius of the signs as weights."""
    counted = loops.raw(graph)
    found = triads(counted)
    said = balance(found)
    share = lambda value: float(value) if np.isfinite(value) else Undefined("no transitive triad holds a loop")
    etas: dict[str, Number] = {"eta": share(said.paper), "eta_pooled": share(said.pooled)}
    inside = [TYPES.index(name) for name in TRANSITIVE]
    return {
        "nodes": graph.nodes,
        "edges": graph.edges,
        "positive": graph.edges - int(graph.negative.sum()),
        "mutual": graph.mutual,
        "loops": int(found.loops[inside].sum()),
        **etas,
        "radius": radius_of(graph, 1.0 - 2.0 * graph.negative),
    }
