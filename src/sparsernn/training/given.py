"""Matrices from elsewhere: those of a run, of a file of weights, or one matrix in a file of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from sparsernn.errors import DataError, SpecError
from sparsernn.files import safetensors_file
from sparsernn.files.graphs.delimited import says_edges
from sparsernn.files.graphs.kinds import read_wiring
from sparsernn.files.kinds import TEXT, read_table
from sparsernn.files.limits import regular_file, sha256_of
from sparsernn.files.reading import Reading
from sparsernn.masks import Prunable, chosen
from sparsernn.runs.record import Record
from sparsernn.topology.generators.base import AbstractGenerator
from sparsernn.topology.nullmodels import null_named
from sparsernn.topology.nullmodels.randomness import stream
from sparsernn.topology.signed_graph import graph_of
from sparsernn.weights import flatten

GRAPHS = (".graphml", ".edges", ".edgelist", ".pt", ".pth", ".csv.gz", ".tsv.gz", ".txt.gz")
EDGES = (".csv", ".tsv", ".txt")
MOST = 20_000


class Given(NamedTuple):
    """What was read: `weights` by path, or, from a file that knows no paths, one matrix by the empty path; `masks`
    where they were there for themselves. `sha256` covers both, not where they lie."""

    weights: Mapping[str, np.ndarray]
    masks: Mapping[str, np.ndarray]
    source: str
    sha256: str

    @property
    def single(self) -> bool:
        """One matrix that does not say which it is."""
        return set(self.weights) == {""}

    def matrix(self, path: str) -> np.ndarray | None:
        """The array that stands for the one at `path`, None if there is none."""
        return self.weights.get("" if self.single else path)


class Graphs(NamedTuple):
    """How a file that holds a graph is read: `orientation` of a matrix, its `key` among several, lines of a list of
    edges that are taken, ``COLUMN=VALUE[,VALUE]``."""

    orientation: Literal["source-target", "target-source"] | None = None
    key: str | None = None
    only: tuple[str, ...] = ()

    def chosen(self) -> dict[str, tuple[str, ...]]:
        """`only` by column. SpecError for another form."""
        found = {}
        for word in self.only:
            column, mark, values = word.partition("=")
            if not column or not mark or not values:
                raise SpecError(f'only: "{word}" is none of the form COLUMN=VALUE or COLUMN=VALUE,VALUE')
            found[column] = tuple(values.split(","))
        return found


def read_given(source: str, how: Graphs = Graphs()) -> Given:
    """A run directory (selected weights and masks); ``.safetensors`` with paths as names (weights, or masks alone); a
    graph (GraphML, a list of edges, a model of PyTorch), edges from source to target; any other file with one matrix of
    numbers, rows being targets and columns sources unless `how` says otherwise. DataError, SpecError, StoreError."""
    path = Path(source)
    if path.is_dir():
        if how != Graphs():
            raise SpecError(f"{source} is a run: orientation, key and only are for files")
        record = Record(path)
        return _given(flatten(record.weights()), record.masks(), source)
    return _read(source, how, sha256_of(regular_file(path)))


@lru_cache(maxsize=8)
def generated(generator: AbstractGenerator, nodes: int, seed: int) -> Given:
    """The signs of a generated graph, as one matrix. SpecError where there is none."""
    signs = np.ascontiguousarray(generator.generate(nodes, seed).dense().T)
    return _given({"": signs}, {}, f"the generated graph ({type(generator).__name__})")


@lru_cache(maxsize=4)
def _read(source: str, how: Graphs, sha256: str) -> Given:
    """A file is asked for several times; it is read once as long as its bytes are the same."""
    path = Path(source)
    if how != Graphs() or _is_graph(path):
        return _given({"": _of_graph(path, how)}, {}, source)
    if path.suffix.lower() == ".safetensors":
        arrays = safetensors_file.read(path)[0]
        masks = {name: a for name, a in arrays.items() if a.dtype == bool}
        return _given({name: a for name, a in arrays.items() if name not in masks}, masks, source)
    try:
        return _given({"": _matrix(path)}, {}, source)
    except DataError as error:
        if path.name.lower().endswith(EDGES):
            _refuse_named(path, error)
        raise


def _is_graph(path: Path) -> bool:
    """Whether the file can be nothing but a graph."""
    name = path.name.lower()
    return name.endswith(GRAPHS) or (name.endswith(EDGES) and says_edges(path))


def _refuse_named(path: Path, error: DataError) -> None:
    """SpecError that asks how a matrix with names of nodes is read, if the file holds one."""
    try:
        nodes = read_wiring(path).nodes
    except (DataError, SpecError):
        raise error from None
    raise SpecError(
        f"{path} is a graph of {nodes} named nodes; say orientation: source-target if row i, column j leads from i "
        "to j (connectomes), target-source if from j to i"
    ) from None


def _of_graph(path: Path, how: Graphs) -> np.ndarray:
    """Its weights, [target, source]."""
    wiring = read_wiring(path, how.key, how.chosen() or None)
    if wiring.nodes > MOST:
        raise DataError(f"{path} has {wiring.nodes:,} nodes; a mask is a matrix, and has {MOST:,} rows at most")
    made = np.zeros((wiring.nodes, wiring.nodes))
    first_is_source = (how.orientation or wiring.orientation) == "source-target"
    target, source = (wiring.target, wiring.source) if first_is_source else (wiring.source, wiring.target)
    made[target, source] = wiring.weights
    return made


def _matrix(path: Path) -> np.ndarray:
    reading = Reading(time="none", header=False if path.suffix.lower() in TEXT else None)
    try:
        table = read_table(path, None, reading)[0]
    except DataError:  # a first line of names
        table = read_table(path, None, Reading(time="none"))[0]
    values = np.asarray(table.values)
    if values.ndim != 2 or not np.isfinite(values).all():
        holes = f"{(~np.isfinite(values)).sum()} entries that are not finite"
        how = holes if values.ndim == 2 else f"shape {values.shape}"
        raise DataError(f"{path} has {how}; expected one matrix of finite numbers, (target, source)")
    return values


def null_of(given: Given, name: str, seed: int) -> Given:
    """A null of the one matrix that was read, [target, source]. SpecError where there are several."""
    if not given.single:
        raise SpecError(f"null: {given.source} holds several matrices; give a file with one graph")
    return _null(given.source, given.sha256, name, seed, given.weights[""].tobytes(), given.weights[""].dtype.str,
                 given.weights[""].shape)  # fmt: skip


@lru_cache(maxsize=16)
def _null(source: str, sha256: str, name: str, seed: int, raw: bytes, dtype: str, shape: tuple[int, ...]) -> Given:
    graph = graph_of(np.frombuffer(raw, dtype).reshape(shape).T)
    signed = graph.signed
    drawn = null_named(name)(signed).draw(stream(seed, 0))
    rng, made = np.random.default_rng([seed, 11]), np.zeros(shape, np.float64)
    for negative in (0, 1):
        here = drawn.negative == negative
        made[drawn.target[here], drawn.source[here]] = rng.permutation(graph.weights[signed.negative == negative])
    return _given({"": made}, {}, f"{name} null of {source}")


def _given(weights: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray], source: str) -> Given:
    both = {f"weights/{k}": np.asarray(v) for k, v in weights.items()} | {f"masks/{k}": v for k, v in masks.items()}
    return Given(weights, masks, source, safetensors_file.content_hash(both))


def fitted(array: np.ndarray, shape: tuple[int, ...], path: str, source: str) -> np.ndarray:
    """The array in the shape of the one at `path`: of a matrix (gates, target, source) also (target, source), the same
    for every gate, and (gates * target, source). SpecError that names both shapes."""
    if array.shape == shape:
        return array
    if len(shape) == 3 and array.ndim == 2:
        if array.shape == shape[1:]:
            return np.broadcast_to(array, shape)
        if array.shape == (shape[0] * shape[1], shape[2]):
            return array.reshape(shape)
    turned = array.ndim == 2 and array.shape[::-1] == shape[-2:]
    hint = "; rows are targets, columns sources: turn it" if turned else ""
    if array.ndim == 2 and array.shape[0] == array.shape[1] and shape[-1] == shape[-2]:
        hint = f"; a graph of {len(array)} nodes needs as many units: hidden: {len(array)}"
    raise SpecError(f"{path} has shape {shape} (gates, target, source) here, {source} has {array.shape}{hint}")


def meant(given: Given, where: tuple[str, ...], prunables: tuple[Prunable, ...]) -> tuple[Prunable, ...]:
    """The matrices that `where` names; empty: the recurrent one for a single matrix, else those that were given.
    SpecError if a single matrix could be several, or one that is named was not given."""
    known = {*given.weights, *given.masks}
    picked = chosen(prunables, where) if where else tuple(p for p in prunables if p.path in known)
    if given.single:
        picked = picked or tuple(p for p in prunables if p.role == "recurrent")
        if len(picked) != 1:
            have = ", ".join(p.path for p in prunables)
            raise SpecError(f"{given.source} holds one matrix; name the one it is with where: [PATH], of {have}")
        return picked
    absent = [p.path for p in picked if p.path not in known]
    if absent or not picked:
        have = ", ".join(dict.fromkeys([*given.weights, *given.masks])) or "nothing"
        raise SpecError(f"{given.source} has no {', '.join(absent) or 'matrix of this network'}; it has: {have}")
    return picked
