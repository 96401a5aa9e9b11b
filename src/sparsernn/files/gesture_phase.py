"""The Gesture Phase Segmentation recordings, from the archive as UCI serves it."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.limits import regular_file, unreadable
from sparsernn.files.zipped import member

VIDEOS = ("a1", "a2", "a3", "b1", "b3", "c1", "c3")
"""Recordings, a letter a user."""
PHASES = ("rest", "preparation", "stroke", "hold", "retraction")
_LETTERS = {"D": 0, "P": 1, "S": 2, "H": 3, "R": 4}
COLUMNS = 32


class Gestures(NamedTuple):
    """One video: velocities and accelerations of hands and wrists `values` (rows, 32) float32, and `phases` (rows,)
    int32, numbers into `PHASES`."""

    values: np.ndarray
    phases: np.ndarray


def read_gesture_phase(path: str | Path) -> dict[str, Gestures]:
    """The processed (``va3``) recordings by video, from the zip archive. DataError for what is missing or damaged."""
    path = regular_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return {video: _read(archive, f"{video}_va3.csv", path) for video in VIDEOS}
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise unreadable(path, error) from None


def _read(archive: zipfile.ZipFile, name: str, path: Path) -> Gestures:
    raw = member(archive, name, path, "UCI's data set 302, gesture phase segmentation")
    try:
        rows = [line.split(",") for line in raw.decode("utf-8-sig").split()[1:]]
        values = np.array([row[:-1] for row in rows], dtype=np.float32)
        phases = np.array([_LETTERS[row[-1]] for row in rows], dtype=np.int32)
    except (ValueError, KeyError) as error:
        raise DataError(f"{path}: {name} is no table of numbers with a phase (D, P, S, H, R) last: {error}") from None
    if values.ndim != 2 or values.shape[1] != COLUMNS or not np.isfinite(values).all():
        raise DataError(f"{path}: {name} has shape {values.shape}; expected (rows, {COLUMNS}) of finite numbers")
    return Gestures(values, phases)
