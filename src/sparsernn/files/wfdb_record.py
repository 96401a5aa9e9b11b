"""WFDB records (PhysioNet): a text header ``100.hea`` beside the signal files it names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files import child
from sparsernn.files.columns import RawTable, choose, plain_columns
from sparsernn.files.limits import regular_file, unpacked_limit, unreadable

HEADER = 1_000_000
LOSSLESS_COMPRESSED = {"508", "516", "524"}


def signal_files(path: Path) -> list[Path]:
    """The signal files that a header names, checked to lie beside it. DataError for paths, links to the net, gaps."""
    if path.stat().st_size > HEADER:
        raise DataError(f"{path} has more than {HEADER:,} bytes: no WFDB header")
    try:
        text = path.read_bytes().decode("ascii", "ignore")
    except OSError as error:
        raise unreadable(path, error) from None
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


def read_wfdb(path: Path, columns: Sequence[str | int] | None) -> RawTable:
    """The chosen signals of a single-segment record in physical units, at their own rate, verified by their checksums.

    DataError for signals of different rates chosen together (with the list), and for a checksum that is not that of
    the samples. Invalid samples are NaN. Needs the wfdb package (extra `wfdb`), which runs in a child (`files.child`).
    Nothing outside the header's folder is opened, nothing is downloaded.
    """
    signal_files(path)
    name = str(path.absolute().with_suffix(""))
    if "::" in name or "://" in name:  # fsspec, through which wfdb opens files, would take it for an address
        raise DataError(f'{path}: the folder has "::" or "://" in its name; move the record elsewhere')
    arrays, said = child.call("sparsernn.files.wfdb_record:parse", path, needs="wfdb", columns=plain_columns(columns))
    return RawTable(
        arrays["values"],
        tuple(said["names"]),
        dt=said["dt"],
        units=tuple(said["units"]),
        time_unit="s",
        dt_source=said["dt_source"],
        notes=tuple(said["notes"]),
    )


def parse(path: str, columns: list[str | int] | None) -> tuple[child.Arrays, child.Plain]:
    """The job in the child."""
    try:
        import wfdb
    except ImportError:
        raise DataError(
            f"{path} is a WFDB record, which needs the wfdb package: python -m pip install 'sparsernn[wfdb]'"
        ) from None
    place = Path(path)
    name = str(place.with_suffix(""))
    header = wfdb.rdheader(name)
    _check(header, {file.name: file.stat().st_size for file in signal_files(place)}, place)
    names = [n or f"x{i}" for i, n in enumerate(header.sig_name)]
    chosen = choose(names, columns, path)
    frames = [header.samps_per_frame[i] or 1 for i in range(len(names))]
    _same_rate(names, frames, chosen, header.fs, path)
    notes: list[str] = []
    record = wfdb.rdrecord(name, channels=sorted(chosen), physical=False, smooth_frames=False, ignore_skew=True)
    order = [sorted(chosen).index(i) for i in chosen]
    _verify(header, record, chosen, order, names, path, notes)
    physical = record.dac(expanded=True)
    per_frame = frames[chosen[0]]
    skew = [(header.skew[i] or 0) * per_frame for i in chosen]
    rows = min(len(physical[j]) for j in order) - max(skew)
    if max(skew):
        notes.append(f"signals are shifted by up to {max(skew):,} samples against each other, as the header says")
    if rows < 1:
        raise DataError(f"{path}: nothing is left once its signals are shifted against each other")
    values = np.column_stack([physical[j][s : s + rows] for j, s in zip(order, skew, strict=True)])
    dt = 1 / (header.fs * per_frame)
    if not 0 < dt < math.inf:
        raise DataError(f"{path}: the sampling frequency {header.fs} is not positive")
    if comment := " ".join(" ".join(header.comments or ()).split()):
        notes.append(f"comment of the record: {comment[:200]}")
    return {"values": values}, {
        "names": [names[i] for i in chosen],
        "units": [header.units[i] or "" for i in chosen],
        "dt": dt,
        "dt_source": f"the record's header ({header.fs * per_frame:g} Hz)",
        "notes": notes,
    }


def _same_rate(names: list[str], frames: list[int], chosen: list[int], fs: float, path: str) -> None:
    rates: dict[int, list[str]] = {}
    for i in chosen:
        rates.setdefault(frames[i], []).append(names[i])
    if len(rates) > 1:
        listing = "; ".join(f"{fs * n:g} Hz: {', '.join(of[:30])}" for n, of in sorted(rates.items()))
        raise DataError(
            f"{path}: its signals have different sampling rates; choose signals of one rate with --columns (in Python "
            f"columns=): {listing}"
        )


def _verify(
    header: Any, record: Any, chosen: list[int], order: list[int], names: list[str], path: str, notes: list[str]
) -> None:
    """Compare the 16-bit sums of the chosen signals' samples with those in the header. 0, as writers put it who do not
    count, is taken for "not given" where it is not the sum."""
    unverified = []
    for i, j in zip(chosen, order, strict=True):
        samples = np.asarray(record.e_d_signal[j])
        said = header.checksum[i] if header.checksum is not None else None
        found = int(samples.sum(dtype=np.int64)) & 0xFFFF
        if said is None or (said == 0 and found != 0):
            unverified.append(names[i])
        elif (said & 0xFFFF) != found:
            raise DataError(
                f'{path}: the checksum of signal "{names[i]}" is {said} in the header and '
                f"{(found ^ 0x8000) - 0x8000} for the samples: the record is damaged, or header and signal file do not "
                "belong together; take both from their source again"
            )
    if unverified:
        notes.append(f"without a checksum in the header, so not verified: {', '.join(unverified[:20])}")


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
