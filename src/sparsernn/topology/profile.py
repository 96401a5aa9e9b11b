"""Everything this library says of one signed directed graph, beside its nulls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from sparsernn.errors import Undefined
from sparsernn.topology import loops
from sparsernn.topology.balance import TRANSITIVE, TYPES, balance, triads
from sparsernn.topology.beside import Beside, Number, alone, beside
from sparsernn.topology.degrees import gini
from sparsernn.topology.eigenvalues import radius_of
from sparsernn.topology.motifs import SIGNS, everywhere, motifs
from sparsernn.topology.nullmodels.ensemble import Ensemble, ensemble
from sparsernn.topology.nullmodels.randomness import stream
from sparsernn.topology.paths import STEPS
from sparsernn.topology.signed_graph import Graph, SignedGraph
from sparsernn.topology.smallworld import references, segregation, small_world

FEW = 10
"""Loops of a type below which its share says little."""
SLOW = 20
"""Nulls whose clustering, paths and eigenvalues are taken, and as many random references."""
STILL = 0.05
"""Share of edges that must have moved, on average, for nulls to be worth the name."""
SECONDS, STEP = 30.0, 3e-8
"""About what the paths of all nulls together may take in graphs of more than 10,000 nodes, at so much a step."""
HUBS = 10
Statistic = Literal["count", "concentration"]


class Motif(NamedTuple):
    """One signed motif beside the nulls.

    `number` among three nodes joined by nothing else, `concentration` (count over connected triples), `everywhere`
    with the loops of denser triads; null and z are of the statistic that was asked for."""

    number: Number
    concentration: Number
    everywhere: Number
    null_mean: Number
    null_sd: Number
    z: Number


class Triad(NamedTuple):
    """One type of triad.

    Its feed-forward loops that are `balanced` and `unbalanced`, the `share` of the first, and how many `triads`.
    """

    balanced: Number
    unbalanced: Number
    share: Beside
    triads: Beside
    transitive: bool


class Hub(NamedTuple):
    """A node with many edges."""

    node: int
    outgoing: int
    incoming: int


class Profile(NamedTuple):
    """All that is counted of a graph.

    `numbers` by name, each beside the nulls; `motifs` by `SIGNS`, `triads` by `TYPES`; `hubs` first to last;
    `warnings` in sentences; `ensemble` what the nulls were (None: there are none)."""

    numbers: dict[str, Beside]
    motifs: dict[str, Motif]
    triads: dict[str, Triad]
    hubs: tuple[Hub, ...]
    warnings: tuple[str, ...]
    ensemble: Ensemble | None


def profile(
    graph: Graph,
    null: str = "signed",
    nulls: int = 1000,
    statistic: Statistic = "count",
    seed: int = 0,
    threads: int | None = None,
    foretold: Callable[[float], None] | None = None,
) -> Profile:
    """Count and measure a graph, beside null models.

    Undefined with the reason where there is none: signed ones of a graph of one sign, all of an empty one. Counts of
    motifs and triads take all nulls; clustering, paths and eigenvalues `SLOW` of them.

    Cost: `ensemble`, and ``SLOW`` times `clustering` and `paths`.
    """
    signed = graph.signed
    why = _why(signed)
    own = loops.raw(signed)
    drawn = ensemble(signed, null, nulls, seed, threads, foretold=foretold) if signed.edges > 1 else None
    counts = np.zeros((0, 67), np.int64) if drawn is None else drawn.counts
    still = _still(drawn, signed)
    warnings = [still] if still else []
    numbers, extra = _whole(graph, own, counts, drawn, seed, still)
    numbers |= _balanced(own, counts, why, still)
    by_type = _triads(own, counts, why, still)
    if why is None:
        warnings += _few(by_type)
    return Profile(
        numbers, _motifs(own, counts, why, still, statistic), by_type, _hubs(signed), (*warnings, *extra), drawn
    )


def z_beside(graph: SignedGraph, null: str, nulls: int, statistic: Statistic, seed: int, threads: int | None) -> dict:
    """z of balance (``eta``, ``eta_pooled``, ``eta_all_types``) and of the motifs by `SIGNS` beside one more null."""
    own, drawn = loops.raw(graph), ensemble(graph, null, nulls, seed, threads)
    still = _still(drawn, graph)
    found = {name: b.z for name, b in _balanced(own, drawn.counts, None, still).items()}
    return found | {signs: m.z for signs, m in _motifs(own, drawn.counts, None, still, statistic).items()}


def _why(graph: SignedGraph) -> Undefined | None:
    """Why signed numbers do not exist."""
    if graph.edges == 0:
        return Undefined("the graph has no edges")
    if not graph.signed:
        return Undefined(f"all edges are {'negative' if graph.negative.any() else 'positive'}: signs are not known")
    return None


def _still(drawn: Ensemble | None, graph: SignedGraph) -> str:
    if drawn is None or drawn.moved >= STILL:
        return ""
    name = drawn.null.name
    if drawn.moved == 0:
        what = "no edge can move and no sign can change" if graph.signed else "no edge can move"
        return f"the null {name} is the graph itself: {what} while it keeps {drawn.null.keeps}; take another null"
    return f"the null {name} hardly moves: {drawn.moved:.1%} of the edges are elsewhere on average; take another null"


def _whole(
    graph: Graph, own: np.ndarray, counts: np.ndarray, drawn: Ensemble | None, seed: int, still: str
) -> tuple[dict[str, Beside], list[str]]:
    """Numbers of the whole graph; what was not done in full, in sentences."""
    signed = graph.signed
    n, edges, mutual = signed.nodes, signed.edges, int(own[66])
    same = lambda value: beside(value, np.full(max(len(counts), 2), float(value)))
    pairs = n * (n - 1)
    density: Number = edges / pairs if pairs else Undefined("fewer than two nodes")
    reciprocity: Number = 2 * mutual / edges if edges else Undefined("the graph has no edges")
    found = {
        "nodes": same(n),
        "edges": same(edges),
        "positive": same(edges - int(signed.negative.sum())),
        "negative": same(int(signed.negative.sum())),
        "density": alone(density, "fewer than two nodes") if isinstance(density, Undefined) else same(density),
        "mutual": beside(mutual, counts[:, 66], still),
        "reciprocity": beside(reciprocity, 2 * counts[:, 66] / max(edges, 1), still),
    }
    steps = min(STEPS, SECONDS / (2 * SLOW + 1) / STEP if n > 10_000 else STEPS)
    taken = [] if drawn is None else [drawn.null.draw(stream(seed, k)) for k in range(min(SLOW, len(counts)))]
    for way in ("out", "in"):
        largest, unequal = zip(*(_degree(null, way) for null in (signed, *taken)), strict=True)
        found[f"largest_{way}_degree"] = beside(largest[0], largest[1:], still)
        found[f"gini_{way}_degree"] = beside(unequal[0], _plain(unequal[1:]), still)
    mine = segregation(signed, steps)
    those = [segregation(null, steps) for null in taken]
    random = references(signed, SLOW, seed, steps) if edges else []
    found["clustering"] = beside(mine.clustering, [s.clustering for s in those], still)
    found["path_length"] = beside(mine.length, _plain([s.length for s in those]), still)
    found["reachable"] = beside(mine.reachable, _plain([s.reachable for s in those]), still)
    world = [small_world(s, random) for s in those]
    found["small_world"] = beside(small_world(mine, random), _plain(world), still)
    rng = np.random.default_rng(seed)
    radii = [radius_of(null, _dealt(graph, null, rng)) for null in taken] if n <= 1000 else []
    found["spectral_radius"] = beside(radius_of(signed, graph.weights), _plain(radii), still)
    said = []
    if n * (edges + n) > steps:
        said.append(f"path lengths are followed from random nodes, as {n:,} nodes and {edges:,} edges are many")
    if n > 1000 and edges:
        said.append("the spectral radius of nulls is left out above 1,000 nodes")
    return found, said


def _degree(graph: SignedGraph, way: str) -> tuple[int, Number]:
    degree = np.bincount(graph.source if way == "out" else graph.target, minlength=graph.nodes)
    return int(degree.max(initial=0)), gini(degree)


def _plain(values: Sequence[Number]) -> list[float]:
    return [np.nan if isinstance(v, Undefined) else float(v) for v in values]


def _dealt(graph: Graph, null: SignedGraph, rng: np.random.Generator) -> np.ndarray:
    """Weights for a null: those of the graph, dealt anew among edges of their sign."""
    weights = np.empty(null.edges)
    for negative in (0, 1):
        weights[null.negative == negative] = rng.permutation(graph.weights[graph.signed.negative == negative])
    return weights


def _balanced(own: np.ndarray, counts: np.ndarray, why: Undefined | None, still: str) -> dict[str, Beside]:
    mine, theirs = balance(triads(own)), balance(triads(counts))
    found = {}
    for key, name in (("eta", "paper"), ("eta_pooled", "pooled"), ("eta_all_types", "all_types")):
        value = float(getattr(mine, name))
        known: Number = value if np.isfinite(value) else Undefined("no transitive triad holds a loop")
        if name == "paper" and np.isfinite(mine.pooled) and not np.isfinite(value):
            known = Undefined("no loop is balanced, and the paper leaves such types out")
        found[key] = alone(why, why) if why is not None else beside(known, getattr(theirs, name), still)
    return found


def _motifs(
    own: np.ndarray, counts: np.ndarray, why: Undefined | None, still: str, statistic: Statistic
) -> dict[str, Motif]:
    if why is not None:
        return {signs: Motif(why, why, why, why, why, why) for signs in SIGNS}
    mine, theirs, anywhere = motifs(own), motifs(counts).astype(float), everywhere(own)
    found = {}
    for i, signs in enumerate(SIGNS):
        share: Number = float(mine[i] / own[65]) if own[65] else Undefined("no three nodes are connected")
        if statistic == "concentration":
            held = beside(share, theirs[:, i] / np.maximum(counts[:, 65], 1), still)
        else:
            held = beside(int(mine[i]), theirs[:, i], still)
        found[signs] = Motif(int(mine[i]), share, int(anywhere[i]), held.null_mean, held.null_sd, held.z)
    return found


def _triads(own: np.ndarray, counts: np.ndarray, why: Undefined | None, still: str) -> dict[str, Triad]:
    mine, theirs = triads(own), triads(counts)
    found = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = theirs.balanced / theirs.loops
    for i, name in enumerate(TYPES):
        number = beside(int(mine.triads[i]), theirs.triads[:, i], still)
        if why is not None:
            found[name] = Triad(why, why, alone(why, why), number, name in TRANSITIVE)
            continue
        total = int(mine.loops[i])
        share: Number = float(mine.balanced[i]) / total if total else Undefined(f"no triads of type {name}")
        found[name] = Triad(
            int(mine.balanced[i]),
            int(mine.unbalanced[i]),
            beside(share, shares[:, i], still),
            number,
            name in TRANSITIVE,
        )
    return found


def _few(by_type: dict[str, Triad]) -> list[str]:
    said = []
    for name in TRANSITIVE:
        total = int(by_type[name].balanced) + int(by_type[name].unbalanced)
        if total < FEW:
            many = "no loops" if not total else "1 loop" if total == 1 else f"{total} loops"
            what = "weighs in eta as much as the others" if total else "is left out of eta"
            said.append(f"{name} has {many}, fewer than {FEW}: its share of balanced ones says little, and it {what}")
    return said


def _hubs(graph: SignedGraph) -> tuple[Hub, ...]:
    outgoing = np.bincount(graph.source, minlength=graph.nodes)
    incoming = np.bincount(graph.target, minlength=graph.nodes)
    first = np.argsort(-(outgoing + incoming), kind="stable")[:HUBS]
    return tuple(Hub(int(i), int(outgoing[i]), int(incoming[i])) for i in first if outgoing[i] + incoming[i])
