"""Signs that stay: a weight that would cross 0 stops there; by source this is Dale's law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn import rng
from sparsernn.errors import SpecError
from sparsernn.masks import Masks, Prunable, chosen, exact_count
from sparsernn.rules import holds, within
from sparsernn.spec import Checked
from sparsernn.training.given import Given, fitted, read_given
from sparsernn.weights import Array, Weights, get, replace


@dataclass(frozen=True)
class Signs(Checked):
    """Weights that keep their signs while they learn; by source this is Dale's law.

    After every update a weight of the wrong sign is set to 0, the nearest allowed value, inside its mask; it may grow
    again on its own side. Training begins with each weight's size and the sign that is held. In rounds the signs are
    those of the first training.

    Args:
        where: roles or paths of the matrices.
        by: "entry": every entry keeps its sign. "source": all that a unit sends, through all gates and all matrices of
            `where`, has one sign: that of the sum of what it sends at first (0: positive).
        kept: whose signs they are: "initial", those of the first weights; or the path of a file or run, read as
            `Initial.source` is (entries of 0 take the sign of the initial weight).
        excitatory: by source: exactly this share of the units, drawn by seed, is positive. None: as said above.
        balanced: with `excitatory` = f and fresh weights: positive ones begin 2 (1 - f) times as large and negative
            ones 2 f times, so that both cancel on average. Else a network of 80 % positive units begins with a large
            positive mean and runs away. As Song et al. 2016, doi 10.1371/journal.pcbi.1004792.
    """

    where: tuple[str, ...] = ("recurrent",)
    by: Literal["source", "entry"] = "source"
    kept: str = "initial"
    excitatory: float | None = None
    balanced: bool = True

    rules = (
        within("[0, 1]", "excitatory"),
        holds(
            lambda by, excitatory: excitatory is None or by == "source",
            "excitatory is a share of the sources; give by: source, or leave it out",
        ),
        holds(
            lambda kept, excitatory: excitatory is None or kept == "initial",
            "excitatory draws the signs and kept reads them; give one of them",
        ),
    )

    def read(self) -> Given | None:
        """Read the file or run that holds the signs; None: they are those of the initial weights."""
        return None if self.kept == "initial" else read_given(self.kept)

    def sizes(self, fresh: bool) -> tuple[float, float]:
        """Return the factors of the sizes of positive and of negative weights at the beginning."""
        share = self.excitatory
        if not fresh or not self.balanced or share is None or share in (0, 1):
            return 1.0, 1.0
        return 2 * (1 - share), 2 * share

    def held(self, seed: int, prunables: tuple[Prunable, ...], weights: Weights, masks: Masks) -> Masks:
        """Return, by path, the signs (int8, 1 or -1) that every entry of the matrices keeps.

        `weights`: the dense initial ones; `masks`: those that were given.
        """
        matrices, given = chosen(prunables, self.where), self.read()
        values: dict[str, np.ndarray] = {}
        for p in matrices:
            own = np.asarray(get(weights, p.path)) * np.asarray(masks.get(p.path, True))
            if given is not None:
                found = given.matrix(p.path)
                if found is None or (given.single and len(matrices) > 1):
                    raise SpecError(
                        f"{given.source} does not say the signs of {p.path}; name what it holds with where: [PATH]"
                    )
                read = fitted(found, p.shape, p.path, given.source)
                own = np.where(read == 0, 0 if self.by == "source" else own, read)
            values[p.path] = own
        if self.by == "entry":
            dense = {p.path: np.asarray(get(weights, p.path)) for p in matrices}
            return {path: _signs(np.where(v == 0, dense[path], v)) for path, v in values.items()}
        units = self._units(seed, matrices, values)
        return {p.path: _signs(np.broadcast_to(units[_source(p)], p.shape)) for p in matrices}

    def _units(self, seed: int, matrices: tuple[Prunable, ...], values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return a number of the right sign for every unit of every population."""
        sums: dict[str, np.ndarray] = {}
        for p in matrices:
            sums[_source(p)] = sums.get(_source(p), np.zeros(p.source)) + values[p.path].sum(axis=(0, 1))
        if self.excitatory is None:
            return sums
        drawn = {}
        for name, numbers in sums.items():
            count = exact_count(self.excitatory, len(numbers)) if self.excitatory else 0
            order = np.asarray(jax.random.permutation(rng.key(seed, "signs", name), len(numbers)))
            drawn[name] = np.where(order < count, 1.0, -1.0)
        return drawn


def _source(p: Prunable) -> str:
    return p.source_of or p.path


def _signs(values: np.ndarray) -> jax.Array:
    return jnp.where(jnp.asarray(values) < 0, -1, 1).astype(jnp.int8)


def turned(weights: Weights, signs: Mapping[str, Array], sizes: tuple[float, float] = (1.0, 1.0)) -> Weights:
    """Return the weights with the signs that are held, as a training begins: sizes times those of `Signs.sizes`."""
    new = {}
    for path, s in sorted(signs.items()):
        size = jnp.abs(get(weights, path))
        new[path] = jnp.where(s > 0, sizes[0] * size, -sizes[1] * size).astype(size.dtype)
    return replace(weights, new)


def projected(weights: Weights, signs: Mapping[str, Array]) -> Weights:
    """Return the weights with those of the wrong sign set to 0, and all others as they are, bit for bit."""
    moved = {}
    for path, s in sorted(signs.items()):
        w = get(weights, path)
        moved[path] = jnp.where(w * s < 0, jnp.zeros_like(w), w)
    return replace(weights, moved)
