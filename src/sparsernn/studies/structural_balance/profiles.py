"""What is said about one trained network: its graph beside nulls, balance over epochs, how weights are spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sparsernn.errors import Undefined
from sparsernn.measures.balance import core
from sparsernn.runs.record import Record
from sparsernn.studies.jobs import Row
from sparsernn.studies.weight_history import weight_history
from sparsernn.topology import loops
from sparsernn.topology.balance import TYPES, balance, triads
from sparsernn.topology.beside import Beside
from sparsernn.topology.gauge import gauge
from sparsernn.topology.motifs import BALANCED, SIGNS, motifs
from sparsernn.topology.nullmodels.ensemble import ensemble
from sparsernn.topology.profile import FEW
from sparsernn.topology.signed_graph import Graph, graph_of

NULLS, ON_THE_WAY = 1000, 100
DENSE = 0.3
"""Above this density graphs on the way are not held against nulls: hardly an edge could move."""
PATH = "cell0/recurrent"
BINS = 61


def recurrent(weights: Mapping[str, Any], masks: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
    """The recurrent matrix [target, source], masked."""
    matrix = np.asarray(weights["cell0"]["recurrent"])[0].astype(float)
    return matrix if masks is None or PATH not in masks else matrix * masks[PATH][0]


def graph(matrix: np.ndarray) -> Graph:
    """The graph of a matrix [target, source]; weights that are 0 are no edges."""
    return graph_of(matrix.T)


def largest(matrix: np.ndarray, density: float) -> np.ndarray:
    """The same with only its largest absolute values: as many as `density` asks for."""
    count = round(density * matrix.size)
    order = np.argsort(-np.abs(matrix), axis=None, kind="stable")[:count]
    kept = np.zeros(matrix.size)
    kept[order] = matrix.ravel()[order]
    return kept.reshape(matrix.shape)


def numbers(matrix: np.ndarray, seed: int) -> Row:
    """A graph beside its nulls `signed` and `fanmod`: balance, motifs, triads."""
    found = graph(matrix)
    signed, own = found.signed, loops.raw(found.signed)
    row: Row = {"edges": signed.edges, "mutual": int(own[66])}
    for null in ("signed", "fanmod"):
        drawn = ensemble(signed, null, NULLS, seed, threads=1)
        row[null] = _balance(own, drawn.counts) | {"moved": drawn.moved}
        z = [b.z for b in _motifs(own, drawn.counts)]
        row[null]["motifs_z"] = dict(zip(SIGNS, z, strict=True))
    row["motifs"] = dict(zip(SIGNS, motifs(own).tolist(), strict=True))
    types = triads(own)
    row["balanced"] = dict(zip(TYPES, types.balanced.tolist(), strict=True))
    row["unbalanced"] = dict(zip(TYPES, types.unbalanced.tolist(), strict=True))
    row["few"] = [name for name, n in zip(TYPES, types.loops, strict=True) if n < FEW]
    turned = gauge(found, "signed", seed, threads=1)
    row["gauge_z"], row["gauge_sd"] = turned.mean, turned.sd
    row["radius"] = float(np.abs(np.linalg.eigvals(matrix)).max())
    row["largest_singular"] = float(np.linalg.norm(matrix, 2))
    return row


def _balance(own: np.ndarray, counts: np.ndarray) -> Row:
    from sparsernn.topology.beside import beside

    mine, theirs = balance(triads(own)), balance(triads(counts))
    found: Row = {}
    for key, name in (("eta", "paper"), ("eta_pooled", "pooled"), ("eta_all_types", "all_types")):
        value = float(getattr(mine, name))
        known = value if np.isfinite(value) else Undefined("no transitive triad holds a loop that counts")
        found[key] = beside(known, getattr(theirs, name))._asdict()
    even = [i for i, s in enumerate(SIGNS) if s in BALANCED]
    odd = [i for i in range(8) if i not in even]
    for key, which in (("balanced_030T", even), ("unbalanced_030T", odd)):
        found[key] = beside(int(motifs(own)[which].sum()), motifs(counts)[:, which].sum(axis=1))._asdict()
    return found


def _motifs(own: np.ndarray, counts: np.ndarray) -> list[Beside]:
    from sparsernn.topology.beside import beside

    mine, theirs = motifs(own), motifs(counts)
    return [beside(int(mine[i]), theirs[:, i]) for i in range(8)]


def over_epochs(record: Record, seed: int) -> Row:
    """Balance at the moments whose weights were kept, each beside nulls of its own where edges can move."""
    keys = ("epoch", "edges", "eta", "eta_pooled", "null_eta", "null_eta_pooled", "z_eta", "z_eta_pooled")
    found: dict[str, list[Any]] = {key: [] for key in keys}
    for epoch in record.snapshots():
        matrix = recurrent(*record.snapshot(epoch))
        signed = graph(matrix).signed
        own = loops.raw(signed)
        if signed.edges <= DENSE * matrix.size and signed.edges > 1:
            counts = ensemble(signed, "signed", ON_THE_WAY, seed + epoch, threads=1).counts
        else:
            counts = np.zeros((0, 67), np.int64)
        row = _balance(own, counts)
        found["epoch"].append(epoch)
        found["edges"].append(signed.edges)
        for key in ("eta", "eta_pooled"):
            entry = row[key]
            for name, part in ((key, "value"), (f"null_{key}", "null_mean"), (f"z_{key}", "z")):
                found[name].append(None if isinstance(entry[part], Undefined) else entry[part])
    return found


def spread(record: Record) -> Row:
    """Recurrent weights at the beginning, when the mask was reached, and at the end: histograms over common bins,
    bimodality, and the share of the weights left at the end that had their sign at the two moments before."""
    history = weight_history(record)[PATH]
    moments = {"first": history.initialization, "reached": history.pruned, "last": history.final}
    known = {name: m for name, m in moments.items() if not isinstance(m, Undefined)}
    edge = float(max(np.abs(m.weights).max(initial=0.0) for m in known.values())) or 1.0
    found: Row = {
        "edge": edge,
        "reached_at": history.pruned if isinstance(history.pruned, Undefined) else history.pruned.epoch,
        "sign_kept_from_first": history.sign_kept_since_initialization,
        "sign_kept_from_reached": history.sign_kept,
    }
    for name, m in known.items():
        density = np.histogram(m.weights, np.linspace(-edge, edge, BINS + 1), density=True)[0]
        bimodality = m.distribution if isinstance(m.distribution, Undefined) else m.distribution.bimodality
        found[name] = {"density": density.round(4).tolist(), "bimodality": bimodality}
    return found


def rows(record: Record, about: Row, density: float, exchanged: float, seed: int) -> list[Row]:
    """Rows of one training: its own graph; of SET also the core; of a dense one what size alone would leave of the
    trained and of the untrained matrix."""
    entry = record.measures()["score"]
    shared = {"outcome": record.outcome.name, "score": {k: v for k, v in entry["test"].items() if ":" not in k}}
    base = {"part": "profile", **about, **shared}
    epochs = record.snapshots()
    last, first = recurrent(*record.snapshot(epochs[-1])), recurrent(*record.snapshot(epochs[0]))
    if about["strategy"] == "dense":
        made = [("cut", largest(last, density)), ("untrained", largest(first, density))]
        found = [{**base, "strategy": name, "graph": "full", **numbers(m, seed)} for name, m in made]
        return [{**base, "graph": "none", "spread": spread(record)}, *found]
    found = [{**base, "graph": "full", **numbers(last, seed), "curve": over_epochs(record, seed)}]
    found[0]["spread"] = spread(record)
    if about["strategy"] == "set":
        found.append({**base, "graph": "core", **numbers(core(last, exchanged), seed)})
    return found
