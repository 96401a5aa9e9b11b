"""MATLAB's .mat up to version 7."""

from __future__ import annotations

import math
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError, SpecError, nearest
from sparsernn.files.columns import Table, pick
from sparsernn.files.limits import unpacked_limit, unreadable

NUMERIC = {"double", "single", "logical", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
HDF5 = b"\x89HDF\r\n\x1a\n"
COMPRESSED = 15


def read_mat(path: Path, columns: Sequence[str | int] | None, variable: str | None) -> Table:
    """One matrix of a .mat file (v4 to v7): `variable`, or the only numeric one with more than one element.

    A row vector becomes a column, as MATLAB knows no one-dimensional arrays. DataError for cells, structs, objects,
    text, sparse matrices, and for v7.3 (HDF5), with what to do about it.
    """
    from scipy.io import loadmat, whosmat

    try:
        with path.open("rb") as file:
            start = file.read(520)
            if HDF5 in (start[:8], start[512:520]):
                raise DataError(
                    f"{path} is a MATLAB 7.3 (HDF5) file, which is not read; in MATLAB: save('new.mat', 'x', '-v7'), "
                    "or in Python: numpy.save('x.npy', h5py.File(...)['x'][:].T)"
                )
            unpacked = _unpacked_size(path)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                file.seek(0)
                listing = whosmat(file, appendmat=False)
                name, shape = _which(listing, variable, path)
                if math.prod(shape) > unpacked:
                    raise DataError(f'{path}: the header of "{name}" claims shape {shape}, more than the file can hold')
                file.seek(0)
                values: Any = loadmat(file, appendmat=False, variable_names=[name])[name]
    except (DataError, SpecError):
        raise
    except Exception as error:  # scipy raises whatever its parsing meets in a damaged file
        raise unreadable(path, error) from None
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biufc":
        raise DataError(f'{path}: "{name}" is no matrix of numbers')
    if values.ndim == 2 and values.shape[0] == 1:
        values = values.T
    return pick(values, columns, str(path), (name,))


def _which(listing: list[tuple[str, tuple[int, ...], str]], variable: str | None, path: Path) -> tuple[str, tuple]:
    names = [name for name, _, _ in listing]
    known = ", ".join(f"{name} {shape} {kind}" for name, shape, kind in listing[:20]) or "nothing"
    if variable is not None:
        if variable not in names:
            raise SpecError(f'{path}: no variable "{variable}"{nearest(variable, names)}')
        series = [entry for entry in listing if entry[0] == variable]
    else:
        numeric = [entry for entry in listing if entry[2] in NUMERIC]
        series = [entry for entry in numeric if math.prod(entry[1]) > 1] or numeric
        if not series:
            raise DataError(f"{path} holds no matrix of numbers, only: {known}")
    if len(series) > 1:
        raise DataError(f"{path} holds several matrices; choose one with variable=: {known}")
    name, shape, kind = series[0]
    if kind not in NUMERIC:
        raise DataError(f'{path}: "{name}" is of class {kind}; expected a full matrix of numbers')
    return name, shape


def _unpacked_size(path: Path) -> int:
    """The bytes of all variables after decompression, which is done in small pieces and stopped at the limit."""
    size = path.stat().st_size
    total, limit = size, unpacked_limit(size)
    with path.open("rb") as file:
        order = {b"IM": "little", b"MI": "big"}.get(file.read(128)[126:128])
        while order and len(tag := file.read(8)) == 8:
            kind, length = (int.from_bytes(half, order) for half in (tag[:4], tag[4:]))  # type: ignore[arg-type]
            end = file.tell() + length
            unpacker = zlib.decompressobj()
            while kind == COMPRESSED and not unpacker.eof and (chunk := file.read(min(1 << 16, end - file.tell()))):
                while chunk:
                    total += len(unpacker.decompress(chunk, 1 << 20))
                    if total > limit:
                        raise DataError(f"{path} would unfold from {size:,} to more than the {limit:,} bytes allowed")
                    chunk = unpacker.unconsumed_tail
            file.seek(end)
    return total
