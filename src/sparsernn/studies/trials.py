"""A page of a task's sequences: what a network reads, what is wanted, and when an error counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sparsernn.errors import SpecError, Undefined
from sparsernn.report.figures import trials
from sparsernn.report.panels import Panel
from sparsernn.report.plain_page import Section, write_plain
from sparsernn.report.text import number
from sparsernn.tasks.base import AbstractTask, Split
from sparsernn.tasks.picture import Picture

CAPTION = (
    "Time runs to the right; a row is a channel, the first one of a block at its top. Above is what the network reads, "
    "below what is wanted of it, and how much an error counts where that is not always the same"
)


class TrialsPage(NamedTuple):
    """What was written: groups of pictures by name, and trivial predictors on the test split."""

    path: Path
    groups: dict[str, list[Picture]]
    reference: dict[str, float]


def write_trials(task: AbstractTask, path: Path, count: int = 2, split: Split = "validation") -> TrialsPage:
    """Draw the first `count` sequences of a split (of a task with several kinds: of each) on one page.

    SpecError for a task whose sequences cannot be drawn, such as words.

    >>> from sparsernn.tasks.adding import Adding
    >>> write_trials(Adding(length=10, held_out=20), Path("trials.html"), count=1).groups.keys()
    dict_keys(['adding'])
    """
    if count < 1:
        raise SpecError(f"count must be at least 1, got {count}")
    groups: dict[str, list[Picture]] = {}
    for picture in task.pictures(split, count):
        groups.setdefault(picture.group, []).append(picture)
    if not groups:
        raise SpecError(f"{type(task).__name__}: its sequences are no channels over time, there is nothing to draw")
    reference = task.reference()
    facts = [("inputs", f"{task.inputs} a step"), ("outputs", f"{task.outputs} a step"), ("split", split)]
    facts += [(name, number(value, 3)) for name, value in reference.items()]
    sections = [Section(name, (), [_panel(i, pictures)]) for i, (name, pictures) in enumerate(groups.items())]
    write_plain(path, f"Sequences: {task.describe()}", sections, facts=facts, notes=[CAPTION])
    return TrialsPage(path, groups, reference)


def _panel(i: int, pictures: Sequence[Picture]) -> Panel:
    found = trials.numbers(pictures)
    if isinstance(found, Undefined):
        return Panel(f"trials-{i}", pictures[0].group, f"Not drawn: {found}.", None, None)
    colors = "Blue is below 0, orange above." if found.signed else "Darker is more."
    return Panel(f"trials-{i}", pictures[0].group, "" if i else colors, partial(trials.draw, found), None)
