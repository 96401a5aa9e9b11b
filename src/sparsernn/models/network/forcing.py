"""Forcing: moving the observed part of a network's state to data."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from sparsernn.linear import Knockout
from sparsernn.models.base import State
from sparsernn.models.network.wiring import Wiring
from sparsernn.weights import FloatLike, PyTree, Weights


class Forced(Wiring):
    """The part of a network that moves its state to data, whether the read-out is the identity or a matrix."""

    def impose(
        self,
        weights: Weights,
        states: tuple[State, ...],
        observation: jax.Array,
        alpha: FloatLike,
        inverse: PyTree = None,
    ) -> tuple[State, ...]:
        """Move the outputs y of the network to ``(1 - alpha) y + alpha observation``; keep the rest of the state.

        Args:
            weights: of the network.
            states: of all cells; that of the last is changed.
            observation: (..., outputs).
            alpha: 0 leaves the state as it is, 1 puts the observation in place of y.
            inverse: what `inverse` gives for these weights, if it is known already.
        """
        last = self.cells[-1]
        units = last.outputs(states[-1])
        seen = self.read(weights, units)
        gap = alpha * (observation - seen)
        if "readout" not in weights:  # y + (x - y) is not x in the last bits, and not at all where y overflows
            forced = units.at[..., : gap.shape[-1]].set(jnp.where(alpha == 1, observation, seen + gap))
        else:
            inverse = self.inverse(weights) if inverse is None else inverse
            each = inverse.ndim == 3  # one inverse for each removal of a read-out weight
            forced = units + (jnp.einsum("r...o,roh->r...h", gap, inverse) if each else gap @ inverse)
        return (*states[:-1], last.with_outputs(states[-1], forced))

    @staticmethod
    def inverse(weights: Weights) -> jax.Array | None:
        """Return the transposed pseudo-inverse of the read-out B: ``(B B' + r I)^-1 B``, (outputs, hidden).

        The small ridge r = 1e-6 tr(B B') / outputs keeps it finite where pruning has emptied a row. None if there is no
        read-out matrix. With a `Knockout` of read-out weights there is one inverse for each removal, (removals,
        outputs, hidden).
        """
        if "readout" not in weights:
            return None
        matrix = weights["readout"]["weights"]
        if isinstance(matrix, Knockout):
            removal = jnp.arange(matrix.gate.shape[0])
            b = jnp.broadcast_to(matrix.array[0], (removal.size, *matrix.array.shape[1:]))
            b = b.at[removal, matrix.target, matrix.source].set(0)
        else:
            b = matrix[0]
        gram = b @ b.mT
        ridge = 1e-6 * jnp.trace(gram, axis1=-2, axis2=-1)[..., None, None] / gram.shape[-1]
        return jnp.linalg.solve(gram + ridge * jnp.eye(gram.shape[-1]), b)
