"""The product of a prunable matrix and a vector. Every cell multiplies its prunable matrices through this file.

Therefore two questions can be asked of any cell without a change to it: what would happen without this weight
(`Knockout`), and what does this matrix multiply (`Watched`).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp

from sparsernn.errors import SpecError
from sparsernn.weights import Array


class Knockout(NamedTuple):
    """Many copies of one matrix, each without a single entry, kept as the matrix and the places of those entries.

    Copy r lacks ``array[gate[r], target[r], source[r]]``. A `Knockout` stands in the weights in place of the matrix;
    states (and a first observation) then have a leading axis of length `removals`, one row for each copy.

    Args:
        array: the matrix, (gates, target, source).
        gate, target, source: the places, integers (removals,). A target past the last row removes nothing, so that the
            intact matrix can be one of the copies.
    """

    array: Array
    gate: Array
    target: Array
    source: Array


class Watched:
    """A matrix that notes what it is multiplied with.

    `seen` lists every x that it has multiplied, in order. It stands in the weights in place of the matrix, and only
    within one trace: no compiled loop may begin or end between making it and reading `seen`. A cell with sub-steps
    therefore writes them as a Python loop.
    """

    def __init__(self, array: Array):
        self.array = array
        self.seen: list[jax.Array] = []


Matrix = Array | Knockout | Watched
"""What may stand in the weights for a prunable matrix (gates, target, source)."""


def gates(matrix: Matrix, which: slice) -> Matrix:
    """Take some gates of a matrix (gates, target, source), to multiply them with another x than the rest.

    Args:
        matrix: an array, a `Knockout` or a `Watched` one.
        which: a slice of constants, such as ``slice(0, 3)``.

    Returns:
        A matrix of the same kind. That of a `Knockout` has the same number of removals; those in other gates remove
        nothing. That of a `Watched` matrix notes in the same list.
    """
    if isinstance(matrix, Watched):
        some = Watched(matrix.array[which])
        some.seen = matrix.seen
        return some
    if not isinstance(matrix, Knockout):
        return matrix[which]
    array, gate, target, source = matrix
    first, last, _ = which.indices(array.shape[0])
    here = (gate >= first) & (gate < last)
    return Knockout(array[which], jnp.where(here, gate - first, 0), jnp.where(here, target, array.shape[1]), source)


def linear(matrix: Matrix, x: jax.Array) -> jax.Array:
    """Multiply a matrix with x: ``y[..., g, t] = sum_s W[g, t, s] x[..., s]``.

    With a `Knockout` the product is taken once for all removals; then every removal subtracts its own term
    ``w x[source]`` (a rank-one correction). No copy of the matrix is made. A `Watched` matrix also notes x.

    Args:
        matrix: (gates, target, source), as an array, a `Knockout` or a `Watched` one.
        x: (..., source); with a `Knockout` (removals, ..., source).

    Returns:
        (..., gates, target). Cost: the plain product, and O(removals) for a `Knockout`.

    Raises:
        SpecError: if x lacks the axis of removals.
    """
    if isinstance(matrix, Watched):
        matrix.seen.append(x)
        matrix = matrix.array
    if not isinstance(matrix, Knockout):
        gates, target, source = matrix.shape
        return (x @ matrix.reshape(gates * target, source).T).reshape(*x.shape[:-1], gates, target)
    array, gate, target, source = matrix
    if x.ndim < 2 or x.shape[0] != gate.shape[0]:
        raise SpecError(
            f"a knockout of {gate.shape[0]} weights needs states with a leading axis of {gate.shape[0]}, "
            f"got {x.shape}; broadcast the states before the run"
        )
    array, x, removal = jnp.asarray(array), jnp.asarray(x), jnp.arange(gate.shape[0])
    lost = array[gate, target, source].reshape(-1, *(1,) * (x.ndim - 2)) * x[removal, ..., source]
    return linear(array, x).at[removal, ..., gate, target].add(-lost)


def lookup(matrix: Matrix, tokens: jax.Array, of: Literal["columns", "rows"] = "columns") -> jax.Array:
    """Return the column (or row) of a matrix that belongs to each token.

    ``y[..., t] = W[0, t, token]``, or with ``of="rows"`` ``y[..., s] = W[0, token, s]``. It equals the product with the
    token's unit vector, without making that vector. A `Watched` matrix read by columns notes the unit vectors. Read by
    rows it notes nothing: there it is a read-out that also serves as embedding, and `linear` notes what it multiplies.

    Args:
        matrix: (1, target, source), as an array, a `Knockout` or a `Watched` one.
        tokens: integers, any shape (...).
        of: "columns", or "rows" for a read-out that is also the embedding.

    Returns:
        (..., target), by rows (..., source); with a `Knockout` of n weights a leading axis n before these.
    """
    if isinstance(matrix, Watched):
        if of == "columns":
            matrix.seen.append(jax.nn.one_hot(tokens, matrix.array.shape[-1]))
        matrix = matrix.array
    if not isinstance(matrix, Knockout):
        return matrix[0][tokens] if of == "rows" else jnp.moveaxis(jnp.take(matrix[0], tokens, axis=1), 0, -1)
    array, gate, target, source = matrix
    word, place = (target, source) if of == "rows" else (source, target)
    removal, axes = jnp.arange(gate.shape[0]), (1,) * tokens.ndim
    lost = array[gate, target, source].reshape(-1, *axes) * (tokens[None] == word.reshape(-1, *axes))
    baseline = lookup(array, tokens, of)
    return jnp.broadcast_to(baseline, (gate.shape[0], *baseline.shape)).at[removal, ..., place].add(-lost)
