"""A connectome as the wiring of a network that learns, beside graphs that share less and less with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from sparsernn.errors import SparseRNNError, SpecError, Undefined
from sparsernn.files.graphs.delimited import Only
from sparsernn.files.graphs.wiring import Orientation
from sparsernn.files.graphs.writing import write_graph
from sparsernn.runs.record import Record
from sparsernn.studies.analyze import analyze
from sparsernn.studies.wired import wired, with_signs
from sparsernn.topology.radius import spectral_radius
from sparsernn.topology.signed_graph import Graph, graph_of_edges
from sparsernn.training.first_weights import first_weights
from sparsernn.training.run_spec import RunSpec, read_spec
from sparsernn.weights import get

CONTROLS = {
    "rewired": "every node keeps its edges of each sign, in and out, and its mutual pairs (null signed)",
    "sign_shuffled": "the same edges, their signs dealt anew (null sign_shuffle)",
    "random": "as many edges of each sign, anywhere (null er)",
    "hubs": "as many edges, where edges are: hubs by preferential attachment (generator preferential); not GeoHub",
}
"""What a control keeps."""
OWN, COPY = "connectome", "connectome.npy"
EXCITATORY = 0.8
Held = Literal["dale", "entry", "free"]
DEFAULTS: dict[str, Any] = {
    "optimizer": {"adam": {"learning_rate": 1e-3, "decay": "constant", "clip_norm": 1.0}},
    "epochs": 50,
    "updates_per_epoch": 100,
    "batch": 64,
    "measures": ["score"],
}
"""Of a run that is asked for by its task alone."""


class Constrained(NamedTuple):
    """The runs of every variant, seed by seed, with what is to be said of the graph."""

    variants: dict[str, list[RunSpec]]
    graph: Graph
    notes: tuple[str, ...]

    @property
    def wanted(self) -> list[RunSpec]:
        """All runs, variant by variant."""
        return [spec for specs in self.variants.values() for spec in specs]


class Connectome(NamedTuple):
    """A graph that was read; self-connections are left out."""

    graph: Graph
    source: str
    notes: tuple[str, ...]


def read_connectome(
    source: Any,
    orientation: Orientation | None = None,
    key: str | None = None,
    only: Only | None = None,
    signs: Path | None = None,
) -> Connectome:
    """The graph in a file, array or run, as `sparsernn.analyze` reads it. SpecError, DataError."""
    given = wired(source, key, only)
    wiring, how = given.wiring, orientation or given.wiring.orientation
    if how is None:
        raise SpecError(
            f"{given.source} does not say how it is to be read; say --orientation source-target if row i, column j "
            "leads from i to j (connectomes, graph libraries), target-source if from j to i (W @ h, PyTorch, this "
            "library); in Python orientation=..."
        )
    if signs is not None:
        wiring = with_signs(wiring, signs)
    if how == "target-source":
        wiring = wiring.turned()
    graph = graph_of_edges(wiring.nodes, wiring.source, wiring.target, wiring.weights)
    if graph.signed.edges == 0:
        raise SpecError(f"{given.source} has no edges between two nodes")
    notes = list(wiring.notes)
    if graph.loops:
        notes.append(f"{graph.loops:,} self-connections are left out, as no control has any")
    return Connectome(graph, given.source, tuple(notes))


def constrained(
    connectome: Connectome,
    base: Mapping[str, Any],
    out: Path,
    seeds: int = 3,
    controls: Sequence[str] | None = None,
    held: Held = "dale",
    radius: float = 0.9,
) -> Constrained:
    """Write the graph to `out` and make the runs on it and its controls.

    Args:
        connectome: the graph; its nodes become the units of the network.
        base: a run in plain form: task, and what else is not to be the default. Its network's cell is kept, its number
            of units set.
        out: an existing directory.
        seeds: how many; each has its own first weights and its own controls.
        controls: of `CONTROLS`; None: all that can be had.
        held: ``dale``: all weights that a unit sends have one sign; ``entry``: every weight keeps its first sign;
            ``free``.
        radius: spectral radius of all first recurrent matrices.

    First weights have the sizes of fresh ones: counts of synapses are no weights. Of a signed graph they have its
    signs; of one without signs fresh ones, under Dale's law with `EXCITATORY` of the units positive, drawn by seed.
    SpecError for a base that cannot be, all its problems at once; StoreError where `out` holds another graph.
    """
    problems = [f'controls: "{c}" is none of {", ".join(CONTROLS)}' for c in controls or () if c not in CONTROLS]
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
        problems.append(f"seeds must be a whole number of at least 1, got {seeds!r}")
    if held not in ("dale", "entry", "free"):
        problems.append(f"held must be dale, entry or free, got {held!r}")
    problems += [f"{field}: is set by the graph; leave it out" for field in ("initial", "signs") if base.get(field)]
    if problems:
        raise SpecError(problems)
    signed, notes = connectome.graph.signed, list(connectome.notes)
    known = signed.signed
    path = out / COPY
    write_graph(path, signed.nodes, signed.source, signed.target, connectome.graph.weights)
    names = [c for c in (controls or CONTROLS) if known or c != "sign_shuffled"]
    if not known and (controls is None or "sign_shuffled" in controls):
        notes.append("the graph has edges of one sign: signs are not known, and there are none to shuffle")
    tree = _network({**DEFAULTS, **base}, signed.nodes, notes)
    share = 1 - signed.negative.mean() if known else EXCITATORY
    if held == "dale":
        tree["signs"] = {"by": "source"} if known else {"by": "source", "excitatory": EXCITATORY}
    elif held == "entry":
        tree["signs"] = {"by": "entry"}
    weights: Any = "signs" if known else False
    shared = {"weights": weights, "radius": radius}
    density = signed.edges / (signed.nodes * (signed.nodes - 1))
    beginnings: dict[str, dict[str, Any]] = {OWN: {"from": str(path), **shared}}
    nulls = {"rewired": "signed", "sign_shuffled": "sign_shuffle", "random": "er"}
    for name in names:
        if name in nulls:
            beginnings[name] = {"from": str(path), "null": nulls[name], **shared}
        else:
            graph = {"preferential": {"density": density, "positive": float(share)}}
            beginnings[name] = {"graph": graph, **shared}
    variants = {}
    for name, initial in beginnings.items():
        first = read_spec({**tree, "initial": initial})
        variants[name] = [replace(first, seed=first.seed + seed) for seed in range(seeds)]
    if held == "dale" and known and not _one_sign_a_unit(connectome.graph):
        notes.append("some nodes send edges of both signs; under Dale's law each has the sign of their sum")
    return Constrained(variants, connectome.graph, tuple(notes))


def _network(tree: dict[str, Any], nodes: int, notes: list[str]) -> dict[str, Any]:
    """With as many units as nodes."""
    network = tree.get("network") or {"rnn": {}}
    if isinstance(network, str):
        network = {network: {}}
    cells = network.get("cells") if isinstance(network, Mapping) else None
    cell = cells[0] if isinstance(cells, list | tuple) and len(cells) == 1 else network if cells is None else None
    if not isinstance(cell, Mapping) or len(cell) != 1:
        raise SpecError("network: a graph is the wiring of one cell; give one, as in network: {rnn: {}}")
    ((name, fields),) = cell.items()
    fields = dict(fields or {})
    if fields.get("hidden") not in (None, nodes):
        notes.append(f"{nodes} units, as the graph has nodes, instead of {fields['hidden']}")
    made = {name: {**fields, "hidden": nodes}}
    return {**tree, "network": made if cells is None else {**network, "cells": [made]}}


def _one_sign_a_unit(graph: Graph) -> bool:
    signed = graph.signed
    sent, negative = (np.bincount(signed.source, w, signed.nodes) for w in (None, signed.negative))
    return bool(((negative == 0) | (negative == sent)).all())


def outcome(found: Constrained, records: Sequence[Record], nulls: int = 100) -> list[dict[str, Any]]:
    """One entry a variant: edges and spectral radius at the start, and over seeds the test numbers and the balance of
    the trained network with its z, as lists; `Undefined` where there is none."""
    entries, left = [], list(records)
    for name, specs in found.variants.items():
        own, left = left[: len(specs)], left[len(specs) :]
        entry: dict[str, Any] = {"variant": name, "keeps": CONTROLS.get(name, "the graph itself")}
        entry |= _begun(specs[0])
        entry["directories"] = [str(r.directory) for r in own]
        entry["outcomes"] = [r.outcome.name for r in own]
        ended = [r for r in own if r.outcome.name == "finished"]
        numbers: dict[str, list[Any]] = {}
        for record in ended:
            for key, value in record.numbers().items():
                if ": " not in key:
                    numbers.setdefault(key, []).append(value)
        entry["numbers"] = numbers
        entry["eta"], entry["z_eta"] = _balance(ended, nulls)
        entries.append(entry)
    return entries


def _begun(spec: RunSpec) -> dict[str, Any]:
    """Edges and radius of the first recurrent matrix of a run."""
    trainer = spec.trainer()
    begun = first_weights(spec, trainer)
    path = begun.laid[0]
    masked = np.asarray(get(begun.weights, path)) * np.asarray(begun.masks[path])
    return {"edges": int(np.count_nonzero(begun.masks[path][0])), "radius": spectral_radius(masked[0])}


def _balance(records: Sequence[Record], nulls: int) -> tuple[list[Any], list[Any]]:
    etas, zs = [], []
    for record in records:
        try:
            eta = analyze(record, nulls=nulls).numbers["eta"]
            etas.append(eta.value)
            zs.append(eta.z)
        except SparseRNNError as error:  # a gated cell, a weight that is not finite
            etas.append(Undefined(str(error)))
            zs.append(Undefined(str(error)))
    return etas, zs
