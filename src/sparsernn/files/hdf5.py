"""HDF5 files: plain ones, MATLAB 7.3, and NWB (Neurodata Without Borders)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files import child
from sparsernn.files.columns import RawTable, choose, pick
from sparsernn.files.hdf5_objects import (
    ATTRIBUTES,
    attributes_of,
    columns_of,
    datasets,
    entry_of,
    linked,
    number_of,
    opened,
    text_of,
    texts_of,
    values_of,
)
from sparsernn.files.several import INTERVALS, RATES, Entry, plain, scalars_of, times_of, timing, which

SIGNATURE = b"\x89HDF\r\n\x1a\n"
NAMES = ("columns", "column_names", "names", "channel_names", "channels", "labels")


def read_hdf5(path: Path, columns: Sequence[str | int] | None, variable: str | None) -> RawTable:
    """One data set of an HDF5 file: `variable` (its path, or its last part), or the only one that can be a series.

    A compound data set becomes columns by name. Attributes of the data set, or single numbers in the file, called
    ``sampling_rate``, ``fs``, ``dt``, ... give the interval, ``units`` the units; a vector ``time`` or ``timestamps``
    beside it the times. MATLAB 7.3 stores matrices transposed; they are turned back. Links and data in other files are
    not followed. Needs the extra `hdf5`; read in a child (`files.child`).
    """
    return _table(path, columns, *child.call("sparsernn.files.hdf5:parse", path, needs="h5py", variable=variable))


def read_nwb(path: Path, columns: Sequence[str | int] | None, variable: str | None) -> RawTable:
    """One time series of an NWB 2 file in its physical units: data × conversion (× each channel's) + offset.

    `variable` is its path (``acquisition/ecog``) or name. The interval is that of its ``rate``; else its ``timestamps``
    are the times. https://nwb-schema.readthedocs.io. Needs the extra `hdf5`; read in a child (`files.child`).
    """
    return _table(path, columns, *child.call("sparsernn.files.hdf5:parse_nwb", path, needs="h5py", variable=variable))


def _table(path: Path, columns: Sequence[str | int] | None, arrays: child.Arrays, said: child.Plain) -> RawTable:
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
    with opened(path) as file:
        found = datasets(file)
        matlab = any("MATLAB_class" in attributes_of(d) for d in list(found.values())[:ATTRIBUTES])
        entries = {name: entry_of(d, matlab) for name, d in found.items() if not (matlab and name.startswith("#"))}
        name = which(entries, variable, path)
        notes: list[str] = []
        values, names = columns_of(values_of(found[name], path, notes), path)
        values = values.T if matlab else values
        attributes = attributes_of(found[name])
        rates = {k: number_of(a) for k, a in attributes.items() if plain(k) in RATES | INTERVALS}
        notes += [
            f'the attribute "{k}" is no number and is not used; --dt gives it' for k, v in rates.items() if v is None
        ]
        interval = timing({k: v for k, v in rates.items() if v is not None}, "attribute")
        if not any(v and v > 0 for v in rates.values()):
            numbers = {n: v for n in scalars_of(entries) if (v := number_of(found[n][()])) is not None}
            interval = timing(numbers)._replace(notes=(*interval.notes, *timing(numbers).notes))
        arrays = {"values": values}
        time = times_of(entries, name)
        time_unit = ""
        if time is not None and time != name:
            arrays["time"] = values_of(found[time], path, notes)
            time_unit = text_of(attributes_of(found[time]).get("units", ""))
        if not names:
            listed = [texts_of(attributes[k]) for k in NAMES if k in attributes]
            names = next((n for n in listed if len(n) == math.prod(values.shape[1:])), [])
        if not names and math.prod(values.shape) == max(values.shape, default=0):
            names = [name.rsplit("/", 1)[-1]]
        units = next((texts_of(attributes[k]) for k in ("units", "unit") if k in attributes), [])
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
    with opened(path) as file:
        found = datasets(file)
        entries: dict[str, Entry] = {}
        notes: list[str] = []
        for name, data in found.items():
            series, _, last = name.rpartition("/")
            timed = f"{series}/timestamps" in found or f"{series}/starting_time" in found or linked(file, series)
            if last == "data" and timed:
                entries[series] = entry_of(data, False)
        if not entries:
            raise DataError(f"{path} holds no time series (data with a rate or timestamps) as NWB 2 knows them")
        name = which(entries, variable, path)
        data = found[f"{name}/data"]
        attributes = attributes_of(data)
        values = values_of(data, path, notes)
        if values.dtype.kind not in "biuf" or values.ndim > 2:
            raise DataError(f'{path}: "{name}" is {values.dtype} of shape {values.shape}; expected (time, channels)')
        scale = number_of(attributes.get("conversion", 1.0))
        shift = number_of(attributes.get("offset", 0.0))
        channels: Any = 1.0
        if f"{name}/channel_conversion" in found:
            channels = values_of(found[f"{name}/channel_conversion"], path, notes).ravel()
            if values.ndim != 2 or len(channels) != values.shape[1]:
                raise DataError(f'{path}: "{name}" has {len(channels)} channel conversions for data of {values.shape}')
        if scale is None or shift is None or scale == 0:
            raise DataError(f'{path}: "{name}" has a conversion or an offset that is no number; the file is damaged')
        with np.errstate(over="ignore", invalid="ignore"):
            values = values.astype(np.float64) * (scale * channels) + shift
        arrays = {"values": values}
        start = found.get(f"{name}/starting_time")
        rate = None if start is None else number_of(attributes_of(start).get("rate"))
        if rate is not None and not (rate > 0 and math.isfinite(rate)):
            raise DataError(f'{path}: "{name}" has the rate {rate}; expected a positive number')
        if rate is None:
            target = f"{name}/timestamps" if f"{name}/timestamps" in found else linked(file, name)
            if target not in found:
                raise DataError(f'{path}: "{name}" has neither a rate nor timestamps in this file')
            arrays["time"] = values_of(found[target], path, notes)
            if arrays["time"].size != len(values):
                raise DataError(f'{path}: "{name}" has {len(values):,} rows and {arrays["time"].size:,} timestamps')
        last, width = name.rsplit("/", 1)[-1], math.prod(values.shape[1:])
        return arrays, {
            "names": [last] if width == 1 else [f"{last}{i}" for i in range(width)],
            "units": [text_of(attributes.get("unit", ""))],
            "dt": None if rate is None else 1 / rate,
            "dt_source": "" if rate is None else f'the rate of "{name}" ({rate:g} Hz) in the file',
            "time_unit": "s",
            "time": "timestamps" if rate is None else "",
            "notes": notes,
            "matlab": False,
        }
