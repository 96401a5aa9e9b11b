"""NumPy's .npy and .npz, without pickles and without believing the header."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.lib import format as npy_format

from sparsernn.errors import DataError, SpecError, nearest
from sparsernn.files.columns import Table, pick
from sparsernn.files.limits import unpacked_limit, unreadable

MEMBERS = 10_000
HEADER = 1 << 16


class Header(NamedTuple):
    """What a .npy file says of its array: shape, whether the first axis runs fastest, type."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype


def read_npy(path: Path, columns: Sequence[str | int] | None, variable: str | None) -> Table:
    """The array of a .npy file. DataError for pickled objects, text, a header that claims too much."""
    if variable is not None:
        raise SpecError(f'{path} holds one array without a name; leave variable="{variable}" out')
    try:
        with path.open("rb") as file:
            array = _array(file, path.stat().st_size, str(path))
    except OSError as error:
        raise unreadable(path, error) from None
    return pick(array, columns, str(path))


def read_npz(path: Path, columns: Sequence[str | int] | None, variable: str | None) -> Table:
    """One array of a .npz file: `variable`, or the only one with more than one element. DataError as `read_npy`."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {i.filename.removesuffix(".npy"): i for i in archive.infolist() if i.filename.endswith(".npy")}
            if not members:
                raise DataError(f"{path} is a zip file without NumPy arrays")
            if len(members) > MEMBERS:
                raise DataError(f"{path} holds {len(members):,} arrays; at most {MEMBERS:,} are looked at")
            name = variable if variable is not None else _only(archive, members, path)
            if name not in members:
                raise SpecError(f'{path}: no array "{name}"{nearest(name, members)}')
            info = members[name]
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise DataError(f'{path}: "{name}" is compressed in a way NumPy does not use; save it again with NumPy')
            limit = unpacked_limit(info.compress_size)
            if info.file_size > limit:
                raise DataError(
                    f'{path}: the array "{name}" would unfold from {info.compress_size:,} to {info.file_size:,} bytes, '
                    f"more than the {limit:,} allowed; if it is genuine, save it as .npy"
                )
            with archive.open(info) as file:
                array = _array(file, info.file_size, f'{path}, array "{name}"')
    except (DataError, SpecError):
        raise
    except Exception as error:  # zipfile and zlib raise many things over a damaged file
        raise unreadable(path, error) from None
    return pick(array, columns, str(path), (name,))


def _only(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], path: Path) -> str:
    """The only array that can be a series; scalars such as a sampling rate do not count."""
    shapes = {}
    for name, info in members.items():
        with archive.open(info) as file:
            shapes[name] = _header(file, f'{path}, array "{name}"').shape
    series = [name for name, shape in shapes.items() if math.prod(shape) > 1] or list(shapes)
    if len(series) > 1:
        known = ", ".join(f"{name} {shapes[name]}" for name in series[:20])
        raise DataError(f"{path} holds several arrays; choose one with variable=: {known}")
    return series[0]


def _header(file: IO[bytes], source: str) -> Header:
    """The header; leaves the stream at the data. Reads no more than 64 KiB, whatever length the header claims."""
    start = io.BytesIO(file.read(HEADER))
    try:
        version = npy_format.read_magic(start)
        if version in ((1, 0), (2, 0)):
            read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
            header = Header(*read(start))
            file.seek(start.tell())
            return header
    except Exception as error:  # NumPy parses the header as Python literals, which fails in many ways
        raise DataError(f"{source} is no NumPy array: {' '.join(str(error).split())[:200]}") from None
    raise DataError(f"{source}: format version {version} is not read (NumPy uses it for records only)")


def _array(file: IO[bytes], size: int, source: str) -> np.ndarray:
    """The array of a stream of `size` bytes. Nothing is allocated before the header agrees with the size."""
    shape, fortran, dtype = _header(file, source)
    if dtype.hasobject:
        raise DataError(
            f"{source} holds Python objects (a pickle), which are never read; save numbers: x.astype(float)"
        )
    if dtype.kind not in "biufc":
        raise DataError(f"{source} has dtype {dtype}; expected numbers")
    if any(n < 0 for n in shape):
        raise DataError(f"{source} claims the impossible shape {shape}")
    need, have = math.prod(shape) * dtype.itemsize, size - file.tell()
    if need > have:
        raise DataError(f"{source} is truncated: its header claims {need:,} bytes (shape {shape}), {have:,} are there")
    data = file.read(need)
    if len(data) < need:
        raise DataError(f"{source} is truncated: its header claims {need:,} bytes (shape {shape}), {len(data):,} came")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
