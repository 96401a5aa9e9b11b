"""What a training goes on from: one file, the commit point, which also certifies history.csv up to a length."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from sparsernn.errors import DataError, StoreError
from sparsernn.files import safetensors_file
from sparsernn.runs.outcome import HISTORY, digest

CHECKPOINT = "checkpoint.safetensors"
AGAIN = "to begin this training again from its start"


class Checkpoint(NamedTuple):
    """Everything a training needs to go on: arrays by name and a few plain values (`step`, `history_bytes`, `best`)."""

    arrays: dict[str, np.ndarray]
    values: dict[str, Any]


def dump(checkpoint: Checkpoint, identity: str, history: bytes, path: Path) -> bytes:
    """Return the bytes of a checkpoint file.

    `history`: the content of history.csv up to ``values["history_bytes"]``.
    """
    values = checkpoint.values | {"history_sha256": digest(history)}
    about = {"run": identity, "values": json.dumps(values, sort_keys=True, allow_nan=False)}
    return safetensors_file.dump(path, checkpoint.arrays, about)


def parse(raw: bytes, identity: str, path: Path) -> Checkpoint:
    """Read the bytes of a checkpoint file. StoreError, with the way out, if it is damaged or of another run."""
    try:
        arrays, about = safetensors_file.parse(raw, path, sealed=True)
        if about.get("run") != identity:
            raise StoreError(f"{path} is the checkpoint of another run; delete that file {AGAIN}")
        values = json.loads(about["values"])
        _ = int(values["history_bytes"]), int(values["step"]), values["history_sha256"]
        _ = values["best"]["worth"], values["best"]["epoch"]
    except (DataError, KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{path} is damaged ({error}); delete that file {AGAIN}") from None
    return Checkpoint(arrays, values)


def certified(checkpoint: Checkpoint, history: bytes, directory: Path) -> bytes:
    """Return the part of history.csv that was there when the checkpoint was written.

    StoreError if it has changed since.
    """
    size, path = int(checkpoint.values["history_bytes"]), directory / HISTORY
    if len(history) < size:
        raise StoreError(
            f"{path} has {len(history)} bytes, its checkpoint was written at {size}; delete {CHECKPOINT} {AGAIN}"
        )
    if digest(history[:size]) != checkpoint.values["history_sha256"]:
        raise StoreError(f"{path} is not what it was when its checkpoint was written; delete {CHECKPOINT} {AGAIN}")
    return history[:size]


def pack(tree: Any) -> dict[str, np.ndarray]:
    """Return the leaves of a pytree by the path to them, as in ``weights/cell0/recurrent``."""
    return {_name(path): np.asarray(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def _name(path: Any) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="/")


def unpack(template: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Return a pytree like `template` with its leaves from `pack`.

    StoreError where a leaf is missing or is another array.
    """
    leaves = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(template):
        name = _name(path)
        found = arrays.get(name)
        if found is None or found.shape != np.shape(leaf) or found.dtype != leaf.dtype:
            got = "missing" if found is None else f"{found.dtype} {found.shape}"
            raise StoreError(
                f"the checkpoint does not fit this run: {name} is {got}, expected {leaf.dtype} {np.shape(leaf)}; "
                f"delete {CHECKPOINT} {AGAIN}"
            )
        leaves.append(jax.numpy.asarray(found))
    return jax.tree.unflatten(jax.tree.structure(template), leaves)
