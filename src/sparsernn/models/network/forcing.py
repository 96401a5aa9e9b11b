"""Moving the observed part of a network's state to data."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from sparsernn.linear import Knockout
from sparsernn.models.base import State
from sparsernn.models.network.wiring import Wiring
from sparsernn.weights import Weights


class Forced(Wiring):
    """`impose`, for cells whose first units are the observation and for those read linearly."""

    def impose(
        self, weights: Weights, states: tuple[State, ...], observation: jax.Array, alpha: Any, inverse: Any = None
    ) -> tuple[State, ...]:
        """Move the observed part of the state to ``(1 - alpha) y + alpha observation``, the rest kept."""
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
        """Transposed pseudo-inverse of the read-out, (outputs, hidden): ``(B B' + r I)^-1 B``; None if identity.

        The small ridge r = 1e-6 tr(B B') / outputs keeps it finite where pruning has emptied a row. With a `Knockout`
        of read-out weights one inverse for each removal, (removals, outputs, hidden).
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
