"""Series kept as arrays in safetensors files, exactly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files import safetensors_file
from sparsernn.files.columns import RawTable
from sparsernn.files.shaping import Series

WHAT = "sparsernn recording"


def write_recording(path: str | Path, series: Series) -> None:
    """Write a series with everything known of it, atomically: arrays `values` (T, N) float64 and `starts`, metadata
    `names`, `units`, `notes` (JSON lists), `dt` (shortest decimal, or empty), `time_unit`, `dt_source`, `source`,
    `recorded_sha256`. `sparsernn.files.series.read_series` gives the same numbers back."""
    arrays = {"values": np.asarray(series.values, dtype=np.float64), "starts": np.array(series.starts, dtype=np.int64)}
    metadata = {
        "what": WHAT,
        "names": json.dumps(list(series.names)),
        "units": json.dumps(list(series.units)),
        "notes": json.dumps(list(series.notes)),
        "dt": "" if series.dt is None else repr(float(series.dt)),
        "time_unit": series.time_unit,
        "dt_source": series.dt_source,
        "source": series.source,
        "recorded_sha256": series.sha256,
    }
    safetensors_file.write(path, arrays, metadata)


def read_recording(path: Path, columns: object = None) -> RawTable:
    """The whole table of such a file, whatever `columns` are chosen. DataError for a safetensors file of another
    kind and for a damaged one."""
    arrays, metadata = safetensors_file.read(path)
    if metadata.get("what") != WHAT or not {"values", "starts"} <= set(arrays):
        raise DataError(f"{path} holds arrays, but is no recording; save the series as .npy")
    try:
        names, units, notes = (tuple(map(str, json.loads(metadata[name]))) for name in ("names", "units", "notes"))
        dt = float(metadata["dt"]) if metadata["dt"] else None
        told, unit, source = metadata["dt_source"], metadata["time_unit"], metadata["source"]
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise DataError(f"{path} is a damaged recording: {type(error).__name__} {error}") from None
    values, starts = arrays["values"], tuple(int(row) for row in arrays["starts"].ravel())
    fits = values.ndim == 2 and len(names) == values.shape[1] and len(units) in (0, len(names))
    rising = starts[:1] == (0,) and list(starts) == sorted(set(starts)) and starts[-1] < max(len(values), 1)
    if not fits or not rising or (dt is not None and not 0 < dt < float("inf")):
        raise DataError(f"{path} is a damaged recording: its names, stretches or interval do not fit its numbers")
    return RawTable(values, names, dt, units, unit, told, starts, (f"recorded from {source}", *notes))
