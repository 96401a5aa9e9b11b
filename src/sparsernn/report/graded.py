"""Grades of trainings, of groups of seeds, and of a whole comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sparsernn.report.grade import Grade, grade, of_seeds
from sparsernn.report.grade_numbers import Number
from sparsernn.report.runs import RunComparison, Training
from sparsernn.report.tables import Group, Table
from sparsernn.runs.record import Outcome
from sparsernn.tasks.observed import is_observed

NO_GRADE = "There is no grade: only reconstructions have one. Hold the score against the trivial predictors."


def gradable(trainings: Iterable[Training]) -> bool:
    """Whether any of them is a reconstruction that is, or will be, measured as one."""
    return any(
        is_observed(training.record.spec["task"]) and _measured(training.record.spec.get("measures"))
        for training in trainings
    )


def _measured(measures: Any) -> bool:
    return any(m == "reconstruction" or "reconstruction" in m for m in measures or ())


def graded(training: Training) -> Grade:
    """Of one training."""
    return of_numbers(training.outcome, training.test)


def of_numbers(outcome: Outcome, test: Mapping[str, Number]) -> Grade:
    """Of a training that ended so, with such numbers on the test stretch. One that diverged has failed, with whatever
    weights it is left; one under way has no grade yet."""
    if outcome.name == "diverged":
        return Grade("failed", (f"The training diverged at update {outcome.step:,}.",))
    if "reconstruction/d_stsp" not in test:
        said = {"finished": "D_stsp is not measured.", "running": "The training has no outcome yet."}
        return Grade("undecidable", (said.get(outcome.name, f"The training is {outcome.name}: nothing is measured."),))
    return grade(test)


def of_group(group: Group) -> Grade:
    """Of the seeds of one label and round: the median seed's."""
    return of_seeds(graded(training) for training in group.trainings)


def table(comparison: RunComparison) -> Table:
    """Each training's grade and why; no rows where there are no grades."""
    rows: list[list[Any]] = []
    for t in comparison.trainings if gradable(comparison.trainings) else ():
        found = graded(t)
        rows.append([t.label, t.round, t.seed, t.remaining, found.grade, " ".join(found.reasons)])
    return Table("grades", "The grade of each training", ["run", "round", "seed", "weights left", "grade", "why"], rows)


def as_dict(found: Grade) -> dict[str, Any]:
    """Plain values for JSON."""
    return {"grade": found.grade, "reasons": list(found.reasons)}


def as_dicts(comparison: RunComparison) -> list[dict[str, Any]]:
    """``{name, grade, reasons}`` of every training, for JSON."""
    if not gradable(comparison.trainings):
        return []
    return [{"name": t.name, **as_dict(graded(t))} for t in comparison.trainings]
