"""What is a person doing, from the positions of four tags on the body?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np

from sparsernn.errors import DataError
from sparsernn.files.person_activity import ACTIVITIES, Positions, read_person_activity
from sparsernn.rules import at_least, holds
from sparsernn.tasks.base import SPLITS, Split
from sparsernn.tasks.labeled import Labeled, Windows, cut, drawn

Person = Literal["A", "B", "C", "D", "E"]
PEOPLE = ("A", "B", "C", "D", "E")


@dataclass(frozen=True)
class PersonActivity(Labeled):
    r"""Windows of `window` rows of the recorded positions of four tags (ankles, chest, belt): which tag reports (four
    columns) and its three coordinates; at every step one of seven activities (lying, sitting, standing up, walking,
    falling, on all fours, sitting on the ground).

    ``split="people"``: all recordings of the people in `validation` and `test` are held out, the others (A, B, C) are
    trained on, in windows that begin every `stride` rows; held-out recordings are read in windows that follow one
    another. Coordinates are standardized by the people trained on. ``split="zhang2023"``: as in the code that the
    published one goes back to, for comparison only: windows that overlap by half, drawn at random into train,
    validation and test, so that what is tested was largely trained on; coordinates as they are; the last recording is
    left out, as its loop does.

    This is the activity task of doi 10.1038/s42005-023-01364-0; for that of smartphones see `uci_har`. Results of the
    two are not comparable. The file is found as `sparsernn.files.datasets` says
    (``sparsernn data fetch person_activity``); `path` names a directory instead.
    Source: Kaluza et al. 2010, doi 10.24432/C57G8X (data: 5 people, 5 recordings each, eleven activities); the seven
    classes and windows are those of Hasani et al. 2021, arXiv 2006.04439; the split by people is ours.
    """

    window: int = 32
    stride: int = 16
    split: Literal["people", "zhang2023"] = "people"
    validation: tuple[Person, ...] = ("D",)
    test: tuple[Person, ...] = ("E",)
    path: str | None = None

    places: ClassVar[tuple[str, ...]] = ("path",)
    label: ClassVar[str] = "activity"

    rules = (
        at_least(1, "window"),
        at_least(1, "stride"),
        holds(
            lambda validation, test: validation and test and len({*validation, *test}) == len(validation) + len(test),
            "validation and test name one person or more each, none twice; got {validation} and {test}",
        ),
        holds(
            lambda validation, test: len({*validation, *test}) < len(PEOPLE),
            "validation and test leave nobody to train on",
        ),
    )

    @property
    def inputs(self) -> int:
        return 7

    @property
    def outputs(self) -> int:
        return len(ACTIVITIES)

    def load(self) -> dict[Split, Windows]:
        return _load(self)

    def describe(self) -> str:
        counts = {split: len(self.load()[split].begins) for split in SPLITS}
        held = f"test {', '.join(self.test)}" if self.split == "people" else "windows drawn at random (zhang2023)"
        return f"person activity (four tags), {held}, windows {', '.join(f'{n:,} {s}' for s, n in counts.items())}"


@lru_cache(maxsize=4)
def _load(task: PersonActivity) -> dict[Split, Windows]:
    from sparsernn.files.datasets import find

    (place,) = find("person_activity", task.path).values()
    recordings = read_person_activity(place)
    if task.split == "zhang2023":
        parts = [(r.values, r.activities) for r in list(recordings.values())[:-1]]
        # the loop of that code stops before the last window that would fit exactly
        whole = [(v[: len(v) - 1], a[: len(a) - 1]) for v, a in parts]
        return drawn(cut(whole, task.window, task.stride, "train"), 27731)
    strange = sorted({name[0] for name in recordings} - set(PEOPLE))
    of = {p: [r for name, r in recordings.items() if name.startswith(p)] for p in PEOPLE}
    lacking = [p for p in PEOPLE if not of[p]]
    if strange or lacking:
        raise DataError(
            f"{place} has recordings of {', '.join(sorted({name[0] for name in recordings}))}; expected of the five "
            f"people {', '.join(PEOPLE)} (A01 to E05)"
        )
    held: dict[Split, tuple[str, ...]] = {"validation": task.validation, "test": task.test}
    names = {"train": tuple(p for p in PEOPLE if p not in (*task.validation, *task.test)), **held}
    training = np.concatenate([r.values[:, 4:] for p in names["train"] for r in of[p]]).astype(np.float64)
    mean, sd = training.mean(axis=0), training.std(axis=0)
    sd[sd == 0] = 1

    def scaled(recording: Positions) -> tuple[np.ndarray, np.ndarray]:
        return np.hstack([recording.values[:, :4], (recording.values[:, 4:] - mean) / sd]), recording.activities

    return {
        split: cut(
            [scaled(r) for p in names[split] for r in of[p]],
            task.window,
            task.stride if split == "train" else task.window,
            split,
        )
        for split in SPLITS
    }
