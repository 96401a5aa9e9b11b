"""Which reader reads which kind of file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

from sparsernn.errors import DataError, SpecError, close_to
from sparsernn.files import delimited, edf, hdf5, matlab, numpy_file, parquet, recording_file, wfdb_record
from sparsernn.files.columns import RawTable
from sparsernn.files.reading import Reading

Columns = Sequence[str | int] | None


class Kind(NamedTuple):
    """A kind of file: its reader, and what that takes beside the path.

    ``variable``: the columns (None here, so that all are there) and the array of several; ``signals``: the columns,
    and only these are in the table; ``reading``: the columns, of which only those that matter need to be numbers, and
    the `Reading`; ``nothing``: it holds one whole recording. `extra` is what its reader needs.
    """

    read: Callable[..., RawTable]
    takes: Literal["variable", "signals", "reading", "nothing"]
    extra: str = ""


KINDS = {
    ".npy": Kind(numpy_file.read_npy, "variable"),
    ".npz": Kind(numpy_file.read_npz, "variable"),
    ".csv": Kind(delimited.read_delimited, "reading"),
    ".tsv": Kind(delimited.read_delimited, "reading"),
    ".txt": Kind(delimited.read_delimited, "reading"),
    ".mat": Kind(matlab.read_mat, "variable"),
    ".hea": Kind(wfdb_record.read_wfdb, "signals", "wfdb"),
    ".edf": Kind(edf.read_edf, "signals"),
    ".bdf": Kind(edf.read_edf, "signals"),
    ".h5": Kind(hdf5.read_hdf5, "variable", "hdf5"),
    ".hdf5": Kind(hdf5.read_hdf5, "variable", "hdf5"),
    ".nwb": Kind(hdf5.read_nwb, "variable", "hdf5"),
    ".parquet": Kind(parquet.read_parquet, "reading", "parquet"),
    ".feather": Kind(parquet.read_feather, "reading", "parquet"),
    ".safetensors": Kind(recording_file.read_recording, "nothing"),
}
"""By suffix, in small letters."""
TEXT = (".csv", ".tsv", ".txt")


def read_table(path: Path, columns: Columns, reading: Reading) -> tuple[RawTable, Columns, Reading]:
    """The table in a file, by its suffix, and what of `columns` and `reading` is left to do with it.

    DataError for an unknown suffix, SpecError for a variable where there are none.
    """
    suffix = path.suffix.lower()
    kind = KINDS.get(suffix)
    if kind is None:
        beside = path.with_suffix(".hea")
        close = close_to(suffix, KINDS)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        hint = f"; for a WFDB record give its header, {beside}" if beside.is_file() else hint
        raise DataError(f'{path}: files ending in "{path.suffix}" are not read; known: {", ".join(KINDS)}{hint}')
    if kind.takes == "variable":
        return kind.read(path, None, reading.variable), columns, reading
    if reading.variable is not None:
        raise SpecError(f"{path} has no named variables; leave --variable out and choose --columns (in Python columns)")
    if kind.takes == "nothing":
        return kind.read(path), columns, replace(reading, time="none")
    if kind.takes == "signals":  # what was asked for is what is there
        table = kind.read(path, columns)
        return table, None if columns is None else list(range(len(table.names))), reading
    if suffix in TEXT:  # the reader turns the table, as names lie along the lines
        return kind.read(path, columns, reading), columns, replace(reading, transpose=False)
    return kind.read(path, columns, reading), columns, reading


def files_of(path: Path) -> list[Path]:
    """The files whose bytes make up a recording: the file itself, and the signal files that a WFDB header names."""
    return [path, *wfdb_record.signal_files(path)] if path.suffix.lower() == ".hea" else [path]
