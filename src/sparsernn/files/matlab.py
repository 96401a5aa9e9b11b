"""MATLAB's .mat: up to version 7 by SciPy, version 7.3 by HDF5."""

from __future__ import annotations

import math
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files import child, hdf5
from sparsernn.files.columns import RawTable, pick
from sparsernn.files.limits import unpacked_limit, unreadable
from sparsernn.files.several import Entry, scalars_of, times_of, timing, which

NUMERIC = {"double", "single", "logical", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}
COMPRESSED = 15


def read_mat(path: Path, columns: Sequence[str | int] | None, variable: str | None) -> RawTable:
    """One matrix of a .mat file: `variable`, or the only numeric one with more than one element.

    A row vector becomes a column, as MATLAB knows no one-dimensional arrays. A vector called ``t`` or ``time`` beside
    it gives the times, a number called ``fs`` or ``dt`` the interval. DataError for cells, structs, objects, text,
    sparse matrices. Version 7.3 is HDF5 and needs the extra `hdf5`. Parsed in a child (`files.child`), as SciPy's
    parser can crash over a damaged file.
    """
    try:
        with path.open("rb") as file:
            start = file.read(520)
    except OSError as error:
        raise unreadable(path, error) from None
    if hdf5.SIGNATURE in (start[:8], start[512:520]):
        return hdf5.read_hdf5(path, columns, variable)
    arrays, plain = child.call("sparsernn.files.matlab:parse", path, needs="scipy.io.matlab", variable=variable)
    return assembled(arrays, plain, columns, str(path))


def assembled(arrays: child.Arrays, plain: child.Plain, columns: Sequence[str | int] | None, source: str) -> RawTable:
    """The table of what `parse` found: row vectors become columns, times go beside the values."""
    values = arrays["values"]
    if values.ndim == 2 and values.shape[0] == 1:
        values = values.T
    table = pick(values, columns, source, (plain["name"],))
    interval = timing(plain["scalars"])
    table = table._replace(dt=interval.dt, dt_source=interval.source, notes=interval.notes)
    if "time" in arrays and arrays["time"].size == len(values):
        table = table._replace(time=arrays["time"].ravel(), time_name=plain["time"])
    return table


def parse(path: str, variable: str | None) -> tuple[child.Arrays, child.Plain]:
    """The job in the child: the matrix, its times, its name, the numbers that may be a rate."""
    from scipy.io.matlab import loadmat, whosmat

    unpacked = _unpacked_size(Path(path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        entries = {
            name: Entry(tuple(shape), kind, kind in NUMERIC) for name, shape, kind in whosmat(path, appendmat=False)
        }
        name = which(entries, variable, path)
        time = times_of(entries, name)
        wanted = [name, *scalars_of(entries), *([time] if time else [])]
        for n in wanted:
            if min(entries[n].shape, default=0) < 0 or math.prod(entries[n].shape) > unpacked:
                raise DataError(f'{path}: the header of "{n}" claims {entries[n].shape}, more than the file can hold')
        found: dict[str, Any] = loadmat(path, appendmat=False, variable_names=wanted)
    for n in wanted:
        if not isinstance(found.get(n), np.ndarray) or found[n].dtype.kind not in "biufc":
            raise DataError(f'{path}: "{n}" is no matrix of numbers')
    arrays = {"values": found[name]} | ({"time": found[time]} if time else {})
    scalars = {n: float(found[n].real.ravel()[0]) for n in scalars_of(entries) if n != name and found[n].size == 1}
    return arrays, {"name": name, "time": time or "", "scalars": scalars}


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
