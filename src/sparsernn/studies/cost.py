"""How long a reconstruction will take, roughly, before it begins."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from sparsernn.dynamics.dstsp.definition import Definition, definition_for
from sparsernn.errors import SpecError
from sparsernn.masks import chosen
from sparsernn.measures.free_runs import TRANSIENT
from sparsernn.measures.reconstruction import JUDGED_DRAWS, JUDGED_POINTS, ReconstructionQuality
from sparsernn.sparsifiers.drop import Geometric
from sparsernn.studies.defaults import DENSITY, EPOCHS, JUDGED, LOOKS, ROUNDS, STARTS, UPDATES, criteria_for, units
from sparsernn.studies.place import STORE
from sparsernn.tasks.reconstruction import Reconstruction
from sparsernn.training.run_spec import RunSpec

STEP, PRODUCT = 3e-5, 2e-9
"""Seconds of one step of a sequence in an update of 16 of them: in itself, and for each product of a weight. (Measured
on one core of 2023; other machines are up to three times faster or slower.)"""
RUN_STEP, RUN_PRODUCT = 6e-8, 1.8e-11
"""Seconds of one step of one of many free runs, its count in a histogram included."""
PAIR, PAIR_OF_COLUMN = 2e-8, 6.6e-10
"""Seconds of one draw of a Gaussian mixture at one point, and for each column."""
COPIES = 6
"""Arrays as large as the weights that a training holds at once: gradients, the optimizer's two, the best so far, …"""
LONG = 3600.0
"""From so many seconds on a quicker command is named."""


class Work(NamedTuple):
    """What is to be done: trainings of so many `updates` of `sequence` steps, `looks` (free runs that are scored) and
    `judged` weights, each from `starts` points, all by `rows` of `columns`; `products` of weights in one step."""

    products: int
    updates: int
    sequence: int
    batch: int
    looks: int
    judged: int
    starts: int
    rows: int
    columns: int

    def seconds(self) -> tuple[float, float]:
        """(training, judging single weights), on one core."""
        definition = definition_for(self.rows, self.columns)
        steps = (1 + TRANSIENT) * self.rows
        training = self.updates * self.sequence * (STEP + PRODUCT * self.products * self.batch / 16)
        judged_rows = min(self.rows, ReconstructionQuality.removal_rows)
        judging = self.judged * self.starts
        return (
            training + self.looks * self._scored(steps, definition, definition.points, definition.draws),
            judging * self._scored(judged_rows * (1 + TRANSIENT), definition, JUDGED_POINTS, JUDGED_DRAWS),
        )

    def _scored(self, steps: float, definition: Definition, points: int, draws: int) -> float:
        ran = steps * (RUN_STEP + RUN_PRODUCT * self.products)
        if definition.estimator != "gmm":
            return ran
        return ran + min(points, self.rows) * draws * (PAIR + PAIR_OF_COLUMN * self.columns)


def work(wanted: Sequence[RunSpec]) -> Work:
    """Of all runs together; criteria of one seed share the first training."""
    first = wanted[0]
    task = first.task
    assert isinstance(task, Reconstruction)
    rounds = first.rounds.count if first.rounds else 0
    trainings = sum(1 if i == 0 else 0 for i in _of_seed(wanted)) + rounds * len(wanted)
    every = first.select.every if first.select else first.epochs
    judged = sum(_judged(spec) for spec in wanted)
    starts = max((drop.starts for spec in wanted if (drop := _one_by_one(spec))), default=1)
    quality = next((m for m in first.measures if isinstance(m, ReconstructionQuality)), ReconstructionQuality())
    return Work(
        products(first),
        trainings * first.epochs * first.updates,
        task.sequence,
        first.batch,
        trainings * quality.starts * max(1, first.epochs // every),
        judged,
        starts,
        len(task.load().validation),
        task.outputs,
    )


def products(spec: RunSpec) -> int:
    """Multiplications of the network's matrices in one step of one sequence."""
    trainer = spec.trainer()
    network = spec.network
    weights = jax.eval_shape(lambda key: network.init(key, trainer.ports), jax.random.key(0))
    step: Any = jax.make_jaxpr(lambda w, s: network.step(w, s, None))(weights, network.zeros(()))
    return _multiplied(step.jaxpr)


def expected(wanted: Sequence[RunSpec], out: Path) -> list[str]:
    """What is said of runs before they begin; nothing of those that go on, or are finished, in `out`."""
    begun = any((out / STORE).glob("*/spec.json")) if out.is_dir() else False
    return [] if begun else told(work(wanted))


def fits(spec: RunSpec) -> None:
    """SpecError for a network whose matrices no training on this machine could hold, before any is made."""
    size = sum(p.size for p in spec.trainer().prunables)
    needed, there = COPIES * size * (8 if spec.precision == "float64" else 4), memory()
    if needed > there:
        hidden = max(getattr(cell, "hidden", 0) for cell in spec.network.cells)
        raise SpecError(
            f"hidden={hidden} makes {size:,} weights, and to train them takes {needed / 1e9:,.0f} GB of memory; this "
            f"machine has {there / 1e9:,.0f}: give fewer hidden units"
        )


def memory() -> float:
    """Bytes of this machine's memory; infinite where the system does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return math.inf


def suggested(rows: int, columns: int, options: Mapping[str, str], sequence: int) -> list[str]:
    """The same for the command that `look` suggests: `rows` to train and to validate, `columns` the network sees,
    `options` of the command."""
    hidden = int(options.get("--hidden", units(columns)))
    weights = hidden * hidden
    judged = 0
    if criteria_for(weights) == JUDGED:
        kept = DENSITY ** (np.arange(ROUNDS) / ROUNDS)
        judged = round(float(weights * kept.sum()))
    trainings, sequence = 1 + ROUNDS, int(options.get("--sequence", sequence))
    updates = trainings * EPOCHS * UPDATES
    looks = trainings * LOOKS * STARTS
    return told(Work(weights, updates, sequence, RunSpec.batch, looks, judged, STARTS, max(rows, 2), columns))


def told(found: Work) -> list[str]:
    """Sentences for before the training: how long it will take; where that is long, what is quicker."""
    training, judging = found.seconds()
    total = training + judging
    said = f"to be expected: {roughly(total)} on one core"
    if judging > 60:
        said += f", {roughly(judging)} of it to judge {found.judged:,} weights one by one, {found.starts} runs each"
    if total < LONG:
        return [said]
    quick = []
    if judging > training:
        quick.append("--criterion activity (ranks weights by size and activity in a second)")
    elif found.judged:
        quick.append("--criterion activity")
    if training > LONG / 2:
        quick.append("--epochs 50 for a first look")
    return [f"{said}; quicker: {' and '.join(quick)}"]


def roughly(seconds: float) -> str:
    """``about 3 minutes``; to one figure, since machines differ by more.

    >>> roughly(20), roughly(190), roughly(11_000)
    ('less than a minute', 'about 3 minutes', 'about 3 hours')
    """
    if seconds < 60:
        return "less than a minute"
    value, unit = (seconds / 60, "minute") if seconds < LONG else (seconds / 3600, "hour")
    digits = 10 ** math.floor(math.log10(value))
    whole = max(1, round(value / digits)) * digits
    return f"about {whole:,} {unit}{'s' * (whole > 1)}"


def _of_seed(wanted: Sequence[RunSpec]) -> list[int]:
    """Which of the runs with its seed each run is."""
    seen: dict[int, int] = {}
    out = []
    for spec in wanted:
        seen[spec.seed] = seen.get(spec.seed, -1) + 1
        out.append(seen[spec.seed])
    return out


def _one_by_one(spec: RunSpec) -> Geometric | None:
    drop = getattr(spec.sparsifier, "drop", None)
    return drop if isinstance(drop, Geometric) else None


def _judged(spec: RunSpec) -> int:
    """Weights that are judged one by one in all rounds of a run."""
    if _one_by_one(spec) is None or spec.rounds is None:
        return 0
    sparsifier: Any = spec.sparsifier
    size = sum(p.size for p in chosen(spec.trainer().prunables, sparsifier.where))
    kept = (1 - sparsifier.drop_fraction) ** np.arange(spec.rounds.count)
    return round(float(size * kept.sum()))


def _multiplied(jaxpr: Any) -> int:
    """Products in all matrix multiplications of a program; those in a loop once."""
    total = 0
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            left = equation.invars[0].aval.shape
            total += math.prod(equation.outvars[0].aval.shape) * math.prod(left[axis] for axis in contracted)
        for value in equation.params.values():
            inner = getattr(value, "jaxpr", value)
            total += _multiplied(inner) if hasattr(inner, "eqns") else 0
    return total
