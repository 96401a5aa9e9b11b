"""What gated cells share: a connectome of one gate, or of all together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sparsernn.connectome import Connectome
from sparsernn.errors import SpecError
from sparsernn.weights import Weights


def gated_connectome(weights: Weights, names: Sequence[str], gate: int | None) -> Connectome:
    """Of a cell with arrays ``recurrent`` (gates, H, H) and perhaps ``input`` (gates or fewer, H, inputs): one gate
    (0, 1, ...; `names` says which), or for ``gate=None`` the absolute values summed over all (unsigned).

    An input array with fewer gates belongs to the first of them; the others then have no input. SpecError for a gate
    that the cell does not have.
    """
    if gate is not None and gate not in range(len(names)):
        raise SpecError(f"gate is 0..{len(names) - 1} ({', '.join(names)}) or None, got {gate}")

    def of(array: Any) -> np.ndarray:
        array = np.asarray(array)
        if gate is None:
            return np.abs(array).sum(axis=0)
        return array[gate] if gate < len(array) else np.zeros(array.shape[1:], array.dtype)

    inputs = of(weights["input"]) if "input" in weights else None
    note = f"sum over the {len(names)} gates of |W| (unsigned)" if gate is None else f"the {names[gate]} gate"
    return Connectome(of(weights["recurrent"]), inputs, None, note)
