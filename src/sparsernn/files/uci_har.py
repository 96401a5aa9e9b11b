"""Human Activity Recognition Using Smartphones (UCI 240): the inertial signals, from UCI's archive or an .npz of it."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.limits import regular_file, unreadable
from sparsernn.files.zipped import member

ACTIVITIES = ("walking", "walking upstairs", "walking downstairs", "sitting", "standing", "lying")
SIGNALS = tuple(f"{name}_{axis}" for name in ("body_acc", "body_gyro", "total_acc") for axis in "xyz")
"""Acceleration of the body and in all (g), and angular velocity (rad/s)."""
STEPS = 128
ARCHIVE = "UCI's data set 240, UCI HAR Dataset.zip"


class Activity(NamedTuple):
    """One side of the published split: `signals` (rows, 128, 9) float32, `activities` (rows,) int32, numbers into
    `ACTIVITIES`, and `people` (rows,) int32, 1 to 30."""

    signals: np.ndarray
    activities: np.ndarray
    people: np.ndarray


def read_uci_har(path: str | Path) -> dict[str, Activity]:
    """Both sides, ``train`` and ``test``.

    `path`: the archive ``UCI HAR Dataset.zip``, or an .npz with ``X_train`` (rows, 128, 9), ``y_train`` (1 to 6),
    ``subject_train`` and the same of test. DataError for what is missing or damaged. Cost: 0.3 s (.npz), 5 s (archive).
    """
    path = regular_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            sides = {}
            for side in ("train", "test"):
                if any(name.startswith("X_") for name in archive.namelist()):
                    parts = [_array(archive, f"{name}_{side}.npy", path) for name in ("X", "y", "subject")]
                else:
                    parts = _texts(archive, side, path)
                sides[side] = _checked(parts, path, side)
            return sides
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise unreadable(path, error) from None


def _array(archive: zipfile.ZipFile, name: str, path: Path) -> np.ndarray:
    try:
        return np.load(io.BytesIO(member(archive, name, path, ARCHIVE)), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DataError(f"{path}: {name} is no array of numbers: {error}") from None


def _texts(archive: zipfile.ZipFile, side: str, path: Path) -> list[np.ndarray]:
    def table(name: str, columns: int) -> np.ndarray:
        raw = member(archive, f"UCI HAR Dataset/{side}/{name}_{side}.txt", path, ARCHIVE)
        try:
            flat = np.array(raw.split(), dtype=np.float64).astype(np.float32)
            return flat.reshape(-1, columns)
        except ValueError as error:
            raise DataError(f"{path}: {name}_{side}.txt is no table of {columns} numbers a row: {error}") from None

    signals = [table(f"Inertial Signals/{name}", STEPS) for name in SIGNALS]
    if len({len(signal) for signal in signals}) > 1:
        raise DataError(f"{path}: the signals of {side} have different numbers of rows")
    return [np.stack(signals, axis=-1), table("y", 1)[:, 0], table("subject", 1)[:, 0]]


def _checked(parts: list[np.ndarray], path: Path, side: str) -> Activity:
    signals, activities, people = parts
    rows = len(signals) if signals.ndim else 0
    fits = signals.shape == (rows, STEPS, len(SIGNALS)) and activities.shape == people.shape == (rows,) and rows > 0
    if not fits or signals.dtype.kind != "f" or not np.isfinite(signals).all():
        raise DataError(
            f"{path}: {side} has signals {signals.shape}, activities {activities.shape} and people {people.shape}; "
            f"expected (rows, {STEPS}, {len(SIGNALS)}) finite numbers, (rows,) and (rows,)"
        )
    if not np.isin(activities, range(1, len(ACTIVITIES) + 1)).all():
        raise DataError(f"{path}: activities of {side} must be 1 to {len(ACTIVITIES)}")
    return Activity(signals.astype(np.float32), activities.astype(np.int32) - 1, people.astype(np.int32))
