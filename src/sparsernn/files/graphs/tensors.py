"""Weight matrices among the arrays of a model: .safetensors, and PyTorch's .pt read without running what it says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError, SpecError, nearest
from sparsernn.files import safetensors_file
from sparsernn.files.graphs.wiring import Wiring, of_matrix

LISTED = 12


def read_safetensors(path: Path, key: str | None) -> Wiring:
    """The matrix `key`, or the only square one. Arrays of models are [target, source]."""
    arrays, _ = safetensors_file.read(path)
    return _picked(arrays, key, path)


def read_torch(path: Path, key: str | None) -> Wiring:
    """The same of a PyTorch file (a tensor, or dictionaries of tensors), loaded with ``weights_only=True``: numbers
    alone, no objects, no code. Needs the extra `torch`. DataError for what holds anything else."""
    try:
        import torch
    except ImportError:
        raise DataError(
            f"{path}: PyTorch files need PyTorch: pip install 'sparsernn[torch]', or save the matrix as .npy"
        ) from None
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # its unpickler raises many things over a damaged or foreign file
        reason = " ".join(str(error).split())[:200]
        raise DataError(
            f"{path} cannot be read as numbers alone (weights_only): {reason}; save model.state_dict() and no objects"
        ) from None
    arrays: dict[str, np.ndarray] = {}
    _collect(found, "", arrays)
    return _picked(arrays, key, path)


def _collect(found: Any, name: str, into: dict[str, np.ndarray]) -> None:
    if hasattr(found, "detach"):
        if not found.is_complex():
            into[name or "tensor"] = found.detach().to_dense().double().numpy()
    elif isinstance(found, Mapping):
        for key, value in found.items():
            _collect(value, f"{name}.{key}" if name else str(key), into)


def _picked(arrays: Mapping[str, np.ndarray], key: str | None, path: Path) -> Wiring:
    flat = {name: a[0] if a.ndim == 3 and len(a) == 1 else a for name, a in arrays.items()}
    if key is None:
        square = [name for name, a in flat.items() if a.ndim == 2 and a.shape[0] == a.shape[1] and len(a) > 1]
        if len(square) != 1:
            shapes = [f"{name} {' x '.join(map(str, a.shape))}" for name, a in list(arrays.items())[:LISTED]]
            how = "several square matrices" if square else "no square matrix"
            raise SpecError(f"{path} holds {how}; choose one with --key (in Python key): {', '.join(shapes)}")
        key = square[0]
    if key not in flat:
        raise SpecError(f'{path} holds no array "{key}"{nearest(key, flat)}')
    found = of_matrix(flat[key], f'{path}, array "{key}"', "target-source")
    return found._replace(notes=(f"the matrix is {key}",))
