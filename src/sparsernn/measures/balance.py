"""Structural balance and signed motifs of the wiring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sparsernn.errors import DataError, Undefined
from sparsernn.masks import Masks
from sparsernn.measures.base import AbstractMeasure, Number
from sparsernn.models.network import Network
from sparsernn.quantity import Quantity
from sparsernn.rules import at_least, holds, within
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.topology import loops
from sparsernn.topology.balance import TRANSITIVE, TYPES, balance, triads
from sparsernn.topology.beside import Beside, beside
from sparsernn.topology.motifs import BALANCED, SIGNS, motifs
from sparsernn.topology.nullmodels.ensemble import ensemble
from sparsernn.topology.signed_graph import SignedGraph, graph_of
from sparsernn.weights import Weights

SEED = 0
"""Of nulls and of random choices of signs: the same network has the same numbers."""
ETA = ("eta", "eta_pooled", "eta_all_types")
"""`topology.balance.Balance`, by our names."""


@dataclass(frozen=True)
class Balance(AbstractMeasure):
    """Feed-forward loops i -> j -> k, i -> k of one cell's unit-to-unit graph: how many have both ways of one sign.

    Edges are weights that are not 0, units to themselves left out; the split does not matter. Keys: `edges`; `eta`,
    `eta_pooled`, `eta_all_types` (`sparsernn.topology.balance.Balance`: as Zhang et al. 2023 computed it, balanced over
    all loops, mean over all types present); `balanced`, `unbalanced`, the loops of the four transitive types of triads;
    of each type `loops_030T` and `share_030T` (balanced ones; with fewer than 10 loops it says little); and the eight
    motifs by the signs of ij, jk, ik, `+++` to `---`, counted in 030T.

    With `nulls` random graphs that share with this one what `null` keeps (drawn anew from the graph that is looked at),
    all of `eta...` and the motifs have `KEY_null_mean`, `KEY_null_sd` and `KEY_z` too. Where units can be turned over
    (`AbstractCell.odd_gates`) the counts of single motifs, signed degrees and so every z depend on the signs that units
    happen to have, and only eta and the totals do not: there z is the mean over `gauges` random choices of signs, each
    with nulls of its own, and `KEY_z_sd` its standard deviation.

    Args:
        cell, gate: whose graph. Without a gate, gated cells have no signs, and signed numbers are undefined.
        nulls: 0 (none), or how many.
        null: signed, fanmod, sign_shuffle, stp or er (`sparsernn.topology.nullmodels`).
        gauges: see above.
        core: share of the weights of each sign, those nearest to 0, that is left out first: with SET's drop fraction
            the graph between its dropping and its growing, which Zhang et al. 2023 call core.

    Cost: that of `sparsernn.topology.loops.loops` (1 ms for 200 units of density 0.1), times ``nulls * (1 + gauges)``
    with nulls. Source: doi 10.1038/s42005-023-01364-0.
    """

    cell: int = 0
    gate: int | None = None
    nulls: int = 0
    null: Literal["signed", "fanmod", "sign_shuffle", "stp", "er"] = "signed"
    gauges: int = 10
    core: float = 0.0

    rules = (
        holds(lambda nulls: nulls == 0 or nulls >= 2, "nulls must be 0 (none) or at least 2, got {nulls}"),
        at_least(2, "gauges"),
        within("[0, 1)", "core"),
    )
    quantities = (
        Quantity("eta", meaning="share of balanced feed-forward loops, mean over types of triads that have any"),
        Quantity("eta_pooled", meaning="share of balanced feed-forward loops among all of transitive triads"),
        Quantity("balanced", meaning="loops whose direct and indirect way have one sign", leads=False),
        Quantity("unbalanced", meaning="loops whose direct and indirect way have opposite signs", leads=False),
        *(
            Quantity(
                signs,
                meaning=f"{'balanced' if signs in BALANCED else 'unbalanced'} loops i->j, j->k, i->k of signs {signs}",
                leads=False,
            )
            for signs in SIGNS
        ),
    )

    def check(self, network: Network, weights: Weights) -> None:
        network.connectome(weights, self.cell, self.gate)

    def measure(
        self, network: Network, weights: Weights, masks: Masks, task: AbstractTask, split: Split
    ) -> dict[str, Number]:
        connectome = network.connectome(weights, self.cell, self.gate)
        if isinstance(connectome, Undefined):
            return {"edges": connectome, "eta": connectome, "eta_pooled": connectome}
        try:
            graph = graph_of(core(connectome.adjacency, self.core)).signed
        except DataError:
            why = Undefined("some weights are not finite")
            return {"edges": why, "eta": why, "eta_pooled": why}
        found: dict[str, Number] = {"edges": graph.edges} | _numbers(graph)
        if self.nulls:
            found |= self._beside(graph, (self.gate or 0) in network.cells[self.cell].odd_gates)
        return found

    def _beside(self, graph: SignedGraph, odd: bool) -> dict[str, Number]:
        """Nulls of the graph as it is; z of it, or of random choices of its units' signs."""
        own = self._held(graph, SEED)
        turns = []
        if odd:
            rng = np.random.default_rng(SEED)
            for draw in range(1, self.gauges + 1):
                turns.append(self._held(turned(graph, rng.random(graph.nodes) < 0.5), SEED + draw))
        found: dict[str, Number] = {}
        for key, number in own.items():
            found |= {f"{key}_null_mean": number.null_mean, f"{key}_null_sd": number.null_sd}
            scores = [turn[key].z for turn in turns]
            scored = [float(z) for z in scores if not isinstance(z, Undefined)]
            if odd and len(scored) >= 2:
                found[f"{key}_z"], found[f"{key}_z_sd"] = float(np.mean(scored)), float(np.std(scored, ddof=1))
            elif odd:
                found[f"{key}_z"] = found[f"{key}_z_sd"] = next(z for z in scores if isinstance(z, Undefined))
            else:
                found[f"{key}_z"] = number.z
        return found

    def _held(self, graph: SignedGraph, seed: int) -> dict[str, Beside]:
        """eta and motifs beside nulls."""
        why = _unknown(graph)
        if why is not None:
            return dict.fromkeys((*ETA, *SIGNS), Beside(why, why, why, why))
        mine = _numbers(graph)
        drawn = ensemble(graph, self.null, self.nulls, seed)
        still = "" if drawn.moved else f"the null {self.null} cannot move an edge of this graph"
        etas, counted = balance(triads(drawn.counts)), motifs(drawn.counts)
        theirs = dict(zip(ETA, etas, strict=True)) | {signs: counted[:, i] for i, signs in enumerate(SIGNS)}
        return {key: beside(mine[key], values, still) for key, values in theirs.items()}


def turned(graph: SignedGraph, units: np.ndarray) -> SignedGraph:
    """The same net with some `units` (N,) turned over: all edges between them and others change their sign."""
    changed = units[graph.source] != units[graph.target]
    return graph._replace(negative=(graph.negative ^ changed).astype(np.int8))


def core(adjacency: np.ndarray, share: float) -> np.ndarray:
    """A matrix without the share of its weights of each sign that is nearest to 0 (of equal ones the first go)."""
    left = np.array(adjacency)
    for side in (left > 0, left < 0) if share else ():
        places = np.argwhere(side)
        order = np.argsort(abs(left[side]), kind="stable")
        left[tuple(places[order[: round(share * len(places))]].T)] = 0
    return left


def _unknown(graph: SignedGraph) -> Undefined | None:
    """Why signed numbers do not exist."""
    if not graph.edges:
        return Undefined("the graph has no edges")
    if not graph.signed:
        return Undefined(f"all edges are {'negative' if graph.negative.any() else 'positive'}: signs are not known")
    return None


def _numbers(graph: SignedGraph) -> dict[str, Number]:
    why = _unknown(graph)
    if why is not None:
        names = (*ETA, "balanced", "unbalanced", *(f"{what}_{t}" for t in TRANSITIVE for what in ("loops", "share")))
        return dict.fromkeys((*names, *SIGNS), why)
    counts = loops.raw(graph)
    found, places = triads(counts), [TYPES.index(name) for name in TRANSITIVE]
    numbers: dict[str, Number] = {}
    for key, value in zip(ETA, balance(found), strict=True):
        numbers[key] = float(value) if np.isfinite(value) else Undefined("no transitive triad holds a balanced loop")
    numbers["balanced"] = int(found.balanced[places].sum())
    numbers["unbalanced"] = int(found.unbalanced[places].sum())
    for name, place in zip(TRANSITIVE, places, strict=True):
        total = int(found.loops[place])
        numbers[f"loops_{name}"] = total
        none = Undefined(f"no triads of type {name}")
        numbers[f"share_{name}"] = float(found.balanced[place] / total) if total else none
    return numbers | {signs: int(n) for signs, n in zip(SIGNS, motifs(counts), strict=True)}
