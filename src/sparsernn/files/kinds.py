"""Which reader reads which kind of file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from sparsernn.errors import DataError, SpecError, nearest
from sparsernn.files import delimited, edf, hdf5, matlab, numpy_file, parquet, recording_file, wfdb_record
from sparsernn.files.columns import Table
from sparsernn.files.reading import AS_FOUND, Reading

Columns = Sequence[str | int] | None


class Kind(NamedTuple):
    """What is known of a kind of file: its reader, ``(path, columns, variable)``, or ``(path, columns)`` where the
    file holds one array; what it is, in words; the extra that its reader needs."""

    read: Callable[..., Table]
    what: str
    extra: str = ""
    several: bool = False


KINDS = {
    ".npy": Kind(numpy_file.read_npy, "NumPy array", several=True),
    ".npz": Kind(numpy_file.read_npz, "NumPy arrays", several=True),
    ".csv": Kind(delimited.read_delimited, "table"),
    ".tsv": Kind(delimited.read_delimited, "table"),
    ".txt": Kind(delimited.read_delimited, "table"),
    ".mat": Kind(matlab.read_mat, "MATLAB matrices", several=True),
    ".hea": Kind(wfdb_record.read_wfdb, "WFDB record", "wfdb"),
    ".edf": Kind(edf.read_edf, "EDF recording"),
    ".bdf": Kind(edf.read_edf, "BDF recording"),
    ".h5": Kind(hdf5.read_hdf5, "HDF5", "hdf5", several=True),
    ".hdf5": Kind(hdf5.read_hdf5, "HDF5", "hdf5", several=True),
    ".nwb": Kind(hdf5.read_nwb, "NWB", "hdf5", several=True),
    ".parquet": Kind(parquet.read_parquet, "parquet table", "parquet"),
    ".feather": Kind(parquet.read_feather, "feather table", "parquet"),
    ".safetensors": Kind(recording_file.read_recording, "recording kept by a run"),
}
"""By suffix, in small letters."""
TEXT = tuple(suffix for suffix, kind in KINDS.items() if kind.what == "table")
PICKED = (".hea", ".edf", ".bdf", ".parquet", ".feather")
"""Kinds of which only the chosen columns are read."""
RECORDING = ".safetensors"


def read_table(path: Path, columns: Columns, variable: str | None = None, reading: Reading = AS_FOUND) -> Table:
    """The table in a file, by its suffix. DataError for an unknown suffix, SpecError for a `variable` where there are
    none."""
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        beside = path.with_suffix(".hea")
        hint = f"; for a WFDB record give its header, {beside}" if beside.is_file() else nearest_kind(path.suffix)
        raise DataError(f'{path}: files ending in "{path.suffix}" are not read; known: {", ".join(KINDS)}{hint}')
    if kind.several:
        return kind.read(path, columns, variable)
    if variable is not None:
        raise SpecError(f'{path} has no named variables; choose columns instead of the variable "{variable}"')
    if path.suffix.lower() in TEXT:
        return kind.read(path, columns, reading)
    return kind.read(path, columns)


def files_of(path: Path) -> list[Path]:
    """The files whose bytes make up a recording: the file itself, and the signal files that a WFDB header names."""
    return [path, *wfdb_record.signal_files(path)] if path.suffix.lower() == ".hea" else [path]


def nearest_kind(suffix: str) -> str:
    """'; did you mean ".csv"?' for a misspelled suffix, else ""."""
    hint = nearest(suffix.lower(), KINDS)
    return f";{hint[1:]}" if hint.startswith(", did") else ""
