"""Arrays in safetensors files: written atomically with a content hash, read with nothing taken on trust."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from sparsernn.errors import DataError, SpecError
from sparsernn.files.atomic import write_bytes
from sparsernn.files.limits import regular_file, unreadable

HASH = "sha256"
HEADER_BYTES = 100_000_000
DTYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "U32": "uint32",
    "I32": "int32",
    "U64": "uint64",
    "I64": "int64",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
}
"""What is read and written; others (BF16, F8, C64) may be described but not read."""


class Tensor(NamedTuple):
    """What the header says of one array. `dtype` is NumPy's name where NumPy has it, else safetensors' own."""

    dtype: str
    shape: tuple[int, ...]
    bytes: int


class Description(NamedTuple):
    """The header of a file: `tensors` by name, `metadata` without the content hash, `sha256` (None: none stored)."""

    tensors: dict[str, Tensor]
    metadata: dict[str, str]
    sha256: str | None


def content_hash(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> str:
    """sha256 (hex) over name, dtype, shape and bytes of the arrays, sorted by name, then the metadata (None: without
    them, as files of older versions have it). O(bytes)."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        array = _little_endian(name, array)
        digest.update(json.dumps([name, array.dtype.name, array.shape]).encode())
        digest.update(array.tobytes())
    if metadata is not None:
        digest.update(json.dumps(dict(metadata), sort_keys=True).encode())
    return digest.hexdigest()


def write(path: str | Path, arrays: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> None:
    """Write arrays (NumPy's or JAX's) and text metadata atomically, with the hash of both as metadata ``sha256``.

    Equal content gives equal bytes. SpecError for a dtype outside `DTYPES` and for metadata that are no text or use
    the name ``sha256``; StoreError for a full disk.
    """
    write_bytes(path, dump(path, arrays, metadata))


def dump(path: str | Path, arrays: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> bytes:
    """What `write` writes; `path` only names the file in errors."""
    metadata = dict(metadata or {})
    if HASH in metadata or not all(isinstance(t, str) for pair in metadata.items() for t in pair):
        raise SpecError(f'{path}: metadata are text by name, and "{HASH}" is the name of the content hash')
    plain = {name: _little_endian(name, array) for name, array in arrays.items()}
    raw = save(plain, {**metadata, HASH: content_hash(plain, metadata)})
    end = 8 + int.from_bytes(raw[:8], "little")
    # the library writes metadata in the order of a hash table, which differs from process to process
    header = json.dumps(json.loads(raw[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return b"".join((len(header).to_bytes(8, "little"), header, memoryview(raw)[end:]))


def read(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and the metadata without the content hash, which is checked where there is one.

    DataError for a file that is truncated, damaged, of another format or of a dtype NumPy has not.
    """
    path = regular_file(path)
    try:
        return parse(path.read_bytes(), path)
    except OSError as error:
        raise unreadable(path, error) from None


def parse(raw: bytes, path: str | Path, sealed: bool = False) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """`read` of bytes already read. `sealed`: a hash of arrays and metadata must be there, as `write` puts it."""
    path = Path(path)
    described = _described(raw[: 8 + HEADER_BYTES], len(raw), path)
    foreign = sorted({t.dtype for t in described.tensors.values()} - set(DTYPES.values()))
    if foreign:
        raise DataError(f"{path} holds arrays of type {', '.join(foreign)}, which cannot be read; save them as float32")
    try:
        arrays = load(raw)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise unreadable(path, error) from None
    if sealed or described.sha256 is not None:
        whole = described.sha256 == content_hash(arrays, described.metadata)
        if not whole and (sealed or described.sha256 != content_hash(arrays)):
            raise DataError(
                f"{path} is damaged: its content does not have the sha256 stored with it; restore or remove it"
            )
    return arrays, described.metadata


def describe(path: str | Path) -> Description:
    """Names, dtypes, shapes and metadata from the header alone: nothing of the arrays is read. DataError as `read`."""
    path = regular_file(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(8)
            head += file.read(min(int.from_bytes(head, "little"), HEADER_BYTES))
    except OSError as error:
        raise unreadable(path, error) from None
    return _described(head, size, path)


def _described(head: bytes, size: int, path: Path) -> Description:
    """From the first bytes of a file of `size` bytes."""
    try:
        length = int.from_bytes(head[:8], "little")
        if length > min(size - 8, HEADER_BYTES):
            raise DataError(f"{path} is truncated or no safetensors file: its header would have {length:,} bytes")
        header = json.loads(head[8 : 8 + length].decode())
        stored = header.pop("__metadata__", {})
        if not all(isinstance(t, str) for pair in stored.items() for t in pair):
            raise ValueError("metadata that are no text")
        tensors = {name: _tensor(entry, size - 8 - length) for name, entry in header.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{path} is no safetensors file, or a damaged one: {reason}") from None
    sha256 = stored.pop(HASH, None)
    return Description(tensors, stored, sha256)


def _tensor(entry: Any, available: int) -> Tensor:
    dtype, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or not all(type(n) is int and n >= 0 for n in [*shape, begin, end]):
        raise ValueError("a header that is none")
    if not begin <= end <= available:
        raise ValueError(f"an array ends at byte {end:,} of {available:,}: the file is truncated")
    name = DTYPES.get(dtype, dtype)
    if dtype in DTYPES and math.prod(shape) * np.dtype(name).itemsize != end - begin:
        raise ValueError(f"an array of shape {tuple(shape)} and type {name} cannot have {end - begin:,} bytes")
    return Tensor(name, tuple(shape), end - begin)


def _little_endian(name: str, array: Any) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype.name not in DTYPES.values():
        raise SpecError(f'"{name}" has dtype {array.dtype}; a safetensors file holds {", ".join(DTYPES.values())}')
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
