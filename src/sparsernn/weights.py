"""Weights: nested dictionaries of arrays. The path ``"cell0/recurrent"`` is also the key in the safetensors file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Weights = dict[str, Any]
"""``dict[str, Array | Weights]``."""


def flatten(weights: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"cell0": {"bias": b}}`` to ``{"cell0/bias": b}``, in insertion order."""
    flat: dict[str, Any] = {}
    for name, value in weights.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            flat.update(flatten(value, f"{path}/"))
        else:
            flat[path] = value
    return flat


def unflatten(flat: Mapping[str, Any]) -> Weights:
    """The inverse of `flatten`."""
    weights: Weights = {}
    for path, value in flat.items():
        *rooms, name = path.split("/")
        place = weights
        for room in rooms:
            place = place.setdefault(room, {})
        place[name] = value
    return weights


def get(weights: Mapping[str, Any], path: str) -> Any:
    """The array at ``"cell0/recurrent"``. KeyError if there is none."""
    place: Any = weights
    for name in path.split("/"):
        place = place[name]
    return place


def replace(weights: Mapping[str, Any], new: Mapping[str, Any]) -> Weights:
    """A copy in which the arrays at the given paths are exchanged: ``replace(w, {"cell0/bias": b})``."""
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
    """Those whose names begin with `prefix`, by the rest of their names."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
