"""Gesture phases: which part of a gesture is being made?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np

from sparsernn.files.gesture_phase import COLUMNS, PHASES, VIDEOS, Gestures, read_gesture_phase
from sparsernn.rules import at_least, holds
from sparsernn.tasks.base import SPLITS, Split
from sparsernn.tasks.labeled import Labeled, Windows, cut, drawn

Video = Literal["a1", "a2", "a3", "b1", "b3", "c1", "c3"]
PUBLISHED = ("a3", "b1", "b3", "c1", "c3", "a2", "a1")
"""The order of the recordings in the published code, on which its random split depends."""


@dataclass(frozen=True)
class GesturePhases(Labeled):
    r"""Windows of `window` rows of a recorded hand gesture, 32 velocities and accelerations a step; at every step
    one of five phases (rest, preparation, stroke, hold, retraction).

    ``split="recordings"``: the recordings named in `validation` and `test` are held out whole, the others (a1, a2, b1,
    c1) are trained on, in windows that begin at any row. Columns are standardized by the training recordings
    (``standardize="training"``), or each recording by its own mean and sd (``"recording"``: of a new recording, all of
    its rows must be there before the first is judged; how fast people move then matters less). Held-out
    recordings are read in windows that follow one another, each from rest; what is left over at the end of a recording
    (less than a window) is not asked for. ``split="zhang2023"``: as in the published code, for comparison only: 605
    windows that overlap by half, standardized by all of them, and drawn into 455, 60 and 90 at random, so that half of
    nearly every test window was trained on.

    The archive is found as `sparsernn.files.datasets` says (``sparsernn data fetch gestures``); `path` names a
    directory instead. Loss: cross-entropy (nats) over all steps. Scores: accuracy over all steps, and that loss.
    Source: Madeo, Lima & Peres 2013, doi 10.24432/C5Z32C (data); task as in doi 10.1038/s42005-023-01364-0, which took
    it from Hasani et al. 2021, arXiv 2006.04439; the split by recordings is ours.
    """

    window: int = 32
    split: Literal["recordings", "zhang2023"] = "recordings"
    validation: tuple[Video, ...] = ("a3",)
    test: tuple[Video, ...] = ("b3", "c3")
    standardize: Literal["training", "recording"] = "training"
    path: str | None = None

    places: ClassVar[tuple[str, ...]] = ("path",)
    label: ClassVar[str] = "phase"

    rules = (
        at_least(1, "window"),
        holds(
            lambda validation, test: validation and test and len({*validation, *test}) == len(validation) + len(test),
            "validation and test name one recording or more each, none twice; got {validation} and {test}",
        ),
        holds(
            lambda validation, test: len({*validation, *test}) < len(VIDEOS),
            "validation and test leave no recording to train on",
        ),
        holds(
            lambda split, window, standardize: split == "recordings" or (window, standardize) == (32, "training"),
            "split: zhang2023 has windows of 32 rows and a standardization of its own; leave both out",
        ),
    )

    @property
    def inputs(self) -> int:
        return COLUMNS

    @property
    def outputs(self) -> int:
        return len(PHASES)

    def load(self) -> dict[Split, Windows]:
        return _load(self)

    def describe(self) -> str:
        counts = {split: len(self.load()[split].begins) for split in SPLITS}
        held = f"test {', '.join(self.test)}" if self.split == "recordings" else "windows drawn at random (zhang2023)"
        return f"gesture phases, {held}, windows {', '.join(f'{n:,} {s}' for s, n in counts.items())}"


@lru_cache(maxsize=4)
def _load(task: GesturePhases) -> dict[Split, Windows]:
    from sparsernn.files.datasets import find

    (place,) = find("gestures", task.path).values()
    videos = read_gesture_phase(place)
    if task.split == "zhang2023":
        return _published(videos)
    held: dict[Split, tuple[str, ...]] = {"validation": task.validation, "test": task.test}
    names = {"train": tuple(v for v in VIDEOS if v not in (*task.validation, *task.test)), **held}
    training = np.concatenate([videos[name].values for name in names["train"]]).astype(np.float64)
    by = training if task.standardize == "training" else None
    found: dict[Split, Windows] = {}
    for split in SPLITS:
        recordings = [videos[name] for name in names[split]]
        rows = [(_standardized(r.values.astype(np.float64), by), r.phases) for r in recordings]
        found[split] = cut(rows, task.window, 1 if split == "train" else task.window, split)
    return found


def _standardized(values: np.ndarray, by: np.ndarray | None) -> np.ndarray:
    by = values if by is None else by
    return (values - by.mean(axis=0)) / by.std(axis=0)


def _published(videos: dict[str, Gestures]) -> dict[Split, Windows]:
    """The published code's 605 windows: by recording, window k at row 32 k and one in the middle between two."""
    window, begins, edge = 32, [], 0
    for name in PUBLISHED:
        whole = len(videos[name].phases) // window
        begins += [edge + window // 2 * half for half in range(2 * whole - 1)]
        edge += len(videos[name].phases)
    rows = np.array(begins, dtype=np.int32)
    values = np.concatenate([videos[name].values for name in PUBLISHED]).astype(np.float64)
    phases = np.concatenate([videos[name].phases for name in PUBLISHED])
    seen = values[rows[:, None] + np.arange(window)].reshape(-1, values.shape[1])
    values = ((values - seen.mean(axis=0)) / seen.std(axis=0)).astype(np.float32)
    return drawn(Windows(values, phases, rows), 23489)
