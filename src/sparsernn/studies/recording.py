"""From a recording and a few wishes to specs: defaults that are said, not hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from sparsernn.dynamics.embedding import choose_lag
from sparsernn.errors import SpecError
from sparsernn.files.example import EXAMPLES
from sparsernn.spec import build, plain
from sparsernn.studies import criteria
from sparsernn.systems import SYSTEMS
from sparsernn.tasks.reconstruction import Reconstruction
from sparsernn.training.rounds import Rounds
from sparsernn.training.run import RunSpec


class Habits(NamedTuple):
    """Preprocessing and settings a known source is used with; the user's wishes stand above them."""

    task: dict[str, Any]
    settings: dict[str, Any]


HABITS = {
    "ecg": Habits({"detrend": 360.0, "smooth": 3.0, "every": 2, "noise": 0.02}, {}),
    "lorenz63": Habits({}, {"interval": 16, "sequence": 100}),
    "roessler": Habits({}, {"interval": 8, "sequence": 200}),
}


@dataclass(frozen=True)
class Wish:
    """What a user asks of `sparsernn reconstruct`; None leaves it to the defaults, which are printed."""

    source: str
    columns: Sequence[str | int] | None = None
    variable: str | None = None
    dt: float | None = None
    detrend: float | None = None
    smooth: float | None = None
    every: int | None = None
    lags: Sequence[int] | Literal["auto", "none"] | None = None
    standardize: bool = True
    split: Sequence[float] = (0.6, 0.2, 0.2)
    cell: str = "plrnn"
    hidden: int | None = None
    sequence: int | None = None
    interval: int | None = None
    noise: float | None = None
    epochs: int | None = None
    density: float = 0.25
    rounds: int = 2
    criteria: Sequence[str] = ("geometric",)
    starts: int = 4
    seeds: int = 1


def specs(wish: Wish) -> tuple[list[RunSpec], list[str]]:
    """The runs a wish asks for, and sentences on what was chosen for the user. Reads the recording.

    Defaults: the forcing interval is the lag after which a column's own past tells little of it (first minimum of the
    average mutual information or 1/e of the autocorrelation, median over columns, 5 to 20 rows); a training sequence is
    six of these, 50 to 200 rows; 10 hidden units a column, 50 to 100; 400 epochs of 50 updates.
    """
    problems = []
    if not 0 < wish.density <= 1:
        problems.append(f"--density must lie in (0, 1], got {wish.density}")
    if wish.rounds < 1:
        problems.append(f"--rounds must be at least 1, got {wish.rounds}")
    if wish.seeds < 1:
        problems.append(f"--seeds must be at least 1, got {wish.seeds}")
    if problems:
        raise SpecError(problems)
    habits = HABITS.get(wish.source, Habits({}, {}))
    task, notes = _task(wish, habits)
    recording = task.load()
    own = habits.settings
    interval = wish.interval or own.get("interval") or _interval(recording.train)
    sequence = wish.sequence or own.get("sequence") or int(np.clip(6 * interval, 50, 200))
    hidden = wish.hidden or int(np.clip(10 * task.outputs, 50, 100))
    fields = plain(task)["reconstruction"] | {"sequence": sequence}
    base = build(
        RunSpec,
        {
            "task": {"reconstruction": fields},
            "network": {wish.cell: {"hidden": hidden}},
            "forcing": {"sparse_identity": {"interval": interval}},
            "optimizer": {"radam": {"learning_rate": [1e-2, 1e-4] if wish.cell == "plrnn" else [5e-3, 1e-4], "clip_norm": 10.0}},
            "epochs": wish.epochs or 400,
            "measures": [{"reconstruction": {"starts": 4}}, "score", "hubs"],
            "select": {"key": "d_stsp", "every": max(1, (wish.epochs or 400) // 20)},
        },
    )  # fmt: skip
    rows = ", ".join(f"{len(getattr(recording, s)):,}" for s in ("train", "validation", "test"))
    notes += [
        f"{recording.source}: {task.outputs} columns ({', '.join(recording.names)}); rows to train, validate, test: {rows}",
        f"delay embedding: {recording.embedding}",
        f"{wish.cell} with {hidden} hidden units, sequences of {sequence} rows, forced every {interval} rows, "
        f"{base.epochs} epochs of {base.updates_per_epoch} updates",
    ]
    seeds = range(wish.seeds)
    if wish.density == 1:
        return [replace(base, seed=seed) for seed in seeds], notes
    drop = 1 - wish.density ** (1 / wish.rounds)
    return criteria.specs(base, wish.criteria, drop, Rounds(wish.rounds), wish.starts, seeds), notes


def _task(wish: Wish, habits: Habits) -> tuple[Reconstruction, list[str]]:
    """The task without its sequence length, which depends on the data."""
    notes: list[str] = []
    fields: dict[str, Any] = dict(habits.task)
    given = {name: getattr(wish, name) for name in ("columns", "variable", "dt", "detrend", "smooth", "every", "noise")}
    fields |= {name: value for name, value in given.items() if value is not None}
    fields |= {"standardize": wish.standardize, "split": list(wish.split), "sequence": 1}
    if wish.source in SYSTEMS:
        fields["system"] = wish.source
    elif wish.source in EXAMPLES:
        fields["recording"] = wish.source
    else:
        fields["file"] = wish.source
    lags = wish.lags
    if lags is None:
        single = build(Reconstruction, fields, "options").outputs == 1
        lags = "auto" if single else "none"
    if lags != "none":
        fields["lags"] = lags if isinstance(lags, str) else list(lags)
    return build(Reconstruction, fields, "options"), notes


def _interval(train: np.ndarray) -> int:
    """Rows after which a column's own past tells little of it, median over columns, at least 5 and at most 20."""
    return int(np.clip(np.median([choose_lag(column)[0] for column in train.T]), 5, 20))
