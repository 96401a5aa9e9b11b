"""EDF, EDF+, BDF and BDF+: recordings of EEG, sleep, ECG, in blocks of fixed length.

Kemp et al. 1992, doi:10.1016/0013-4694(92)90009-7; EDF+: Kemp & Olivan 2003, doi:10.1016/S1388-2457(03)00123-8.
The samples are plain integers, so NumPy alone reads them, and reads the discontinuous files that edflib refuses.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.columns import RawTable, choose
from sparsernn.files.limits import unreadable

BIOSEMI = b"\xffBIOSEMI"
ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
FIELDS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
"""Widths of a signal's fields: label, transducer, unit, physical and digital minimum and maximum, filter, samples."""
TOLERANCE = 0.5
"""The share of a sample by which two blocks may be apart or overlap and still follow one another."""


class Signal(NamedTuple):
    """One signal of a header: its label, unit, smallest and largest value in that unit and as stored (as texts), and
    where its samples lie in a block."""

    label: str
    unit: str
    physical: tuple[str, str]
    digital: tuple[str, str]
    samples: int
    """a block"""
    offset: int
    """of its first sample in the block, in samples"""


class EdfHeader(NamedTuple):
    """What the head of a file says of the rest of it."""

    signals: tuple[Signal, ...]
    blocks: int
    seconds: float
    """a block"""
    width: int
    """bytes a sample: 2, or 3 in BDF"""
    plus: str
    """``C`` continuous, ``D`` discontinuous, "" no EDF+"""
    size: int
    """bytes of the header"""
    notes: tuple[str, ...]

    @property
    def block(self) -> int:
        """Samples a block, of all signals together."""
        return sum(s.samples for s in self.signals)


def read_edf(path: Path, columns: Sequence[str | int] | None) -> RawTable:
    """The chosen signals in physical units, at their own rate; the annotation channels are left out and not counted.

    The blocks of a file that pauses (EDF+D) become stretches. DataError for a file whose size is not what the header
    says, for chosen signals of different rates (with the list), for scales that are none.
    """
    try:
        with path.open("rb") as file:
            header = _header(file.read(256), file, path)
        samples = np.memmap(path, np.uint8, "r", header.size, (header.blocks, header.block * header.width))
        onsets = _onsets(samples, header, path)
        signals = [s for s in header.signals if s.label not in ANNOTATIONS]
        if not signals:
            raise DataError(f"{path} holds annotations only, no signals")
        chosen = [signals[i] for i in choose([s.label for s in signals], columns, str(path))]
        _same_rate(chosen, header, path, all_of_them=columns is None)
        values = np.column_stack([_physical(samples, s, header.width, path) for s in chosen])
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    per_block = chosen[0].samples
    notes = header.notes
    if left_out := len(header.signals) - len(signals):
        notes += (f"{left_out} channel{'s' * (left_out > 1)} of annotations left out",)
    starts = tuple(int(b) * per_block for b in _stretches(onsets, header, per_block, path))
    return RawTable(
        values,
        tuple(s.label for s in chosen),
        dt=header.seconds / per_block,
        units=tuple(s.unit for s in chosen),
        time_unit="s",
        dt_source=f"the file's header ({per_block:,} samples in {header.seconds:g} s)",
        starts=starts,
        notes=notes,
    )


def _header(start: bytes, file: IO[bytes], path: Path) -> EdfHeader:
    size = path.stat().st_size
    if len(start) < 256 or not (start[:8] == BIOSEMI or start[:8].strip(b" \0") == b"0"):
        raise DataError(f"{path} is no EDF or BDF file: it does not begin as one")
    count = _whole(start[252:256], "number of signals", path)
    length = 256 * (1 + count)
    if count < 1 or length > size:
        raise DataError(f"{path} claims {count:,} signals, more than its {size:,} bytes can describe; it is truncated")
    if (claimed := _whole(start[184:192], "length of the header", path)) != length:
        raise DataError(f"{path}: its header claims {claimed:,} bytes; {count} signals need {length:,}: it is damaged")
    reserved = start[192:236].decode("latin-1").strip()
    found = re.match(r"(EDF|BDF)\+([CD])", reserved)
    body = file.read(256 * count)
    table: list[list[bytes]] = []
    for width in FIELDS:
        table.append([body[i * width : (i + 1) * width] for i in range(count)])
        body = body[count * width :]
    text = [[cell.decode("latin-1").strip(" \0") for cell in row] for row in table]
    samples = [_whole(cell, f'samples a block of "{text[0][i]}"', path) for i, cell in enumerate(table[8])]
    if min(samples) < 0 or sum(samples) < 1:
        raise DataError(f"{path} claims blocks without samples; it is damaged")
    signals, offset = [], 0
    for i in range(count):
        label = text[0][i] or f"x{i}"
        signals.append(
            Signal(label, text[2][i], (text[3][i], text[4][i]), (text[5][i], text[6][i]), samples[i], offset)
        )
        offset += samples[i]
    width = 3 if start[:8] == BIOSEMI else 2
    blocks, notes = _whole(start[236:244], "number of blocks", path), []
    have, rest = divmod(size - length, offset * width)
    if blocks == -1:
        blocks = have
        if rest:
            notes.append(f"the last block is incomplete and left out ({rest:,} bytes): the recording was cut off")
    elif (blocks, 0) != (have, rest):
        kind = "truncated" if have < blocks else "damaged, or has something appended"
        raise DataError(
            f"{path} is {kind}: its header claims {blocks:,} blocks of {offset * width:,} bytes, "
            f"{size - length:,} bytes are there"
        )
    if blocks < 1:
        raise DataError(f"{path} has a header and no data")
    seconds = _real(start[244:252].decode("latin-1"), "length of a block", path)
    if not seconds > 0 and any(s.label not in ANNOTATIONS for s in signals):
        raise DataError(f"{path}: its blocks last {seconds:g} s; expected a positive number")
    return EdfHeader(tuple(signals), blocks, seconds, width, found[2] if found else "", length, tuple(notes))


def _same_rate(chosen: list[Signal], header: EdfHeader, path: Path, all_of_them: bool) -> None:
    rates: dict[int, list[str]] = {}
    for signal in chosen:
        rates.setdefault(signal.samples, []).append(signal.label)
    if len(rates) > 1:
        listing = "; ".join(f"{n / header.seconds:g} Hz: {', '.join(labels[:30])}" for n, labels in rates.items())
        what = "its signals" if all_of_them else "the chosen signals"
        raise DataError(
            f"{path}: {what} have different sampling rates; choose signals of one rate with --columns (in Python "
            f"columns=): {listing}"
        )
    if 0 in rates:
        raise DataError(f'{path}: signal "{rates[0][0]}" has no samples')


def _integers(samples: np.ndarray, signal: Signal, width: int) -> np.ndarray:
    raw = np.ascontiguousarray(samples[:, signal.offset * width : (signal.offset + signal.samples) * width])
    if width == 2:
        return raw.view("<i2").ravel()
    padded = np.zeros((raw.size // 3, 4), np.uint8)
    padded[:, 1:] = raw.reshape(-1, 3)
    return padded.view("<i4").ravel() >> 8


def _physical(samples: np.ndarray, signal: Signal, width: int, path: Path) -> np.ndarray:
    low, high = (_real(text, f'physical range of "{signal.label}"', path) for text in signal.physical)
    first, last = (_real(text, f'digital range of "{signal.label}"', path) for text in signal.digital)
    if not last > first or low == high:
        raise DataError(
            f'{path}: signal "{signal.label}" has the digital range {first:g} to {last:g} and the physical range '
            f"{low:g} to {high:g}, which is no scale; the header is damaged, or the signal is not to be used"
        )
    return (_integers(samples, signal, width) - first) * ((high - low) / (last - first)) + low


def _onsets(samples: np.ndarray, header: EdfHeader, path: Path) -> np.ndarray | None:
    """The second at which every block begins, from the first annotation of each; None where the file has none."""
    clocks = [s for s in header.signals if s.label in ANNOTATIONS]
    onsets = []
    if header.plus and clocks:
        at, end = (clocks[0].offset + n for n in (0, clocks[0].samples))
        for block in samples[:, at * header.width : end * header.width]:
            found = re.match(rb"([+-]\d{1,12}(\.\d{1,12})?)\x14", block[:64].tobytes())
            if not found:
                break
            onsets.append(float(found[1]))
    if len(onsets) == header.blocks:
        return np.array(onsets)
    if header.plus == "D":
        raise DataError(f"{path} is discontinuous (EDF+D), and its block {len(onsets):,} does not say when it begins")
    return None


def _stretches(onsets: np.ndarray | None, header: EdfHeader, per_block: int, path: Path) -> list[int]:
    """The blocks at which stretches begin."""
    if onsets is None:
        return [0]
    off = np.diff(onsets) - header.seconds
    slack = max(TOLERANCE * header.seconds / per_block, 1e-6)
    if (off < -slack).any():
        block = int(np.flatnonzero(off < -slack)[0]) + 1
        raise DataError(f"{path}: block {block:,} begins before block {block - 1:,} has ended; the file is damaged")
    return [0, *(np.flatnonzero(off > slack) + 1).tolist()]


def _whole(cell: bytes, what: str, path: Path) -> int:
    text = cell.decode("latin-1").strip(" \0")
    if not re.fullmatch(r"[+-]?\d{1,8}", text, re.ASCII):
        raise DataError(f'{path}: the {what} is "{text}"; expected a whole number: no EDF file, or a damaged one')
    return int(text)


def _real(text: str, what: str, path: Path) -> float:
    try:
        value = float(text.strip(" \0").replace(",", "."))
    except ValueError:
        value = math.nan
    if "_" in text or not math.isfinite(value):
        raise DataError(f'{path}: the {what} is "{text.strip()}"; expected a number: the header is damaged')
    return value
