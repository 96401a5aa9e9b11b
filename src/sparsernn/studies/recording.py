"""From a recording and a few wishes to specs: defaults that are said, not hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from sparsernn.dynamics.power_spectrum import blindness, noise_level, regular_period
from sparsernn.errors import DataError, SpecError, nearest
from sparsernn.files.example import EXAMPLES
from sparsernn.files.reading import AS_FOUND, Reading
from sparsernn.files.series import read_series
from sparsernn.masks import chosen
from sparsernn.models.network import Network
from sparsernn.optimizers.base import AbstractOptimizer
from sparsernn.optimizers.radam import RAdam
from sparsernn.report.spread import FEWEST_SEEDS
from sparsernn.spec import build
from sparsernn.studies import criteria
from sparsernn.studies.cost import fits
from sparsernn.studies.defaults import (
    DENSITY,
    EPOCHS,
    JUDGED,
    LOOKS,
    NOISY,
    ROUNDS,
    SEQUENCES,
    STARTS,
    UPDATES,
    are_leads,
    criteria_for,
    is_record,
    units,
)
from sparsernn.studies.look import warnings_for
from sparsernn.systems import SYSTEMS
from sparsernn.tasks.base import SPLITS
from sparsernn.tasks.reconstruction import Reconstruction, Recording, preparation
from sparsernn.tasks.recording import series_of
from sparsernn.training.rounds import Rounds
from sparsernn.training.run_spec import RunSpec

TASK = ("detrend", "smooth", "every", "noise")
"""Fields of the task that a known source has habits for."""
HABITS: dict[str, dict[str, Any]] = {
    "ecg": {"detrend": 360.0, "smooth": 3.0, "every": 2, "sequence": 200, "learning_rate": 5e-3},
    "lorenz63": {"interval": 16, "sequence": 100, "learning_rate": 1e-2},
    "roessler": {"interval": 8, "sequence": 200, "learning_rate": 5e-3},
}
"""What a known source is prepared and trained with unless a wish says otherwise. An electrocardiogram's sequences are
longer than a beat: between two beats the network has to count on its own (chosen on simulated ones, `docs/papers.md`).
"""


ALPHA, CLIP = 0.15, 10.0
"""Generalized forcing, norm gradients are clipped to."""
RATE, RATE_OF_RHYTHMS = 2e-3, 5e-3
"""First learning rate (the last is a fiftieth), and that of a recording in which a rhythm repeats. A simulated bursting
neuron and simulated electrocardiograms gained by the larger one, a Hindmarsh-Rose neuron without a regular rhythm lost
by it; none of them is among the recordings reported (`docs/papers.md`)."""
SMOOTH_SECONDS, ROWS_A_SECOND = 1 / 120, 180
"""How an electrocardiogram by its leads is smoothed and thinned."""
SMALL = 20
"""Hidden units that `too_short` advises."""


@dataclass(frozen=True)
class Wish:
    """What a user asks of `sparsernn reconstruct`; None leaves it to the defaults, which are printed."""

    source: str | Sequence[str]
    columns: Sequence[str | int] | None = None
    reading: Reading = AS_FOUND
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
    alpha: float | None = None
    noise: float | None = None
    learning_rate: float | None = None
    epochs: int | None = None
    density: float = DENSITY
    rounds: int = ROUNDS
    criteria: Sequence[str] | None = None
    starts: int = STARTS
    seeds: int = 1


def named(source: str | Sequence[str]) -> None:
    """DataError if a text names neither a file nor anything known, with the known name it may be a misspelling of."""
    known = [*SYSTEMS, *EXAMPLES]
    if not isinstance(source, str) or source in known or Path(source).suffix:
        return
    if not Path(source).exists() and not Path(f"{source}.hea").is_file():
        raise DataError(f'"{source}" is neither a file nor a known system or example{nearest(source, known)}')


def specs(wish: Wish) -> tuple[list[RunSpec], list[str]]:
    """The runs a wish asks for, and sentences on what was chosen for the user. Reads the recording.

    Defaults: generalized teacher forcing (known systems: sparse, at the interval of the literature), training sequences
    of 100 rows, or as long as a rhythm that repeats (`sparsernn.dynamics.power_spectrum.regular_period`), up to 300: a
    bursting neuron was not learned from sequences shorter than its burst; hidden units by `units`, 500 epochs of 50
    updates. A WFDB record whose signals are leads of an electrocardiogram is prepared like the one that ships: first
    lead, drift slower than about a second removed, smoothed over 8 ms, 180 rows a second. Generalized forcing is the
    default for recordings because sparse forcing of the ECG mostly ended in collapse here (`docs/papers.md`).
    """
    named(wish.source)
    wish, habits, found = _habits(wish)
    base = _draft(wish, habits)
    task = cast(Reconstruction, base.task)
    task.refresh()
    if wish.lags is None and task.outputs == 1:
        task = replace(task, lags="auto")
    free = wish.sequence is None and "sequence" not in habits
    recording = (replace(task, sequence=1) if free else task).load()
    task, embedding = replace(task, lags=recording.lags), recording.embedding
    why = ""
    if free:
        length, why = _sequence(recording)
        task = replace(task, sequence=length)
        recording = task.load()
    rhythm = regular_period(max(recording.stretches("train"), key=len))
    if rhythm and task.system is None and wish.learning_rate is None and "learning_rate" not in habits:
        base = replace(base, optimizer=_optimizer(RATE_OF_RHYTHMS))
    series = series_of(task)
    cautions = [] if task.system is not None else warnings_for(series, task)
    if wish.hidden is not None and wish.hidden <= SMALL:  # what it advises was done
        cautions = [c for c in cautions if c.code != "too_short" or "default network" not in c.text]
    if wish.hidden is not None and wish.hidden >= 2 * task.outputs:
        many = f"{task.outputs} columns: D_stsp tells little in so many dimensions"
        cautions = [
            c._replace(text=many, try_="some of the columns by --columns") if c.code == "wide" else c for c in cautions
        ]
    hidden = units(task.outputs) if wish.hidden is None else wish.hidden
    base = replace(base, task=task, network=build(Network, {wish.cell: {"hidden": hidden}}))
    base.network.check(base.trainer().ports)
    fits(base)
    rows = ", ".join(f"{len(getattr(recording, s)):,}" for s in SPLITS)
    notes = [
        *found,
        f"{recording.source}: {', '.join(recording.names)}; rows to train, validate, test: {rows}",
        f"delay embedding: {embedding}",
        f"{wish.cell} with {hidden} hidden units, sequences of {task.sequence} rows{why}, {base.epochs} epochs of "
        f"{base.updates_per_epoch} updates, first learning rate {base.optimizer.ends[0]:g}, {base.forcing}",
        f"data: {'; '.join(preparation(task)) or 'nothing was filtered or thinned'}",
        *series.notes,
        *recording.notes,
        *(str(caution) for caution in cautions),
    ]
    level = noise_level(recording.train)
    noise = 0.0 if level is None else float(np.median(level))
    if noise > NOISY and wish.smooth is None and not any(c.code == "noise_only" for c in cautions):
        notes.append(
            f"noise on the recording is about {noise:.2g} sd: the network learns the system without it, and a clean "
            "run stays away from a noisy recording however good it is; --smooth 1 or 2 learns and compares without it"
        )
    if told := blindness(recording.test, starts=recording.starts["test"]):
        notes.append(told)
    weights = sum(p.size for p in chosen(base.trainer().prunables, ("recurrent",)))
    by = criteria_for(weights) if wish.criteria is None else tuple(wish.criteria)
    if wish.criteria is None and by != JUDGED and wish.density < 1:
        notes.append(
            f"pruned by {by[0]}, the size of a weight times the activity it carries: {weights:,} weights are too many "
            "to be judged one by one in minutes; --criterion geometric judges them all the same"
        )
    if 1 < wish.seeds < FEWEST_SEEDS and len(by) > 1:
        notes.append(f"with {wish.seeds} seeds no difference can be called real: that takes {FEWEST_SEEDS} or more")
    seeds = range(wish.seeds)
    if wish.density == 1:
        return [replace(base, seed=seed) for seed in seeds], notes
    drop = criteria.drop_to(base, wish.density, wish.rounds)
    return criteria.specs(base, by, drop, Rounds(wish.rounds), wish.starts, seeds), notes


def _sequence(recording: Recording) -> tuple[int, str]:
    """Rows of a training sequence, and why so many where the data decided: a rhythm, or stretches that are short."""
    lengths = {split: [len(part) for part in recording.stretches(split)] for split in SPLITS}
    fits = min(max(lengths[split]) for split in SPLITS) - 2
    longest = max(recording.stretches("train"), key=len)
    if len(lengths["train"]) > 1:  # half of the stretches at least are to be learned from
        fits = min(fits, int(np.median(lengths["train"])) - 2)
        if fits < SEQUENCES[0]:
            return max(fits, 1), f" (its stretches have {int(np.median(lengths['train']))} rows)"
    if not (period := regular_period(longest)):
        return SEQUENCES[0], ""
    length = int(np.clip(round(period, -1), SEQUENCES[0], min(SEQUENCES[1], fits)))
    return length, f" (a rhythm repeats every {period} rows)" if length > SEQUENCES[0] else ""


def _habits(wish: Wish) -> tuple[Wish, dict[str, Any], list[str]]:
    """The wish with columns chosen, the habits of its source, and a sentence on what was recognized."""
    if not isinstance(wish.source, str):
        return wish, {}, []
    if not is_record(wish.source):
        return wish, HABITS.get(wish.source, {}), []
    series = read_series(wish.source, columns=wish.columns, dt=wish.dt)
    if series.dt is None or not are_leads(series.names):
        return wish, {}, []
    lead = series.names[0]
    habits = HABITS["ecg"] | {
        "detrend": 1 / series.dt,
        "smooth": max(SMOOTH_SECONDS / series.dt, 0.1),
        "every": max(1, round(1 / (ROWS_A_SECOND * series.dt))),
    }
    note = (
        f"{series.source} is an electrocardiogram by its leads ({', '.join(series.names)}): {lead} is taken and "
        "prepared as one; --columns, --detrend, --smooth and --every change that"
    )
    return (replace(wish, columns=(lead,)) if wish.columns is None else wish), habits, [note]


def _draft(wish: Wish, habits: dict[str, Any]) -> RunSpec:
    """The run as far as it does not depend on the data. SpecError with all problems of the wish."""
    problems = []
    if not 0 < wish.density <= 1:
        problems.append(f"density must lie in (0, 1], got {wish.density}")
    for name in ("rounds", "seeds", "starts"):
        if getattr(wish, name) < 1:
            problems.append(f"{name} must be at least 1, got {getattr(wish, name)}")
    if wish.interval is not None and wish.alpha is not None:
        problems.append("interval= is sparse forcing, alpha= generalized forcing: give one of them")
    rate = _first(wish.learning_rate, habits.get("learning_rate"), RATE)
    epochs = _first(wish.epochs, EPOCHS)
    tree = {
        "task": {"reconstruction": _task(wish, habits)},
        "network": {wish.cell: {"hidden": _first(wish.hidden, 50)}},
        "forcing": _forcing(wish, habits),
        "optimizer": _optimizer(rate),
        "epochs": epochs,
        "updates_per_epoch": UPDATES,
        "measures": [{"reconstruction": {"starts": 4}}, "baselines", "score", "hubs"],
        "select": {"key": "d_stsp", "every": max(1, epochs // LOOKS)},
    }
    try:
        draft = build(RunSpec, tree)
    except SpecError as error:
        problems += error.problems
    if problems:
        raise SpecError(problems)
    return draft


def _optimizer(rate: float) -> AbstractOptimizer:
    return RAdam(learning_rate=(rate, rate / 50), clip_norm=CLIP)


def _first(*values: Any) -> Any:
    """The first that is not None."""
    return next(value for value in values if value is not None)


def _task(wish: Wish, habits: dict[str, Any]) -> dict[str, Any]:
    fields = {name: habits[name] for name in TASK if name in habits}
    given = {name: getattr(wish, name) for name in ("columns", "reading", "dt", *TASK)}
    fields |= {name: value for name, value in given.items() if value not in (None, AS_FOUND)}
    kind = "system" if wish.source in SYSTEMS else "recording" if wish.source in EXAMPLES else "file"
    source = wish.source if isinstance(wish.source, str) else list(wish.source)
    fields |= {kind: source, "standardize": wish.standardize, "split": list(wish.split)}
    fields |= {"sequence": _first(wish.sequence, habits.get("sequence"), SEQUENCES[0])}
    return fields | ({} if wish.lags in (None, "none") else {"lags": wish.lags})


def _forcing(wish: Wish, habits: dict[str, Any]) -> dict[str, Any]:
    """Sparse where an interval is wished or known and no alpha is wished, else generalized."""
    interval = habits.get("interval") if wish.interval is None else wish.interval
    if interval is not None and wish.alpha is None:
        return {"sparse_identity": {"interval": interval}}
    return {"generalized": {"alpha": ALPHA if wish.alpha is None else wish.alpha}}
