"""Objects of an HDF5 file as plain arrays, numbers and texts, whatever a damaged file holds."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.limits import unpacked_limit
from sparsernn.files.several import Entry

OBJECTS = 100_000
ATTRIBUTES = 1000


def opened(path: str) -> Any:
    """The file, read only. DataError where it is none."""
    try:
        import h5py
    except ImportError:
        raise DataError(
            f"{path} is an HDF5 file, which needs the h5py package: python -m pip install 'sparsernn[hdf5]'"
        ) from None
    return h5py.File(path, "r")


def datasets(file: Any) -> dict[str, Any]:
    """All data sets by path. Soft and external links are not visited: what they point at is read where it lies."""
    import h5py

    found: dict[str, Any] = {}
    visited = 0

    def visit(name: str, thing: Any) -> bool | None:
        nonlocal visited
        visited += 1
        if visited > OBJECTS:
            raise DataError(f"{file.filename} holds more than {OBJECTS:,} objects")
        if isinstance(thing, h5py.Dataset):
            found[name] = thing
        return None

    file.visititems(visit)
    if not found:
        raise DataError(f"{file.filename} holds no data sets itself; links to other files are not followed")
    return found


def linked(file: Any, series: str) -> str:
    """Where a soft link ``timestamps`` of a time series points, as a path in this file; "" where there is none."""
    import h5py

    group = file[series] if series else file
    link = group.get("timestamps", getlink=True)
    if not isinstance(link, h5py.SoftLink):
        return ""
    return link.path.strip("/") if link.path.startswith("/") else f"{series}/{link.path}"


def entry_of(data: Any, matlab: bool) -> Entry:
    """Shape and kind of a data set, before it is read."""
    shape = data.shape if data.shape is not None else (0,)
    kind = data.dtype.kind
    if matlab:
        attributes = attributes_of(data)
        name = text_of(attributes.get("MATLAB_class", ""))
        number = kind in "biufc" or (kind == "V" and set(data.dtype.names or ()) == {"real", "imag"})
        hidden = name in ("char", "cell", "struct", "") or "MATLAB_empty" in attributes
        return Entry(tuple(shape[::-1]), name or str(data.dtype), number and not hidden)
    if kind == "V" and data.dtype.names:
        numeric = all(data.dtype[n].kind in "biuf" and not data.dtype[n].shape for n in data.dtype.names)
        return Entry(tuple(shape), f"table of {len(data.dtype.names)} columns", numeric)
    return Entry(tuple(shape), "text or objects" if kind in "OS" else str(data.dtype), kind in "biufc")


def values_of(data: Any, path: str, notes: list[str]) -> np.ndarray:
    """All values, once it is known that they lie in this file and how many they are. Fill values become NaN."""
    if data.is_virtual or data.external:
        raise DataError(f'{path}: the values of "{data.name}" lie in other files, which are not opened')
    size, stored = int(data.size or 0) * data.dtype.itemsize, Path(path).stat().st_size
    if size > unpacked_limit(stored):
        raise DataError(
            f'{path}: "{data.name}" claims shape {data.shape}, {size:,} bytes, more than the '
            f"{unpacked_limit(stored):,} that a file of {stored:,} bytes may unfold to"
        )
    if data.dtype.kind in "OSM" or data.shape is None:
        raise DataError(f'{path}: "{data.name}" holds text or objects; expected numbers')
    if size and not data.id.get_storage_size():
        raise DataError(f'{path}: "{data.name}" was laid out with shape {data.shape} and never written')
    if data.chunks and size:
        whole = math.prod(-(-n // c) for n, c in zip(data.shape, data.chunks, strict=True))
        if (written := data.id.get_num_chunks()) < whole:
            raise DataError(
                f'{path}: {whole - written:,} of the {whole:,} pieces of "{data.name}" were never written; '
                "the recording was cut off, or the file is damaged"
            )
    values: np.ndarray = np.asarray(data[()])
    if values.dtype.kind not in "iuf":
        return values
    attributes = attributes_of(data)
    raw: np.ndarray = values
    for key in ("_FillValue", "missing_value"):
        fill = number_of(attributes.get(key))
        if fill is not None and (holes := _equal(raw, fill)).any():
            values = np.where(holes, np.nan, values)
            notes.append(f'{int(holes.sum()):,} values of "{data.name}" are its fill value {fill:g}: missing')
    return _unpacked(values, attributes, str(data.name), path, notes)


def _equal(values: np.ndarray, fill: float) -> np.ndarray:
    """Where integers or floats are a fill value, as it is rounded in their type; nowhere if it does not exist there."""
    if values.dtype.kind in "iu" and not (math.isfinite(fill) and fill == int(fill)):
        return np.zeros(values.shape, dtype=bool)
    with np.errstate(over="ignore"):
        return np.asarray(values == (int(fill) if values.dtype.kind in "iu" else values.dtype.type(fill)))


def _unpacked(values: np.ndarray, attributes: dict[str, Any], name: str, path: str, notes: list[str]) -> np.ndarray:
    """Packed numbers of the netCDF conventions in their units: stored × scale_factor + add_offset.
    https://cfconventions.org, section 8.1."""
    packed = [key for key in ("scale_factor", "add_offset") if key in attributes]
    if not packed:
        return values
    scale, shift = (
        number_of(attributes.get(key, usual)) for key, usual in (("scale_factor", 1.0), ("add_offset", 0.0))
    )
    if scale is None or shift is None or not (math.isfinite(scale) and math.isfinite(shift)) or scale == 0:
        raise DataError(f'{path}: "{name}" has a {" or ".join(packed)} that is no number; the file is damaged')
    notes.append(f'"{name}" is stored packed: × {scale:g} + {shift:g}')
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.float64) * scale + shift


def columns_of(values: np.ndarray, path: str) -> tuple[np.ndarray, list[str]]:
    """A compound array as a matrix of its fields, and their names; other arrays as they are."""
    if values.dtype.kind != "V":
        return values, []
    names = list(values.dtype.names or ())
    if set(names) == {"real", "imag"}:
        return values["real"] + 1j * values["imag"], []
    if values.ndim != 1 or not names:
        raise DataError(f"{path}: {values.dtype} in shape {values.shape}; expected one row a time step")
    return np.column_stack([values[n].astype(np.float64) for n in names]), names


def attributes_of(thing: Any) -> dict[str, Any]:
    """The attributes that can be read; damaged ones, references and those of foreign types are left out."""
    found = {}
    for name in list(thing.attrs)[:ATTRIBUTES]:
        try:
            found[str(name)] = thing.attrs[name]
        except Exception:  # h5py raises whatever it meets in an attribute of a type that NumPy has not
            continue
    return found


def number_of(value: Any) -> float | None:
    """A single number, None where there is none."""
    try:
        array = np.asarray(value)
        return float(array.ravel()[0]) if array.size == 1 and array.dtype.kind in "biuf" else None
    except Exception:
        return None


def text_of(value: Any) -> str:
    """A single text, "" where there is none."""
    found = texts_of(value)
    return found[0] if len(found) == 1 else ""


def texts_of(value: Any) -> list[str]:
    """Texts, at most 100,000 of 200 characters; none where any is something else."""
    cells = np.asarray(value).ravel().tolist() if not isinstance(value, str | bytes) else [value]
    if not all(isinstance(c, str | bytes) for c in cells):
        return []
    return [(c.decode("utf-8", "replace") if isinstance(c, bytes) else c)[:200] for c in cells[:100_000]]
