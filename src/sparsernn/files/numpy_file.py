"""NumPy's .npy and .npz, without pickles and without believing the header."""

from __future__ import annotations

import ast
import io
import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.lib import format as npy_format

from sparsernn.errors import DataError, SpecError
from sparsernn.files.columns import RawTable, choose, pick
from sparsernn.files.limits import unpacked_limit, unreadable
from sparsernn.files.several import Entry, scalars_of, times_of, timing, which

MEMBERS = 10_000
HEADER = 1 << 16
READ = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}


class NpyHeader(NamedTuple):
    """What a .npy file says of its array: shape, whether the first axis runs fastest, type."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype


def read_npy(path: Path, columns: Sequence[str | int] | None, variable: str | None) -> RawTable:
    """The array of a .npy file; a structured one becomes columns by name. DataError for pickled objects, text, a header
    that claims too much."""
    if variable is not None:
        raise SpecError(f'{path} holds one array without a name; leave variable "{variable}" out')
    try:
        with path.open("rb") as file:
            array = _array(file, path.stat().st_size, str(path))
    except OSError as error:
        raise unreadable(path, error) from None
    return pick(*_fields(array, columns, str(path)))


def read_npz(path: Path, columns: Sequence[str | int] | None, variable: str | None) -> RawTable:
    """One array of a .npz file: `variable`, or the only one with more than one element. DataError as `read_npy`.

    A vector called ``t`` or ``time`` beside it gives the times, a number called ``fs`` or ``dt`` the interval.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {i.filename.removesuffix(".npy"): i for i in archive.infolist() if i.filename.endswith(".npy")}
            if not members:
                raise DataError(f"{path} is a zip file without NumPy arrays")
            if len(members) > MEMBERS:
                raise DataError(f"{path} holds {len(members):,} arrays; at most {MEMBERS:,} are looked at")
            if variable is None and {"values", "names", "starts"} <= set(members):
                return _kept(archive, members, columns, path)
            entries = _listing(archive, members, path)
            name = which(entries, variable, str(path))
            values = _member(archive, members[name], name, path)
            numbers = [n for n in scalars_of(entries) if n != name]
            scalars = {n: float(_member(archive, members[n], n, path).real.ravel()[0]) for n in numbers}
            time = times_of(entries, name)
            times = None if time is None else _member(archive, members[time], time, path).ravel()
    except (DataError, SpecError):
        raise
    except Exception as error:  # zipfile and zlib raise many things over a damaged file
        raise unreadable(path, error) from None
    interval = timing(scalars)
    table = pick(*_fields(values, columns, str(path), name))
    table = table._replace(dt=interval.dt, dt_source=interval.source, notes=interval.notes)
    if times is None or len(times) != len(values):
        return table
    return table._replace(time=times, time_name=time or "")


def _fields(
    array: np.ndarray, columns: Sequence[str | int] | None, source: str, name: str = ""
) -> tuple[np.ndarray, Sequence[str | int] | None, str, tuple[str, ...]]:
    """What `pick` needs: a structured array as a matrix of its fields, with their names; a field of several numbers
    becomes as many columns."""
    if not array.dtype.names:
        return array, columns, source, (name,) if name else ()
    if array.ndim != 1:
        raise DataError(f"{source} holds records in shape {array.shape}; expected one record a time step")
    names: list[str] = []
    parts: list[np.ndarray] = []
    for field in array.dtype.names:
        part = array[field].reshape(len(array), math.prod(array[field].shape[1:]))
        if part.dtype.kind not in "biuf":
            raise DataError(f'{source}: field "{field}" has dtype {array.dtype[field]}; expected numbers')
        names += [field] if array[field].ndim == 1 else [f"{field}{i}" for i in range(part.shape[1])]
        with np.errstate(invalid="ignore", over="ignore"):  # NaN of some bit patterns
            parts.append(part.astype(np.float64))
    return np.concatenate(parts, axis=1), columns, source, tuple(names)


def _kept(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], columns: Sequence[str | int] | None, path: Path
) -> RawTable:
    """What `sparsernn.files.table_out.write_series` wrote: names, interval, stretches and units beside the numbers."""
    said: dict[str, np.ndarray] = {}
    for name in ("names", "starts", "units", "dt", "time_unit"):
        if name in members:
            if members[name].file_size > HEADER * 16:
                raise DataError(
                    f'{path}: the array "{name}" has {members[name].file_size:,} bytes: too much for {name}'
                )
            with archive.open(members[name]) as file:
                said[name] = npy_format.read_array(file, allow_pickle=False)
    values = _member(archive, members["values"], "values", path)
    names, starts = tuple(map(str, said["names"].ravel())), tuple(int(row) for row in said["starts"].ravel())
    units = tuple(map(str, said.get("units", np.array([])).ravel()))
    dt = float(said["dt"]) if "dt" in said else None
    fits = values.ndim == 2 and len(names) == values.shape[1] and len(units) in (0, len(names))
    rising = starts[:1] == (0,) and list(starts) == sorted(set(starts)) and starts[-1] < max(len(values), 1)
    if not fits or not rising or (dt is not None and not 0 < dt < math.inf):
        raise DataError(f"{path} is damaged: its names, stretches or interval do not fit its numbers")
    places = choose(names, columns, str(path))
    table = RawTable(values[:, places], tuple(names[i] for i in places), dt, starts=starts)
    unit = str(said["time_unit"]) if "time_unit" in said else ""
    return table._replace(units=tuple(units[i] for i in places) if units else (), time_unit=unit)


def _listing(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], path: Path) -> dict[str, Entry]:
    entries = {}
    for name, info in members.items():
        with archive.open(info) as file:
            shape, _, dtype = _header(file, f'{path}, array "{name}"')
        entries[name] = Entry(shape, str(dtype), dtype.kind in "biufc" or dtype.names is not None)
    return entries


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, path: Path) -> np.ndarray:
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
        file.read(1)  # the end of the member, where its checksum is verified
        return array


def _header(file: IO[bytes], source: str) -> NpyHeader:
    """The header; leaves the stream at the data. Reads no more than 64 KiB, whatever length the header claims."""
    start = io.BytesIO(file.read(HEADER))
    try:
        version = npy_format.read_magic(start)
        if version in ((1, 0), (2, 0), (3, 0)):
            header = _names_in_utf8(start) if version == (3, 0) else NpyHeader(*READ[version](start))
            file.seek(start.tell())
            return header
    except Exception as error:  # NumPy parses the header as Python literals, which fails in many ways
        raise DataError(f"{source} is no NumPy array: {' '.join(str(error).split())[:200]}") from None
    raise DataError(f"{source}: format version {version} is not read; save it again with NumPy")


def _names_in_utf8(file: IO[bytes]) -> NpyHeader:
    """A header of version 3.0, which NumPy writes for fields with names outside Latin-1."""
    text = file.read(int.from_bytes(file.read(4), "little")).decode("utf-8")
    said = ast.literal_eval(text)
    if set(said) != {"descr", "fortran_order", "shape"} or not all(isinstance(n, int) for n in said["shape"]):
        raise ValueError("its header is damaged")
    return NpyHeader(tuple(said["shape"]), bool(said["fortran_order"]), npy_format.descr_to_dtype(said["descr"]))


def _array(file: IO[bytes], size: int, source: str) -> np.ndarray:
    """The array of a stream of `size` bytes. Nothing is allocated before the header agrees with the size."""
    shape, fortran, dtype = _header(file, source)
    if dtype.hasobject:
        raise DataError(
            f"{source} holds Python objects (a pickle), which are never read; save numbers: x.astype(float)"
        )
    if dtype.kind not in "biufc" and dtype.names is None:
        raise DataError(f"{source} has dtype {dtype}; expected numbers")
    if any(isinstance(n, bool) or n < 0 for n in shape):
        raise DataError(f"{source} claims the impossible shape {shape}")
    need, have = math.prod(shape) * dtype.itemsize, size - file.tell()
    if need > have:
        raise DataError(f"{source} is truncated: its header claims {need:,} bytes (shape {shape}), {have:,} are there")
    data = file.read(need)
    if len(data) < need:
        raise DataError(f"{source} is truncated: its header claims {need:,} bytes (shape {shape}), {len(data):,} came")
    try:
        return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    except (ValueError, TypeError, OverflowError) as error:  # it agrees with the size by an empty dtype or axis
        raise DataError(f"{source} is damaged: its header claims {dtype} of shape {shape} ({error})") from None
