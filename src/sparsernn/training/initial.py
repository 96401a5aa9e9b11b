"""Beginnings that are given: any mask, with its own weights, fresh ones, or fresh ones with its signs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError
from sparsernn.masks import Masks, Prunable
from sparsernn.rules import holds
from sparsernn.spec import Checked
from sparsernn.training.given import Given, fitted, meant, read_given
from sparsernn.weights import Weights, flatten, get, replace


class Laid(NamedTuple):
    """The dense values a training begins from, the masks that were given, by path, and all matrices that were."""

    weights: Weights
    masks: Masks
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Initial(Checked):
    """What the first training begins from instead of fresh weights. In a spec the field is written `from`; the place
    alone stands for ``{from: ...}``.

    `source`: a run directory (its selected weights and masks), a ``.safetensors`` file with paths as names, or any file
    with one matrix, rows being targets, columns sources. `where`: which matrices (roles or paths; empty: all that were
    given, or the recurrent one where a file holds a single matrix); without it weights that are no matrices (biases)
    are taken too.
    `masks`: only the weights exist that do there (of a file: that are not 0). They stay as they are, unless the
    sparsifier acts on the matrix: then it goes on from them. `weights`: true takes the values; ``signs`` gives fresh
    values the signs (0: the fresh sign); false leaves the fresh values.
    The hash of what was read belongs to the run's identity, its place does not.
    """

    source: str
    masks: bool = True
    weights: bool | Literal["signs"] = True
    where: tuple[str, ...] = ()

    rules = (holds(lambda masks, weights: masks or weights, "neither masks nor weights are taken; leave it out"),)

    @staticmethod
    def from_plain(value: Any) -> Any:
        if isinstance(value, str):
            return {"source": value}
        if isinstance(value, Mapping) and "from" in value and "source" not in value:
            return {"source" if k == "from" else k: v for k, v in value.items()}
        return value

    def read(self) -> Given:
        """What lies there. DataError, StoreError where it cannot be read."""
        return read_given(self.source)

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
