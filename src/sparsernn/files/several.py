"""One array out of a file of several, and what its neighbors say of it: .npz, .mat, HDF5."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from sparsernn.errors import DataError, SpecError, nearest

SHOWN = 20
RATES = {"fs", "fsample", "srate", "rate", "samplingrate", "samplerate", "samplingfrequency", "samplefrequency"}
INTERVALS = {"dt", "deltat", "samplinginterval", "sampleinterval", "samplingperiod", "sampleperiod"}
TIMES = {"t", "time", "times", "timestamp", "timestamps"}


class Entry(NamedTuple):
    """What a file's listing says of an array: shape, class or type in the file's own words, whether it is numbers."""

    shape: tuple[int, ...]
    kind: str
    numeric: bool = True

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class Timing(NamedTuple):
    """A sampling interval (None: not said), who says it, the unit."""

    dt: float | None = None
    source: str = ""
    unit: str = ""
    notes: tuple[str, ...] = ()


def plain(name: str) -> str:
    """A name's last part, small and without marks: ``/rec/Sampling_Rate`` is samplingrate."""
    return "".join(c for c in name.rsplit("/", 1)[-1].lower() if c.isalnum())


def which(entries: Mapping[str, Entry], variable: str | None, source: str) -> str:
    """The array asked for, or the only one that can be a series: numbers, more than one of them, not the times of
    another. SpecError for a name that is none; DataError, with all choices, where several can be meant or none."""
    known = ", ".join(f"{name} {e.shape} {e.kind}" for name, e in list(entries.items())[:SHOWN]) or "nothing"
    known += f", and {len(entries) - SHOWN} more" if len(entries) > SHOWN else ""
    if variable is not None:
        names = [n for n in entries if n == variable or n.strip("/") == variable.strip("/")]
        names = names or [n for n in entries if n.rsplit("/", 1)[-1] == variable]
        if not names:
            raise SpecError(f'{source}: no variable "{variable}"{nearest(variable, list(entries)[:200])}')
    else:
        numbers = [n for n, e in entries.items() if e.numeric]
        names = [n for n in numbers if entries[n].size > 1] or numbers
        if not names:
            raise DataError(f"{source} holds no matrix of numbers, only: {known}")
        times = _times_among(names, entries)
        names = [n for n in names if n not in times] or names
    if len(names) > 1:
        raise DataError(
            f"{source} holds several arrays; choose one with --variable NAME (in Python "
            f"reading=Reading(variable=...)): {known}"
        )
    (name,) = names
    if not entries[name].numeric:
        raise DataError(f'{source}: "{name}" is of class {entries[name].kind}; expected a full matrix of numbers')
    return name


def times_of(entries: Mapping[str, Entry], name: str) -> str | None:
    """The one vector in the same place that is called the time and has a value for every row of array `name`."""
    folder = name.rpartition("/")[0]
    found = [n for n in entries if n != name and n.rpartition("/")[0] == folder and _is_axis(n, entries[name], entries)]
    return found[0] if len(found) == 1 else None


def scalars_of(entries: Mapping[str, Entry]) -> list[str]:
    """The single numbers that are called a sampling rate or interval."""
    return [n for n, e in entries.items() if e.numeric and e.size == 1 and plain(n) in RATES | INTERVALS]


def timing(scalars: Mapping[str, float], what: str = "number") -> Timing:
    """The sampling interval that numbers called ``fs``, ``sampling_rate``, ``dt`` ... give; a `what` is such a number.

    Numbers that contradict each other, or are not positive, say nothing, with a note.
    """
    found, bad = {}, []
    for name, value in scalars.items():
        if plain(name) not in RATES | INTERVALS:
            continue
        if np.isfinite(value) and value > 0 and np.isfinite(1 / value):
            found[name] = 1 / value if plain(name) in RATES else value
        else:
            bad.append(f"{name} = {value:.6g}")
    refused = (
        (f"not taken from the file: {', '.join(bad)} is no sampling rate or interval; --dt gives it",) if bad else ()
    )
    if not found:
        return Timing(notes=refused)
    (name, dt), *others = found.items()
    if any(abs(other - dt) > 1e-6 * dt for _, other in others):
        said = ", ".join(f"{n} = {scalars[n]:.6g}" for n in found)
        return Timing(
            notes=(f"the sampling interval is not taken from the file, which contradicts itself: {said}", *refused)
        )
    return Timing(dt, f'the {what} "{name}" ({scalars[name]:.6g}) in the file', notes=refused)


def _times_among(names: list[str], entries: Mapping[str, Entry]) -> set[str]:
    """Those that are as long as one of the others and called its times. Linear: a file may list 100,000."""
    lengths = {max(entries[n].shape) for n in names if plain(n) not in TIMES and entries[n].shape}
    return {n for n in names if _is_vector(n, entries[n]) and entries[n].size in lengths}


def _is_axis(name: str, of: Entry, entries: Mapping[str, Entry]) -> bool:
    return _is_vector(name, entries[name]) and bool(of.shape) and entries[name].size == max(of.shape)


def _is_vector(name: str, entry: Entry) -> bool:
    return entry.numeric and entry.size > 1 and max(entry.shape) == entry.size and plain(name) in TIMES
