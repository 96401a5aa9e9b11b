"""Numbers that are chosen for a user who does not give them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

SEQUENCES = (100, 300)
"""Shortest and longest training sequence."""
UNITS = (50, 100, 1.25)
"""Hidden units: ten a column, but at least and at most so many; never fewer than so many a column."""
EPOCHS, UPDATES, STARTS, ROUNDS, DENSITY = 500, 50, 4, 2, 0.25
"""Of training and its updates an epoch; of pruning the starts a single weight is judged from, the rounds, the share of
the recurrent weights kept."""
LOOKS = 100
"""Checkpoints that a training can choose from: to its end D_stsp jumps from one to the next (from .4 to 8 on an
electrocardiogram), and a look costs less than two epochs (.15 s of CPU time for 20,000 rows of three columns)."""
MOST_JUDGED = 10_000
"""Weights up to which each is judged by free runs without it (100 hidden units of a piecewise linear network take
minutes); above, they are ranked by size × activity, which takes a second."""
NOISY = 0.03
"""White noise, in sd, from which on smoothing is advised."""
JUDGED, RANKED = ("geometric",), ("activity",)
"""The criteria of both."""
LEADS = {"I", "II", "III", "MLI", "MLII", "MLIII", "AVR", "AVL", "AVF", *(f"V{i}" for i in range(1, 7)), "ECG"}
"""What makes a WFDB record an electrocardiogram."""


def is_record(source: str) -> bool:
    """Whether it names a WFDB record, by its header or without the ending."""
    path = Path(source)
    return path.suffix.lower() == ".hea" or path.with_name(f"{path.name}.hea").is_file()


def are_leads(names: Iterable[str]) -> bool:
    """Whether signals with these names are an electrocardiogram, of which `reconstruct` takes the first and prepares
    it as one."""
    return {name.upper() for name in names} <= LEADS


def units(columns: int) -> int:
    """How many hidden units a recording of so many columns is given.

    >>> units(3), units(8), units(128)
    (50, 80, 160)
    """
    fewest, most, a_column = UNITS
    return max(int(np.clip(10 * columns, fewest, most)), math.ceil(a_column * columns))


def criteria_for(weights: int) -> tuple[str, ...]:
    """What so many recurrent weights are pruned by."""
    return JUDGED if weights <= MOST_JUDGED else RANKED
