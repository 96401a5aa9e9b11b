"""HDF5 files: plain ones, MATLAB 7.3, and NWB (Neurodata Without Borders)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files import child
from sparsernn.files.columns import Table, choose, pick
from sparsernn.files.limits import unpacked_limit
from sparsernn.files.several import INTERVALS, RATES, Entry, plain, scalars_of, times_of, timing, which

SIGNATURE = b"\x89HDF\r\n\x1a\n"
OBJECTS = 100_000
ATTRIBUTES = 1000
NAMES = ("columns", "column_names", "names", "channel_names", "channels", "labels")


def read_hdf5(path: Path, columns: Sequence[str | int] | None, variable: str | None) -> Table:
    """One data set of an HDF5 file: `variable` (its path, or its last part), or the only one that can be a series.

    A compound data set becomes columns by name. Attributes of the data set, or single numbers in the file, called
    ``sampling_rate``, ``fs``, ``dt``, ... give the interval, ``units`` the units; a vector ``time`` or ``timestamps``
    beside it the times. MATLAB 7.3 stores matrices transposed; they are turned back. Links and data in other files are
    not followed. Needs the extra `hdf5`; read in a child (`files.child`).
    """
    return _table(path, columns, *child.call("sparsernn.files.hdf5:parse", path, needs="h5py", variable=variable))


def read_nwb(path: Path, columns: Sequence[str | int] | None, variable: str | None) -> Table:
    """One time series of an NWB 2 file in its physical units: data × conversion (× each channel's) + offset.

    `variable` is its path (``acquisition/ecog``) or name. The interval is that of its ``rate``; else its ``timestamps``
    are the times. https://nwb-schema.readthedocs.io. Needs the extra `hdf5`; read in a child (`files.child`).
    """
    return _table(path, columns, *child.call("sparsernn.files.hdf5:parse_nwb", path, needs="h5py", variable=variable))


def _table(path: Path, columns: Sequence[str | int] | None, arrays: child.Arrays, said: child.Plain) -> Table:
    values, names, units = arrays["values"], tuple(said["names"]), tuple(said["units"])
    if values.ndim == 2 and said["matlab"] and values.shape[0] == 1:
        values = values.T
    table = pick(values, columns, str(path), names)
    if values.ndim in (1, 2) and any(units):
        width = 1 if values.ndim == 1 else values.shape[1]
        units = units if len(units) == width else units[:1] * width
        every = tuple(names) if len(names) == width else tuple(f"x{i}" for i in range(width))
        table = table._replace(units=tuple(units[i] for i in choose(every, columns, str(path))))
    if "time" in arrays and arrays["time"].size == len(values):
        table = table._replace(time=arrays["time"].ravel(), time_name=said["time"])
    dt = said["dt"]
    return table._replace(dt=dt, dt_source=said["dt_source"], time_unit=said["time_unit"], notes=tuple(said["notes"]))


def parse(path: str, variable: str | None) -> tuple[child.Arrays, child.Plain]:
    """The job in the child for plain HDF5 and MATLAB 7.3."""
    with _opened(path) as file:
        found = _datasets(file)
        matlab = any("MATLAB_class" in _attributes(d) for d in list(found.values())[:ATTRIBUTES])
        entries = {name: _entry(d, matlab) for name, d in found.items() if not (matlab and name.startswith("#"))}
        name = which(entries, variable, path)
        notes: list[str] = []
        values, names = _columns(_values(found[name], path, notes), path)
        values = values.T if matlab else values
        attributes = _attributes(found[name])
        rates = {k: _float(a) for k, a in attributes.items() if plain(k) in RATES | INTERVALS}
        notes += [
            f'the attribute "{k}" is no number and is not used; --dt gives it' for k, v in rates.items() if v is None
        ]
        interval = timing({k: v for k, v in rates.items() if v is not None}, "attribute")
        if not any(v and v > 0 for v in rates.values()):
            numbers = {n: v for n in scalars_of(entries) if (v := _float(found[n][()])) is not None}
            interval = timing(numbers)._replace(notes=(*interval.notes, *timing(numbers).notes))
        arrays = {"values": values}
        time = times_of(entries, name)
        time_unit = ""
        if time is not None and time != name:
            arrays["time"] = _values(found[time], path, notes)
            time_unit = _text(_attributes(found[time]).get("units", ""))
        if not names:
            listed = [_texts(attributes[k]) for k in NAMES if k in attributes]
            names = next((n for n in listed if len(n) == math.prod(values.shape[1:])), [])
        if not names and math.prod(values.shape) == max(values.shape, default=0):
            names = [name.rsplit("/", 1)[-1]]
        units = next((_texts(attributes[k]) for k in ("units", "unit") if k in attributes), [])
        if matlab:
            notes.append(f'MATLAB 7.3 stores matrices transposed: "{name}" is read as in MATLAB, {values.shape}')
        said = {"names": names, "units": units, "time": time or "", "notes": [*interval.notes, *notes]}
        return arrays, said | {
            "dt": interval.dt,
            "dt_source": interval.source,
            "time_unit": time_unit or interval.unit,
            "matlab": matlab,
        }


def parse_nwb(path: str, variable: str | None) -> tuple[child.Arrays, child.Plain]:
    """The job in the child for NWB."""
    with _opened(path) as file:
        found = _datasets(file)
        entries: dict[str, Entry] = {}
        notes: list[str] = []
        for name, data in found.items():
            series, _, last = name.rpartition("/")
            timed = f"{series}/timestamps" in found or f"{series}/starting_time" in found or _linked(file, series)
            if last == "data" and timed:
                entries[series] = _entry(data, False)
        if not entries:
            raise DataError(f"{path} holds no time series (data with a rate or timestamps) as NWB 2 knows them")
        name = which(entries, variable, path)
        data = found[f"{name}/data"]
        attributes = _attributes(data)
        values = _values(data, path, notes)
        if values.dtype.kind not in "biuf" or values.ndim > 2:
            raise DataError(f'{path}: "{name}" is {values.dtype} of shape {values.shape}; expected (time, channels)')
        scale = _float(attributes.get("conversion", 1.0))
        shift = _float(attributes.get("offset", 0.0))
        channels: Any = 1.0
        if f"{name}/channel_conversion" in found:
            channels = _values(found[f"{name}/channel_conversion"], path, notes).ravel()
            if values.ndim != 2 or len(channels) != values.shape[1]:
                raise DataError(f'{path}: "{name}" has {len(channels)} channel conversions for data of {values.shape}')
        if scale is None or shift is None or scale == 0:
            raise DataError(f'{path}: "{name}" has a conversion or an offset that is no number; the file is damaged')
        with np.errstate(over="ignore", invalid="ignore"):
            values = values.astype(np.float64) * (scale * channels) + shift
        arrays = {"values": values}
        start = found.get(f"{name}/starting_time")
        rate = None if start is None else _float(_attributes(start).get("rate"))
        if rate is not None and not (rate > 0 and math.isfinite(rate)):
            raise DataError(f'{path}: "{name}" has the rate {rate}; expected a positive number')
        if rate is None:
            target = f"{name}/timestamps" if f"{name}/timestamps" in found else _linked(file, name)
            if target not in found:
                raise DataError(f'{path}: "{name}" has neither a rate nor timestamps in this file')
            arrays["time"] = _values(found[target], path, notes)
            if arrays["time"].size != len(values):
                raise DataError(f'{path}: "{name}" has {len(values):,} rows and {arrays["time"].size:,} timestamps')
        last, width = name.rsplit("/", 1)[-1], math.prod(values.shape[1:])
        return arrays, {
            "names": [last] if width == 1 else [f"{last}{i}" for i in range(width)],
            "units": [_text(attributes.get("unit", ""))],
            "dt": None if rate is None else 1 / rate,
            "dt_source": "" if rate is None else f'the rate of "{name}" ({rate:g} Hz) in the file',
            "time_unit": "s",
            "time": "timestamps" if rate is None else "",
            "notes": notes,
            "matlab": False,
        }


def _opened(path: str) -> Any:
    try:
        import h5py
    except ImportError:
        raise DataError(
            f"{path} is an HDF5 file, which needs the h5py package: python -m pip install 'sparsernn[hdf5]'"
        ) from None
    return h5py.File(path, "r")


def _datasets(file: Any) -> dict[str, Any]:
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


def _linked(file: Any, series: str) -> str:
    """Where a soft link ``timestamps`` of a time series points, as a path in this file; "" where there is none."""
    import h5py

    group = file[series] if series else file
    link = group.get("timestamps", getlink=True)
    if not isinstance(link, h5py.SoftLink):
        return ""
    return link.path.strip("/") if link.path.startswith("/") else f"{series}/{link.path}"


def _entry(data: Any, matlab: bool) -> Entry:
    shape = data.shape if data.shape is not None else (0,)
    kind = data.dtype.kind
    if matlab:
        attributes = _attributes(data)
        name = _text(attributes.get("MATLAB_class", ""))
        number = kind in "biufc" or (kind == "V" and set(data.dtype.names or ()) == {"real", "imag"})
        hidden = name in ("char", "cell", "struct", "") or "MATLAB_empty" in attributes
        return Entry(tuple(shape[::-1]), name or str(data.dtype), number and not hidden)
    if kind == "V" and data.dtype.names:
        numeric = all(data.dtype[n].kind in "biuf" and not data.dtype[n].shape for n in data.dtype.names)
        return Entry(tuple(shape), f"table of {len(data.dtype.names)} columns", numeric)
    return Entry(tuple(shape), "text or objects" if kind in "OS" else str(data.dtype), kind in "biufc")


def _values(data: Any, path: str, notes: list[str]) -> np.ndarray:
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
    attributes = _attributes(data)
    raw: np.ndarray = values
    for key in ("_FillValue", "missing_value"):
        fill = _float(attributes.get(key))
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
    scale, shift = (_float(attributes.get(key, usual)) for key, usual in (("scale_factor", 1.0), ("add_offset", 0.0)))
    if scale is None or shift is None or not (math.isfinite(scale) and math.isfinite(shift)) or scale == 0:
        raise DataError(f'{path}: "{name}" has a {" or ".join(packed)} that is no number; the file is damaged')
    notes.append(f'"{name}" is stored packed: × {scale:g} + {shift:g}')
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.float64) * scale + shift


def _columns(values: np.ndarray, path: str) -> tuple[np.ndarray, list[str]]:
    """A compound array as a matrix of its fields, and their names; other arrays as they are."""
    if values.dtype.kind != "V":
        return values, []
    names = list(values.dtype.names or ())
    if set(names) == {"real", "imag"}:
        return values["real"] + 1j * values["imag"], []
    if values.ndim != 1 or not names:
        raise DataError(f"{path}: {values.dtype} in shape {values.shape}; expected one row a time step")
    return np.column_stack([values[n].astype(np.float64) for n in names]), names


def _attributes(thing: Any) -> dict[str, Any]:
    """The attributes that can be read; damaged ones, references and those of foreign types are left out."""
    found = {}
    for name in list(thing.attrs)[:ATTRIBUTES]:
        try:
            found[str(name)] = thing.attrs[name]
        except Exception:  # h5py raises whatever it meets in an attribute of a type that NumPy has not
            continue
    return found


def _float(value: Any) -> float | None:
    try:
        array = np.asarray(value)
        return float(array.ravel()[0]) if array.size == 1 and array.dtype.kind in "biuf" else None
    except Exception:
        return None


def _text(value: Any) -> str:
    found = _texts(value)
    return found[0] if len(found) == 1 else ""


def _texts(value: Any) -> list[str]:
    cells = np.asarray(value).ravel().tolist() if not isinstance(value, str | bytes) else [value]
    if not all(isinstance(c, str | bytes) for c in cells):
        return []
    return [(c.decode("utf-8", "replace") if isinstance(c, bytes) else c)[:200] for c in cells[:100_000]]
