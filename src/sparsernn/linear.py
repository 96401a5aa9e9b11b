"""The only way a cell multiplies a prunable matrix, so that "what if this weight were gone?" and "what does it
multiply?" are answered for every cell."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from sparsernn.errors import SpecError


class Knockout(NamedTuple):
    """A matrix from which row r of a leading axis has lost one entry: ``array[gate[r], target[r], source[r]]``.

    `array` is ``(gates, target, source)``, the three index arrays are ``(removals,)``. It stands where an array would
    stand in the weights; states (and a first observation) then carry a leading axis of `removals`. A target past the
    last row takes nothing away, so that the intact matrix can be one of the removals.
    """

    array: Any
    gate: Any
    target: Any
    source: Any


class Watched:
    """A matrix that notes what it is multiplied with: `seen` is a list of x, one for each use, in order.

    It stands where an array would stand in the weights, within one trace: no compiled loop may begin or end between its
    making and its reading, so a cell with sub-steps writes them as a Python loop.
    """

    def __init__(self, array: Any):
        self.array = array
        self.seen: list[jax.Array] = []


def gates(matrix: Any, which: slice) -> Any:
    """Some gates of a matrix (gates, target, source), to be multiplied with another x than the rest.

    `which` is a slice of constants. Of a `Knockout`: with the removals that fall among them; of a `Watched`: one that
    notes in the same list.
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


def linear(matrix: Any, x: jax.Array) -> jax.Array:
    """``y[..., g, t] = sum_s W[g, t, s] x[..., s]``: x is (..., source), the result (..., gates, target).

    With a `Knockout`, x is (removals, ..., source): the product is taken once for all removals, then every removal
    subtracts its own term ``w x[source]`` (a rank-one correction). Cost: that of the plain product plus O(removals);
    no copy of the matrix is made. SpecError if x has no such axis. A `Watched` matrix also notes x.
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


def lookup(matrix: Any, tokens: jax.Array, of: Literal["columns", "rows"] = "columns") -> jax.Array:
    """The product with the unit vector of each token, as a gather: ``y[..., t] = W[0, t, token]``, or with
    ``of="rows"`` ``y[..., s] = W[0, token, s]`` (a read-out that is also an embedding).

    matrix (1, target, source), tokens (...) integers, the result (..., target or source). With a `Knockout` of n
    weights (n, ..., ·). A `Watched` matrix read by columns notes the unit vectors; read by rows it notes nothing, since
    what it multiplies as a read-out is what counts.
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
