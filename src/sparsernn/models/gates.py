"""What gated cells share: the connectome of one gate, or of all gates together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsernn.connectome import Connectome
from sparsernn.errors import SpecError
from sparsernn.weights import Array, Weights


def gated_connectome(weights: Weights, names: Sequence[str], gate: int | None) -> Connectome:
    """Return the connectome of a gated cell.

    Args:
        weights: with an array ``recurrent`` (gates, H, H) and perhaps ``input`` (gates or fewer, H, inputs). An input
            array with fewer gates belongs to the first ones; the other gates have no input.
        names: what the gates are called, in order.
        gate: 0, 1, ... for one gate; None for the absolute values summed over all gates (unsigned).

    Raises:
        SpecError: for a gate that the cell does not have.
    """
    if gate is not None and gate not in range(len(names)):
        raise SpecError(f"gate is 0..{len(names) - 1} ({', '.join(names)}) or None, got {gate}")

    def of(array: Array) -> np.ndarray:
        array = np.asarray(array)
        if gate is None:
            return np.abs(array).sum(axis=0)
        return array[gate] if gate < len(array) else np.zeros(array.shape[1:], array.dtype)

    inputs = of(weights["input"]) if "input" in weights else None
    note = f"sum over the {len(names)} gates of |W| (unsigned)" if gate is None else f"the {names[gate]} gate"
    return Connectome(of(weights["recurrent"]), inputs, None, note)
