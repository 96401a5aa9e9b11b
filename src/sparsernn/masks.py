"""Which weights exist: boolean arrays beside the weights, and the one place where ``W * M`` is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np

from sparsernn.errors import SpecError, nearest
from sparsernn.weights import Array, IntLike, Weights, get, replace

Role = Literal["recurrent", "input", "readout", "embedding"]
ROLES: tuple[Role, ...] = ("recurrent", "input", "readout", "embedding")

DENOMINATOR = 40_000  # its square fits an int32

Masks = dict[str, Any]
"""A matrix's path to a Boolean array of the same shape. A matrix whose path is missing here is dense."""


class Prunable(NamedTuple):
    """A matrix that may be made sparse: an array of shape ``(gates, target, source)``.

    Args:
        path: where the array stands among the weights, such as ``cell0/recurrent``.
        role: what the matrix is for.
        gates: number of gates: 1 for a plain RNN, 4 for an LSTM.
        target: number of units that the matrix leads to.
        source: number of units that it multiplies.
        observed: with an identity read-out, how many of the first target units are the recorded variables; else 0.
        source_of, target_of: names of the two populations that it connects (``tokens``, ``input``, ``cell0``, ...,
            ``output``), by which the matrices of a whole network can be put together.
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
        """``(gates, target, source)``."""
        return (self.gates, self.target, self.source)

    @property
    def size(self) -> int:
        """Number of entries, zeros included."""
        return self.gates * self.target * self.source


def apply(weights: Weights, masks: Mapping[str, Array]) -> Weights:
    """Return the weights with every masked matrix multiplied by its mask, ``W * M``.

    It is called once per forward pass, never per time step. Cost: O(entries).
    """
    return replace(weights, {path: get(weights, path) * mask for path, mask in masks.items()})


def chosen(prunables: Iterable[Prunable], where: Iterable[str]) -> tuple[Prunable, ...]:
    """Return the prunables whose role or path is in `where`, in network order.

    SpecError if `where` is empty, or if an entry of it names no matrix.
    """
    prunables, where = tuple(prunables), tuple(where)
    names = {p.path: (p.path,) for p in prunables} | by_role(prunables)
    try:
        paths = named(where, names) if where else ()
    except SpecError:
        paths = ()
    if not paths:
        have = ", ".join(f"{p.path} ({p.role})" for p in prunables)
        hint = nearest(next(name for name in where if name not in names), names) if where else ""
        raise SpecError(f"where={list(where)} names no matrix of this network{hint}; it has: {have}")
    return tuple(p for p in prunables if p.path in paths)


def by_role(prunables: Iterable[Prunable]) -> dict[str, tuple[str, ...]]:
    """Return the paths of the matrices of every role that there is."""
    found: dict[str, tuple[str, ...]] = {}
    for p in prunables:
        found[p.role] = (*found.get(p.role, ()), p.path)
    return found


def named(names: Iterable[str], known: Mapping[str, tuple[str, ...]], of: str = "network") -> tuple[str, ...]:
    """Return the paths that names mean, each once: the one place in which a spec's names of arrays are understood.

    Args:
        names: as a spec gives them, such as ``recurrent`` or ``cell0/bias``.
        known: every name that there is, and the paths that it means.
        of: what has the arrays, for the message.

    Raises:
        SpecError: with a problem for every name that is not known.
    """
    names = tuple(names)
    if problems := [f'"{n}" names no array of this {of}{nearest(n, known)}' for n in names if n not in known]:
        raise SpecError(problems)
    return tuple(dict.fromkeys(path for name in names for path in known[name]))


def nonzeros(masks: Masks) -> int:
    """Count the ones of all masks together."""
    return int(sum(np.count_nonzero(np.asarray(mask)) for mask in masks.values()))


def exact_count(density: float, size: int) -> int:
    """Return how many of `size` entries exist at a density: ``density * size``, rounded half to even.

    SpecError unless 0 < density <= 1 and at least one entry is left.
    """
    count = round_fraction(size, *ratio(density)) if 0 < density <= 1 else round(density * size)
    if not 0 < density <= 1 or count < 1:
        raise SpecError(
            f"density {density} of a matrix with {size} entries would leave {max(count, 0)} weights; "
            f"it must lie in (0, 1] and leave at least one: try {1 / size:.3g} or more"
        )
    return int(count)


def ratio(share: float | tuple[IntLike, IntLike]) -> tuple[IntLike, IntLike]:
    """Return a share in [0, 1] as (numerator, denominator): the nearest fraction with a denominator up to 40,000.

    Shares with up to four decimals are exact. A tuple is returned as it is: it is a fraction already, made when the
    share became an operand, and may be traced.
    """
    if isinstance(share, tuple):
        return share
    return Fraction(share).limit_denominator(DENOMINATOR).as_integer_ratio()


def round_fraction(total: IntLike, numerator: IntLike, denominator: IntLike) -> Any:
    """Return ``total * numerator / denominator``, rounded half to even, without overflowing 32-bit integers.

    Plain and traced integers give the same result, which products of floats would not. Every argument may be an array.
    """
    whole, over = total // denominator, total % denominator * numerator
    down, twice = whole * numerator + over // denominator, 2 * (over % denominator)
    return down + ((twice > denominator) | ((twice == denominator) & (down % 2 == 1)))


def dense(prunables: Iterable[Prunable]) -> Masks:
    """Return a mask of ones for every matrix."""
    return {p.path: jnp.ones(p.shape, bool) for p in prunables}
