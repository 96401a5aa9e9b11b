"""Weights: nested dictionaries of arrays, and how to reach an array in them by its path.

The path of ``weights["cell0"]["recurrent"]`` is ``"cell0/recurrent"``. It is also the key in the safetensors file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

Array = jax.Array | np.ndarray
"""An array of JAX or of NumPy."""
IntLike = int | Array
"""An integer, or an integer array; inside a compiled function it may be traced."""
FloatLike = float | Array
"""A real number, or an array of them; inside a compiled function it may be traced."""
BoolLike = bool | Array
"""A truth value, or a Boolean array; inside a compiled function it may be traced."""
PyTree = Any
"""An array, or nested tuples, lists, dictionaries and named tuples of arrays, as JAX takes them."""
Weights = dict[str, Any]
"""A name to an array, or to a dictionary of the same kind."""


def flatten(weights: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn nested weights into one dictionary of path to array, in insertion order.

    `prefix` is put before every path.

    >>> flatten({"cell0": {"bias": 1.0}})
    {'cell0/bias': 1.0}
    """
    flat: dict[str, Any] = {}
    for name, value in weights.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{path}/"))
        else:
            flat[path] = value
    return flat


def unflatten(flat: Mapping[str, Any]) -> Weights:
    """Turn a dictionary of path to array into nested weights: the inverse of `flatten`."""
    weights: Weights = {}
    for path, value in flat.items():
        *rooms, name = path.split("/")
        place = weights
        for room in rooms:
            place = place.setdefault(room, {})
        place[name] = value
    return weights


def get(weights: Mapping[str, Any], path: str) -> Any:
    """Return the array at a path such as ``"cell0/recurrent"``. KeyError if there is none."""
    place: Any = weights
    for name in path.split("/"):
        place = place[name]
    return place


def replace(weights: Mapping[str, Any], new: Mapping[str, Any]) -> Weights:
    """Return a copy of the weights with other arrays at the given paths: ``replace(w, {"cell0/bias": b})``.

    KeyError for a path that the weights do not have. Arrays are not copied.
    """
    copy = {name: replace(value, {}) if isinstance(value, Mapping) else value for name, value in weights.items()}
    for path, value in new.items():
        *rooms, name = path.split("/")
        place = copy
        for room in rooms:
            place = place[room]
        if name not in place:
            raise KeyError(path)
        place[name] = value
    return copy


def under(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the arrays whose names begin with `prefix`, each under the rest of its name."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
