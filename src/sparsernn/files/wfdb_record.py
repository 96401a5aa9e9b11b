"""WFDB records (PhysioNet): a text header ``100.hea`` beside the signal files it names."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from sparsernn.errors import DataError, SpecError
from sparsernn.files.columns import Table, pick
from sparsernn.files.limits import regular_file, unpacked_limit, unreadable

HEADER = 1_000_000
LOSSLESS_COMPRESSED = {"508", "516", "524"}


def signal_files(path: Path) -> list[Path]:
    """The signal files that a header names, checked to lie beside it. DataError for paths, links to the net, gaps."""
    if path.stat().st_size > HEADER:
        raise DataError(f"{path} has more than {HEADER:,} bytes: no WFDB header")
    text = path.read_bytes().decode("ascii", "ignore")
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines or len(lines[0]) < 2:
        raise DataError(f"{path} is no WFDB header: expected a first line such as '100 2 360 650000'")
    rate = re.split(r"[/(]", lines[0][2])[0] if len(lines[0]) > 2 else "250"
    try:
        usable = 0 < float(rate) < math.inf
    except ValueError:
        usable = False
    if not usable:
        raise DataError(f'{path}: the sampling frequency "{rate[:40]}" is no positive number')
    if "/" in lines[0][0]:
        raise DataError(f"{path} is a record of several segments, which is not read; give the header of one segment")
    files: dict[str, Path] = {}
    for words in lines[1:]:
        if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_]+)?", words[0]):
            raise DataError(
                f'{path} names the signal file "{words[0][:80]}"; only files beside the header are read: letters, '
                "digits, - and _, one extension, no folders and no addresses"
            )
        files[words[0]] = regular_file(path.with_name(words[0]))
    if not files:
        raise DataError(f"{path} describes no signals")
    return list(files.values())


def read_wfdb(path: Path, columns: Sequence[str | int] | None) -> Table:
    """The signals of a single-segment record in physical units, with the header's names and sampling interval.

    Needs the wfdb package (extra `wfdb`). Nothing outside the header's folder is opened, nothing is downloaded.
    """
    try:
        import wfdb
    except ImportError:
        raise DataError(
            f"{path} is a WFDB record, which needs the wfdb package: python -m pip install 'sparsernn[wfdb]'"
        ) from None
    files = signal_files(path)
    name = str(path.absolute().with_suffix(""))
    if "::" in name or "://" in name:  # fsspec, through which wfdb opens files, would take it for an address
        raise DataError(f'{path}: the folder has "::" or "://" in its name; move the record elsewhere')
    try:
        with redirect_stdout(io.StringIO()):
            header = wfdb.rdheader(name)
            _check(header, {file.name: file.stat().st_size for file in files}, path)
            record = wfdb.rdrecord(name)
        dt = 1 / record.fs
        names = tuple(n or f"x{i}" for i, n in enumerate(record.sig_name))
        table = pick(record.p_signal, columns, str(path), names)
    except (DataError, SpecError):
        raise
    except Exception as error:  # wfdb raises whatever its parsing meets in a damaged file
        raise unreadable(path, error) from None
    if not 0 < dt < math.inf:
        raise DataError(f"{path}: the sampling frequency {record.fs} is not positive")
    return table._replace(dt=dt)


def _check(header: Any, sizes: dict[str, int], path: Path) -> None:
    """Refuse a header that claims more than its signal files can hold, before anything is allocated for it."""
    if header.n_sig != len(header.file_name):
        raise DataError(f"{path} announces {header.n_sig} signals and describes {len(header.file_name)}")
    frame = dict.fromkeys(sizes, 0)
    for file, per_frame in zip(header.file_name, header.samps_per_frame, strict=True):
        frame[file] += per_frame or 1
    for i, file in enumerate(header.file_name):
        packed = header.fmt[i] in LOSSLESS_COMPRESSED
        most = unpacked_limit(sizes[file]) // 4 if packed else sizes[file]  # no format has under one byte a sample
        total = frame[file] * (1 if header.sig_len is None else header.sig_len)
        if total > most or (header.byte_offset[i] or 0) > most:
            raise DataError(
                f"{path} claims {total:,} samples in {file}, which has {sizes[file]:,} bytes: the signal file is "
                "truncated or not the right one"
            )
        if (skew := header.skew[i] or 0) > most:
            raise DataError(f"{path}: signal {i} is shifted by {skew:,} samples, more than the record has")
