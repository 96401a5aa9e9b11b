"""Beginnings that are given: any mask, with its own weights, fresh ones, or fresh ones with its signs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError, nearest
from sparsernn.masks import Masks, Prunable, chosen
from sparsernn.rules import at_least, holds, positive
from sparsernn.spec import Checked
from sparsernn.topology.generators.base import AbstractGenerator
from sparsernn.topology.nullmodels import NULLS
from sparsernn.topology.radius import spectral_radius
from sparsernn.training.given import Given, Graphs, fitted, generated, meant, null_of, read_given
from sparsernn.weights import Weights, flatten, get, replace


class Laid(NamedTuple):
    """The dense values a training begins from, the masks that were given, by path, and all matrices that were."""

    weights: Weights
    masks: Masks
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Initial(Checked):
    """What the first training begins from instead of fresh weights. In a spec `source` is written `from`; the place
    alone stands for ``{from: ...}``.

    `source`: a run directory (its selected weights and masks), a ``.safetensors`` file with paths as names, a graph
    (GraphML, a list of edges), or any file with one matrix, rows being targets, columns sources. Where a file leaves it
    open: `orientation` (``source-target`` if row i, column j leads from i to j, as connectomes are written), `key` (the
    matrix of several), `only` (lines of a list of edges, ``COLUMN=VALUE[,VALUE]``). Or `graph`: a generator, such as
    ``{balanced: {eta: 0.9}}``, with the seed of the run (every seed has its own graph), or `graph_seed`; it has signs,
    no weights, so that `weights` true means ``signs``. The network has as many units as the graph has nodes. `null`:
    not the graph that was read but a random one that shares with it what a null model keeps (``signed``, ``er``, ...:
    `sparsernn.topology.nullmodels`), drawn by the same seed; its self-connections are left out, its weights dealt anew
    among the edges of their sign.

    `where`: which matrices (roles or paths; empty: all that were given, or the recurrent one where a file holds a
    single matrix); without it weights that are no matrices (biases) are taken too.
    `masks`: only the weights exist that do there (of a file: that are not 0). They stay as they are, unless the
    sparsifier acts on the matrix: then it goes on from them. `weights`: true takes the values; ``signs`` gives fresh
    values the signs (0: the fresh sign); false leaves the fresh values. `radius`: every matrix that was given is scaled
    to this spectral radius, as the training begins (masked, with the signs that are held).
    The hash of what was read or generated belongs to the run's identity, its place does not.
    """

    source: str = ""
    masks: bool = True
    weights: bool | Literal["signs"] = True
    where: tuple[str, ...] = ()
    graph: AbstractGenerator | None = None
    graph_seed: int | None = None
    orientation: Literal["source-target", "target-source"] | None = None
    key: str | None = None
    only: tuple[str, ...] = ()
    null: str | None = None
    radius: float | None = None

    rules = (
        holds(lambda masks, weights: masks or weights, "neither masks nor weights are taken; leave it out"),
        holds(lambda source, graph: bool(source) != (graph is not None), "give one of from (a file or run) and graph"),
        holds(
            lambda graph, orientation, key, only: graph is None or not (orientation or key or only),
            "orientation, key and only say how a file is read; a generated graph needs none",
        ),
        holds(
            lambda graph, null, graph_seed: graph is not None or null is not None or graph_seed is None,
            "graph_seed is for a graph or a null",
        ),
        holds(lambda graph, null: graph is None or null is None, "null is of a graph that is read, not generated"),
        holds(lambda null: null is None or null in NULLS, lambda null: f'no null model "{null}"{nearest(null, NULLS)}'),
        at_least(0, "graph_seed"),
        positive("radius"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.graph is not None and self.weights is True:
            object.__setattr__(self, "weights", "signs")

    @staticmethod
    def from_plain(value: Any) -> Any:
        if isinstance(value, str):
            return {"source": value}
        if isinstance(value, Mapping) and "from" in value and "source" not in value:
            return {"source" if k == "from" else k: v for k, v in value.items()}
        return value

    def read(self, prunables: Callable[[], tuple[Prunable, ...]], seed: int) -> Given:
        """What lies there, or is generated for the matrices and the run's seed. DataError, SpecError, StoreError where
        it cannot be."""
        seed = seed if self.graph_seed is None else self.graph_seed
        if self.graph is None:
            given = read_given(self.source, Graphs(self.orientation, self.key, self.only))
            return given if self.null is None else null_of(given, self.null, seed)
        listed = prunables()
        picked = chosen(listed, self.where) if self.where else tuple(p for p in listed if p.role == "recurrent")
        sizes = {n for p in picked for n in (p.source, p.target)}
        if len(sizes) != 1:
            have = ", ".join(f"{p.path} of {p.target} x {p.source}" for p in picked) or "none"
            raise SpecError(f"a graph is square and of one size; the matrices it is for are {have}: say where")
        return generated(self.graph, sizes.pop(), seed)

    def lay(self, given: Given, prunables: tuple[Prunable, ...], fresh: Weights) -> Laid:
        """`fresh` weights with what was given in its places. SpecError where shapes differ, naming both, where a matrix
        is missing, and where values are wanted and only masks were given."""
        laid: dict[str, Any] = {}
        masks: Masks = {}
        picked = meant(given, self.where, prunables)
        for p in picked:
            values, mask = given.matrix(p.path), given.masks.get(p.path)
            if values is None and self.weights:
                raise SpecError(f"{given.source} has only the mask of {p.path}; give weights: false")
            if values is not None:
                own = np.asarray(get(fresh, p.path))
                if self.weights and p.gates > 1 and values.shape == p.shape[1:]:
                    raise SpecError(
                        f"{given.source} has one matrix for the {p.gates} gates of {p.path}; give weights: false"
                    )
                values = fitted(values, p.shape, p.path, given.source)
                laid[p.path] = jnp.asarray(self._taken(values, own), own.dtype)
            if self.masks:
                mask = values != 0 if mask is None and values is not None and not given.masks else mask
                plainly_dense = not self.where and not given.single and mask is not None and np.all(mask)
                if mask is not None and not plainly_dense:
                    masks[p.path] = jnp.asarray(fitted(np.asarray(mask), p.shape, p.path, given.source))
        if self.weights is True and not self.where and not given.single:
            matrices = {p.path for p in prunables}
            for path, array in flatten(fresh).items():
                if path not in matrices and path in given.weights:
                    laid[path] = jnp.asarray(fitted(given.weights[path], array.shape, path, given.source), array.dtype)
        empty = [path for path, mask in masks.items() if not mask.any()]
        if empty:
            raise SpecError(f"{given.source} leaves no weight in {', '.join(empty)}")
        return Laid(replace(fresh, laid), masks, tuple(p.path for p in picked))

    def _taken(self, values: np.ndarray, fresh: np.ndarray) -> np.ndarray:
        if self.weights is True:
            return values
        return np.where(values == 0, fresh, np.abs(fresh) * np.sign(values)) if self.weights == "signs" else fresh


def scaled(weights: Weights, masks: Masks, paths: Iterable[str], radius: float) -> Weights:
    """Weights with the matrices at the paths scaled, every gate by itself, so that what their masks leave has the
    spectral radius. SpecError for one that is not square or has radius 0 (no cycle: no factor would do)."""
    new = {}
    for path in paths:
        own = np.asarray(get(weights, path))
        if own.shape[-1] != own.shape[-2]:
            raise SpecError(f"radius: {path} has shape {own.shape} and no eigenvalues; say where")
        factors = []
        for gate, matrix in enumerate(own * np.asarray(masks.get(path, True))):
            found = spectral_radius(matrix)
            if not found > 0:
                raise SpecError(f"radius: {path} (gate {gate}) has spectral radius {found:g}, which no factor changes")
            factors.append(radius / found)
        new[path] = jnp.asarray(own * np.array(factors)[:, None, None], own.dtype)
    return replace(weights, new)
