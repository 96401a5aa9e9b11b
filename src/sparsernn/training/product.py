"""What a training makes, and the best of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from sparsernn.masks import Masks, apply
from sparsernn.runs.checkpoint import pack
from sparsernn.training.loop import Carry
from sparsernn.weights import Weights, flatten, under, unflatten


class Product(NamedTuple):
    """What a training makes: masked weights, their masks, and the trained arrays of the regularizers, by name.

    Where the optimizer averages, the weights are the averages.
    """

    weights: Weights
    masks: Masks
    trained: Mapping[str, Any]

    @classmethod
    def of(cls, carry: Carry) -> Product:
        masks = carry.masks
        return cls(apply(carry.opt_state.evaluated(carry.weights), masks), masks, pack(carry.trained))


class Best(NamedTuple):
    """The selected product so far: `worth` (lower is better, None: undefined or nothing selected yet) of `epoch`."""

    worth: float | None = None
    epoch: int = 0
    product: Product | None = None

    def arrays(self) -> dict[str, np.ndarray]:
        if self.product is None:
            return {}
        parts = {"weights": flatten(self.product.weights), "masks": self.product.masks, "trained": self.product.trained}
        return {f"best/{part}/{k}": np.asarray(v) for part, arrays in parts.items() for k, v in arrays.items()}

    @classmethod
    def restored(cls, values: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Best:
        weights, masks, trained = (under(arrays, f"best/{part}/") for part in ("weights", "masks", "trained"))
        return cls(values["worth"], values["epoch"], Product(unflatten(weights), masks, trained) if weights else None)
