"""Any weight matrix as a graph: what it is like, beside graphs that share what the null keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from sparsernn.errors import Number, SpecError, Undefined, nearest
from sparsernn.files.graphs.wiring import Orientation
from sparsernn.studies.analysis import Analysis
from sparsernn.studies.wired import wired, with_signs
from sparsernn.topology.gauge import DRAWS, gauge
from sparsernn.topology.nullmodels import null_named
from sparsernn.topology.profile import Profile, profile, z_beside
from sparsernn.topology.signed_graph import graph_of_edges

PUBLISHED, PUBLISHED_NULLS, PUBLISHED_EDGES = "fanmod", 200, 200_000
"""The null of the paper, of which so many graphs are drawn beside another null, in graphs of up to so many edges."""
TELLING = 2.0
"""z from which on a disagreement of two nulls is told."""
ORIENTATIONS = ("source-target", "target-source")
STATISTICS = ("count", "concentration")
SEED = 2**63


def analyze(
    W: Any,
    orientation: Orientation | None = None,
    *,
    null: str = "signed",
    nulls: int = 1000,
    statistic: Literal["count", "concentration"] = "count",
    signs: str | Path | None = None,
    seed: int = 0,
    key: str | None = None,
    only: Mapping[str, str | Sequence[str]] | None = None,
    threads: int | None = None,
    foretold: Callable[[float], None] | None = None,
) -> Analysis:
    """Size, degrees, clustering, paths, signed feed-forward motifs and balance of a weight matrix, beside null models.

    Args:
        W: a square array, a SciPy sparse matrix, a file (`sparsernn.files.graphs.kinds`), a run directory or `Record`.
        orientation: ``target-source`` if ``W[i, j]`` leads from j to i, as in ``W @ h`` and all of this library;
            ``source-target`` if it leads from i to j, as graph libraries read matrices. Must be given for arrays and
            for files that do not say; a list of edges, GraphML, a model's arrays and runs do.
        null: what random graphs share with W: ``signed`` (signed degrees and mutual pairs), ``fanmod``,
            ``sign_shuffle``, ``stp``, ``er`` (`sparsernn.topology.nullmodels`).
        nulls: how many of them.
        statistic: what motifs' z is taken of: ``count``, or ``concentration`` among connected triples, as FANMOD does.
        signs: a file with signs for edges or nodes, where weights have none.
        seed: of all that is random.
        key: the matrix of a file or run that holds several.
        only: lines of a list of edges, by column: ``{"Type": ["S", "Sp"]}``.
        threads: cores to use (None: all); the numbers are the same on any.
        foretold: told about how many seconds the nulls will take.

    Cost: 1000 nulls of 200 nodes and 4,000 edges take 0.7 s on one core, of a million edges eight minutes; `foretold`
    is told, fewer nulls help. SpecError, DataError for what cannot be read.

    >>> found = sparsernn.analyze(np.random.default_rng(0).standard_normal((9, 9)), "target-source", nulls=20)
    >>> found.numbers["edges"].value, found.motifs["++-"].number
    (72, 0)
    """
    problems = []
    if orientation is not None and orientation not in ORIENTATIONS:
        problems.append(f'orientation: "{orientation}"{nearest(str(orientation), ORIENTATIONS)}')
    if statistic not in STATISTICS:
        problems.append(f'statistic: "{statistic}"{nearest(str(statistic), STATISTICS)}')
    if isinstance(nulls, bool) or not isinstance(nulls, int) or nulls < 2:
        problems.append(f"nulls must be a whole number of at least 2, usually 1000, got {nulls!r}")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < SEED:
        problems.append(f"seed must be a whole number of at least 0, got {seed!r}")
    if problems:
        raise SpecError(problems)
    null_named(null)
    chosen = {name: (v,) if isinstance(v, str) else tuple(v) for name, v in (only or {}).items()}
    given = wired(W, key, chosen or None)
    wiring = given.wiring
    how = orientation or wiring.orientation
    if how is None:
        raise SpecError(
            f"{given.source} does not say how it is to be read; say --orientation source-target if row i, column j "
            "leads from i to j (connectomes, graph libraries), target-source if from j to i (W @ h, PyTorch, this "
            "library) (in Python orientation=...)"
        )
    if signs is not None:
        wiring = with_signs(wiring, Path(signs))
    if how == "target-source":
        wiring = wiring.turned()
    graph = graph_of_edges(wiring.nodes, wiring.source, wiring.target, wiring.weights)
    found = profile(graph, null, nulls, statistic, seed, threads, foretold)
    notes = list(wiring.notes)
    if graph.loops:
        many = "1 self-connection is" if graph.loops == 1 else f"{graph.loops:,} self-connections are"
        notes.append(f"{many} left out of everything")
    other = None
    if null != PUBLISHED and graph.signed.signed and 1 < graph.signed.edges <= PUBLISHED_EDGES:
        other = z_beside(graph.signed, PUBLISHED, min(nulls, PUBLISHED_NULLS), statistic, seed, threads)
        notes += _disagreements(found, other, null)
    turned = None
    if given.odd and graph.signed.signed:
        turned = gauge(graph, null, seed, threads=threads)
        notes.append(
            "every unit of this network can be turned over (its weights' signs changed) without changing what the "
            "network does: signed degrees and motif types depend on that choice, balance does not. Compare motif types "
            f"by their z over {DRAWS} random choices"
        )
    return Analysis(
        found, graph, wiring.names, given.source, how, null, nulls, statistic, seed, tuple(notes), turned,
        other,
    )  # fmt: skip


def _disagreements(found: Profile, other: dict[str, Number], null: str) -> list[str]:
    """What is above one null and below the other."""
    mine = {name: found.numbers[name].z for name in ("eta", "eta_pooled")} | {s: m.z for s, m in found.motifs.items()}
    said = []
    for name, z in mine.items():
        theirs = other[name]
        if isinstance(z, Undefined) or isinstance(theirs, Undefined) or z * theirs >= 0:
            continue
        if max(abs(z), abs(theirs)) >= TELLING:
            said.append(f"{name.replace('-', '−')} ({z:+.1f} and {theirs:+.1f})")
    if not said:
        return []
    return [
        f"the nulls {null} and {PUBLISHED} disagree about {', '.join(said)}: the sign of z depends on what random "
        f"graphs share with this one ({PUBLISHED}, the paper's, lets signs of edges in go)"
    ]
