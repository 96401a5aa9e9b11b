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
    """The masks that a training begins with: how many weights each matrix has, and where.

    The numbers are exact. Positions are uniformly random unless a member says otherwise.
    """

    registry = Registry("start", STARTS)
    square: ClassVar[bool] = False
    """Only for matrices from units to the same units (graphs); `counts` then raises SpecError for others."""

    @abc.abstractmethod
    def counts(self, prunables: tuple[Prunable, ...], density: float) -> dict[str, int]:
        """Return the number of ones of each matrix, by path.

        Args:
            prunables: the matrices.
            density: share of all their entries that exist, in (0, 1].

        Raises:
            SpecError: if a matrix would have none.
        """

    def masks(self, key: jax.Array, prunables: tuple[Prunable, ...], density: float) -> Masks:
        """Draw the masks. All gates of a matrix are drawn together, so some have more ones. Cost: O(entries)."""
        counts = self.counts(prunables, density)
        masks: Masks = {}
        for p in prunables:
            scores = {p.path: jax.random.bits(named(key, "start", p.path), p.shape)}
            masks |= among(lowest, scores, {p.path: jnp.ones(p.shape, bool)}, counts[p.path])
        return masks


@dataclass(frozen=True)
class Uniform(AbstractStart):
    """Every matrix has the same density: ``density * size`` ones, rounded half to even."""

    def counts(self, prunables: tuple[Prunable, ...], density: float) -> dict[str, int]:
        return {p.path: exact_count(density, p.size) for p in prunables}


@dataclass(frozen=True)
class ErdosRenyi(AbstractStart):
    r"""Small matrices are denser than large ones, by the rule of sparse Erdős–Rényi graphs.

    Matrix i has ``min(size_i, eps (gates_i target_i + source_i))`` ones: a density proportional to
    ``(out + in) / (out in)``, all gates of a matrix stacked on its output side. eps is such that the total is exactly
    ``density * total size``, rounded half to even: fractional ones are rounded down, those with the largest remainders
    up. One matrix alone is as with `uniform`.
    Source: Mocanu et al. 2018, SET, arXiv 1707.04780 (there entries are drawn one by one and the total is random);
    capped as in RigL, arXiv 1911.11134.
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
