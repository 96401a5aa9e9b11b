"""Localization Data for Person Activity (UCI 196): positions of four tags on the body, and what the person does."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.text import read_text

TAGS = {"010-000-024-033": 0, "010-000-030-096": 1, "020-000-033-111": 2, "020-000-032-221": 3}
"""Left ankle, right ankle, chest, belt: the column of each."""
ACTIVITIES = ("lying", "sitting", "standing up", "walking", "falling", "on all fours", "sitting on the ground")
"""The seven classes that the eleven of the file are merged to (`MERGED`)."""
MERGED = {
    "lying down": 0,
    "lying": 0,
    "sitting down": 1,
    "sitting": 1,
    "standing up from lying": 2,
    "standing up from sitting": 2,
    "standing up from sitting on the ground": 2,
    "walking": 3,
    "falling": 4,
    "on all fours": 5,
    "sitting on the ground": 6,
}
COLUMNS = 8


class Positions(NamedTuple):
    """One recording: `values` (rows, 7) float32, which tag (four columns, one of them 1) and its x, y, z in meters, and
    `activities` (rows,) int32, numbers into `ACTIVITIES`. Rows are as the tags reported, not at equal times."""

    values: np.ndarray
    activities: np.ndarray


def read_person_activity(path: str | Path) -> dict[str, Positions]:
    """The recordings by name (``A01``: person A, the first) in the order of the file.

    A row is: recording, tag, time stamp, date, x, y, z, activity, by commas (UCI's description of the data). DataError
    for anything else, with the line. Cost: about 1 s for the published 164,860 rows.
    """
    found: dict[str, tuple[list[list[float]], list[int]]] = {}
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.split(",")]
        try:
            name, tag, _, _, *position, activity = parts
            if len(parts) != COLUMNS or not name:
                raise ValueError(f"{len(parts)} columns")
            row = [0.0, 0.0, 0.0, 0.0, *map(float, position)]
            row[TAGS[tag]] = 1.0
            label = MERGED[activity]
        except (ValueError, KeyError) as error:
            raise DataError(
                f"{path}, line {number:,}: expected recording, tag, time stamp, date, x, y, z and one of the eleven "
                f'activities, got "{line[:80]}" ({error}); take ConfLongDemo_JSI.txt as UCI publishes it'
            ) from None
        rows, labels = found.setdefault(name, ([], []))
        rows.append(row)
        labels.append(label)
    recordings = {name: Positions(np.array(r, np.float32), np.array(a, np.int32)) for name, (r, a) in found.items()}
    for name, recording in recordings.items():
        if not np.isfinite(recording.values).all():
            raise DataError(f"{path}: recording {name} has positions that are not finite")
    return recordings
