"""Which weights exist: boolean arrays beside the weights, and the one place where ``W * M`` is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError, nearest
from sparsernn.weights import Weights, get, replace

Role = Literal["recurrent", "input", "readout", "embedding"]
ROLES: tuple[Role, ...] = ("recurrent", "input", "readout", "embedding")

DENOMINATOR = 40_000  # its square fits an int32

Masks = dict[str, Any]
"""Path to a boolean array of the same shape as the matrix; a matrix without an entry is dense."""


class Prunable(NamedTuple):
    """A matrix that may be made sparse: an array ``(gates, target, source)`` at `path`.

    A plain RNN has one gate, an LSTM four. `observed` says that the first `observed` units of its target side are the
    recorded variables (identity read-out); 0 otherwise. `source_of` and `target_of` name the populations it connects:
    ``tokens``, ``input``, ``cell0``, ..., ``output``, so that matrices of a whole network can be put together.
    """

    path: str
    role: Role
    gates: int
    target: int
    source: int
    observed: int = 0
    source_of: str = ""
    target_of: str = ""

    @property
    def shape(self) -> tuple[int, int, int]:
        return (self.gates, self.target, self.source)

    @property
    def size(self) -> int:
        return self.gates * self.target * self.source


def apply(weights: Weights, masks: Mapping[str, Any]) -> Weights:
    """``W * M`` for every masked matrix. Called once per forward pass, never per time step. Cost: O(entries)."""
    return replace(weights, {path: get(weights, path) * mask for path, mask in masks.items()})


def chosen(prunables: Iterable[Prunable], where: Iterable[str]) -> tuple[Prunable, ...]:
    """The prunables whose role or path is in `where`, in network order. SpecError if an entry names none."""
    prunables, where = tuple(prunables), tuple(where)
    known = {name for p in prunables for name in (p.role, p.path)}
    unknown = [name for name in where if name not in known]
    if unknown or not where:
        have = ", ".join(f"{p.path} ({p.role})" for p in prunables)
        hint = nearest(unknown[0], known) if unknown else ""
        raise SpecError(f"where={list(where)} names no matrix of this network{hint}; it has: {have}")
    return tuple(p for p in prunables if p.role in where or p.path in where)


def nonzeros(masks: Mapping[str, Any]) -> int:
    """Number of ones over all masks."""
    return int(sum(np.count_nonzero(np.asarray(mask)) for mask in masks.values()))


def exact_count(density: float, size: int) -> int:
    """The integer number of ones that `density` asks for: round half to even. 0 < density <= 1, at least one entry."""
    count = round_fraction(size, *ratio(density)) if 0 < density <= 1 else round(density * size)
    if not 0 < density <= 1 or count < 1:
        raise SpecError(
            f"density {density} of a matrix with {size} entries would leave {max(count, 0)} weights; "
            f"it must lie in (0, 1] and leave at least one: try {1 / size:.3g} or more"
        )
    return int(count)


def ratio(share: float | tuple[Any, Any]) -> tuple[Any, Any]:
    """A share in [0, 1] as the nearest fraction with a denominator up to 40,000; exact for four decimals. What is one
    already (a share that was made an operand, perhaps traced) stays."""
    if isinstance(share, tuple):
        return share
    return Fraction(share).limit_denominator(DENOMINATOR).as_integer_ratio()


def round_fraction(total: Any, numerator: Any, denominator: Any) -> Any:
    """``total * numerator / denominator`` rounded half to even, in integers that do not overflow 32 bits.

    Plain integers and traced ones give the same result, which products of floats would not. All may be arrays.
    """
    whole, over = total // denominator, total % denominator * numerator
    down, twice = whole * numerator + over // denominator, 2 * (over % denominator)
    return down + ((twice > denominator) | ((twice == denominator) & (down % 2 == 1)))


def dense(prunables: Iterable[Prunable]) -> Masks:
    """All ones."""
    return {p.path: jnp.ones(p.shape, bool) for p in prunables}
