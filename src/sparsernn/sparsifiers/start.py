"""Masks to begin with: how many weights each matrix gets, and which."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError
from sparsernn.masks import Masks, Prunable, exact_count
from sparsernn.registry import Registry
from sparsernn.rng import named
from sparsernn.sparsifiers import STARTS
from sparsernn.sparsifiers.select import among, lowest
from sparsernn.spec import Part


class AbstractStart(Part):
    """Exact numbers of ones, at uniformly random positions unless a member says otherwise."""

    registry = Registry("start", STARTS)
    square: ClassVar[bool] = False
    """Only for matrices from units to the same units (graphs); `counts` then raises SpecError for others."""

    @abc.abstractmethod
    def counts(self, prunables: tuple[Prunable, ...], density: float) -> dict[str, int]:
        """Path to the number of ones. SpecError if `density` leaves a matrix without any."""

    def masks(self, key: jax.Array, prunables: tuple[Prunable, ...], density: float) -> Masks:
        """The masks. The gates of a matrix are drawn together, so they share its ones unevenly. Cost: O(entries)."""
        counts = self.counts(prunables, density)
        masks: Masks = {}
        for p in prunables:
            scores = {p.path: jax.random.bits(named(key, "start", p.path), p.shape)}
            masks |= among(lowest, scores, {p.path: jnp.ones(p.shape, bool)}, counts[p.path])
        return masks


@dataclass(frozen=True)
class Uniform(AbstractStart):
    """The same density in every matrix: round-half-even(density * size) ones each."""

    def counts(self, prunables: tuple[Prunable, ...], density: float) -> dict[str, int]:
        return {p.path: exact_count(density, p.size) for p in prunables}


@dataclass(frozen=True)
class ErdosRenyi(AbstractStart):
    r"""Small matrices denser: ``ones_i = min(size_i, eps (gates_i target_i + source_i))``, that is a density
    proportional to ``(out + in) / (out in)`` with all gates of a matrix stacked on its output side.

    eps is such that the total is exactly round-half-even(density * total size): fractional ones are rounded down and
    the largest remainders rounded up. One matrix alone: the same as uniform. Source: Mocanu et al., SET, arXiv
    1707.04780 (there entries are Bernoulli and the total is random); capped as in RigL, arXiv 1911.11134.
    """

    def counts(self, prunables: tuple[Prunable, ...], density: float) -> dict[str, int]:
        sizes = np.array([p.size for p in prunables])
        units = np.array([p.gates * p.target + p.source for p in prunables], float)
        total = exact_count(density, int(sizes.sum()))
        ones, free = sizes.astype(float), np.ones(len(sizes), bool)
        while free.any():
            ones[free] = (total - sizes[~free].sum()) * units[free] / units[free].sum()
            full = free & (ones >= sizes)
            ones[full] = sizes[full]
            if not full.any():
                break
            free &= ~full
        counts = np.floor(ones + 1e-9).astype(int)
        for i in np.argsort(counts - ones, kind="stable")[: total - counts.sum()]:
            counts[i] += 1
        empty = [p.path for p, n in zip(prunables, counts, strict=True) if n < 1]
        if empty:
            raise SpecError(f"density {density} leaves no weight in {', '.join(empty)}; try a larger one")
        return {p.path: int(n) for p, n in zip(prunables, counts, strict=True)}
