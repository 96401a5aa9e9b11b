"""The tables of a report: the same rows for the page, for CSV files and for the terminal."""

from __future__ import annotations

import csv as csv_module
import io
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sparsernn.errors import Undefined
from sparsernn.report.quantities import beside_the_leading, quantities, trivial
from sparsernn.report.runs import Number, RunComparison, Training
from sparsernn.report.spread import Spread, holm, paired_difference, spread
from sparsernn.report.text import decimals, number


class Table(NamedTuple):
    """`columns` are headers, `name` a file name. A cell is text, an int, a float, a `Spread` over seeds, an
    `Undefined`, or None (nothing to say)."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[Any]]

    def dicts(self) -> list[dict[str, Any]]:
        """Rows as plain mappings, spreads taken apart, for JSON and for programs."""
        return [_apart(dict(zip(self.columns, row, strict=True))) for row in self.rows]

    def plain(self) -> list[list[Any]]:
        """Rows with spreads as text, ``mean ± sd``, for the terminal."""
        return [[_text(cell) if isinstance(cell, Spread) else cell for cell in row] for row in self.rows]


class Group(NamedTuple):
    """Trainings of one label and round over their seeds."""

    label: str
    round: int
    trainings: tuple[Training, ...]

    def spread(self, key: str) -> Spread:
        return spread(self.by_seed(key).values())

    def by_seed(self, key: str) -> dict[int, Number]:
        """Seed to number; where there is none, the reason."""
        return {t.seed: t.test.get(key, _why_not(t)) for t in self.trainings}


def _why_not(training: Training) -> Undefined:
    name = training.outcome.name
    reasons = {
        "finished": "not measured",
        "running": "no outcome yet",
        "diverged": f"diverged at update {training.outcome.step}",
    }
    return Undefined(reasons.get(name, name))


def groups(trainings: Iterable[Training]) -> list[Group]:
    """By label and round; denser ones first, so that criteria stand beside each other at the same size."""
    found: dict[tuple[int, str], list[Training]] = {}
    for training in trainings:
        found.setdefault((training.round, training.label), []).append(training)
    made = [Group(label, round, tuple(members)) for (round, label), members in found.items()]
    order = {group.label: i for i, group in enumerate(made)}

    def place(group: Group) -> tuple[float, int, int]:
        remaining = _mean(t.remaining for t in group.trainings)
        return (float("inf") if isinstance(remaining, Undefined) else -remaining, group.round, order[group.label])

    return sorted(made, key=place)


def summary(comparison: RunComparison) -> Table:
    """Per criterion and round: weights left, every leading quantity with its floor and ceiling, seeds, outcome."""
    leading = quantities(comparison.trainings)
    columns = ["run", "round", "weights left", "share"]
    for q in leading:
        columns.append(q.name)
        columns += [f"{q.name} {bound}" for bound in ("floor", "ceiling") if isinstance(getattr(q, bound), str)]
    beside = beside_the_leading(comparison.trainings)
    columns += [*beside.values(), "seeds", "outcome"]
    rows = []
    for group in groups(comparison.trainings):
        row: list[Any] = [group.label, group.round, _count(group), _mean(t.share for t in group.trainings)]
        for q in leading:
            row.append(group.spread(q.key))
            row += [group.spread(place).mean for place in (q.floor, q.ceiling) if isinstance(place, str)]
        row += [group.spread(key) for key in beside]
        rows.append([*row, len(group.trainings), _outcomes(group)])
    for name, values in trivial(comparison.trainings).items():
        if any(q.key in values for q in leading):
            cells = {q.name: values.get(q.key) for q in leading} | {"run": name, "outcome": "trivial predictor"}
            rows.append([cells.get(column) for column in columns])
    return Table("summary", "Per criterion and round, on the test stretch", columns, rows)


def missing(table: Table) -> list[str]:
    """Why means over seeds lack some of them."""
    found = []
    for row in table.rows:
        for name, cell in zip(table.columns, row, strict=True):
            if isinstance(cell, Spread) and 0 < cell.n < cell.of:
                where = f"{row[0]}, round {row[1]}" if row[1] else row[0]
                found.append(
                    f"{name} of {where}: undefined in {cell.of - cell.n} of {cell.of} seeds ({'; '.join(cell.reasons)})"
                )
    return found


def differences(comparison: RunComparison) -> Table:
    """Is this difference real? The first label against each other one at the same round, paired over seeds; p adjusted
    for the number of comparisons of each quantity (Holm)."""
    made = groups(t for line in comparison.lines for t in line.trainings)
    first, *others = comparison.labels
    rows: list[list[Any]] = []
    beside = [(own, g) for g in made if g.label in others for own in made if (own.label, own.round) == (first, g.round)]
    for q in quantities(comparison.trainings):
        gaps = [paired_difference(own.by_seed(q.key), group.by_seed(q.key)) for own, group in beside]
        asked = [(pair, gap) for pair, gap in zip(beside, gaps, strict=True) if not isinstance(gap.p, Undefined)]
        adjusted = holm(float(gap.p) for _, gap in asked)
        for ((own, group), gap), p in zip(asked, adjusted, strict=True):
            which = [f"{first} − {group.label}", _counts(own, group), q.name]
            rows.append([*which, gap.mean, gap.low, gap.high, gap.n, gap.p, p, gap.judged(p).verdict])
    columns = ["difference", "weights left", "quantity", "mean", "95 % from", "to", "seeds", "p", "p adjusted"]
    columns.append(f"{first} is")
    return Table("differences", "Is this difference real?", columns, rows)


def everything(comparison: RunComparison) -> Table:
    """Every number of every training, validation beside test."""
    rows: list[list[Any]] = []
    for t in comparison.trainings:
        for key in dict.fromkeys([*t.test, *t.validation]):
            if not key.startswith("score/reference: "):
                measure, _, name = key.partition("/")
                rows.append(
                    [t.label, t.round, t.seed, t.remaining, measure, name, t.validation.get(key), t.test.get(key)]
                )
    columns = ["run", "round", "seed", "weights left", "measure", "number", "validation", "test"]
    return Table("numbers", "Every number of every training", columns, rows)


def over_seeds(comparison: RunComparison) -> Table:
    """Every number on the test stretch as mean, sd and count over seeds; empty with one seed."""
    rows: list[list[Any]] = []
    for group in groups(comparison.trainings) if len(comparison.seeds) > 1 else []:
        for key in dict.fromkeys(key for t in group.trainings for key in t.test):
            if not key.startswith("score/reference: "):
                measure, _, name = key.partition("/")
                rows.append([group.label, group.round, _count(group), measure, name, group.spread(key)])
    columns = ["run", "round", "weights left", "measure", "number", "test"]
    return Table("over_seeds", "Every number over seeds", columns, rows)


def judged_weights(comparison: RunComparison) -> Table:
    """What single weights do, one row a matrix of a training that was pruned by it: share whose removal is better, rank
    correlation with |w| (signed and absolute), how repeatable the score is, and the correlation corrected for that."""
    from sparsernn.report.figures import importance  # brings matplotlib

    rows: list[list[Any]] = []
    for t in comparison.trainings:
        for judged in importance.numbers(t.record):
            found: list[Any] = [c for kind in (judged.signed, judged.absolute) for c in kind]
            rows.append([t.label, t.round, t.seed, judged.path, judged.judged_by, judged.improving, *found])
    columns = ["run", "round", "seed", "matrix", "judged by", "better without"]
    columns += [f"{kind} {c}" for kind in ("signed", "absolute") for c in importance.Correlations._fields]
    return Table("importance", "What single weights do", columns, rows)


def strengths(comparison: RunComparison) -> Table:
    """The strengths of regularizers that were found by matching them to another penalty, one row each; empty where none
    was, or nothing is trained yet."""
    rows: list[list[Any]] = []
    for t in comparison.trainings:
        found = t.record.regularizers()
        for i, part in enumerate(t.record.spec.get("regularizers", ())):
            ((name, fields),) = part.items()
            if f"strength/{i}" in found:
                to = fields["strength"]["match"]["to"]
                other = t.record.spec["regularizers"][to] if isinstance(to, int) else to
                rows.append([t.label, t.round, t.seed, name, float(found[f"strength/{i}"]), next(iter(other))])
    columns = ["run", "round", "seed", "regularizer", "strength", "equal at the beginning to"]
    return Table("strengths", "Strengths found by matching", columns, rows)


def side_by_side(trainings: Sequence[Training]) -> Table:
    """Every number on the test stretch, a column for each of a few trainings."""
    keys = dict.fromkeys(key for t in trainings for key in t.test)
    rows = [[key.partition("/")[0], key.partition("/")[2], *(t.test.get(key) for t in trainings)] for key in keys]
    return Table("side_by_side", "All numbers", ["measure", "number", *(t.name for t in trainings)], rows)


def outcomes(comparison: RunComparison) -> Table:
    """How each training ended, how long it took, and where it lies."""
    rows: list[list[Any]] = []
    for t in comparison.trainings:
        advice = "" if t.outcome.name == "finished" else t.outcome.advice
        said = " ".join(part for part in (f"{t.outcome.why}.", advice) if part.strip("."))
        rows.append([t.label, t.round, t.seed, t.outcome.name, said, t.seconds, t.record.directory.name])
    columns = ["run", "round", "seed", "outcome", "why, and what to do", "seconds", "directory"]
    return Table("outcomes", "How each training ended", columns, rows)


def tables(comparison: RunComparison) -> list[Table]:
    """All that have rows."""
    parts = (summary, differences, over_seeds, everything, judged_weights, strengths, outcomes)
    made = [part(comparison) for part in parts]
    return [table for table in made if table.rows]


def csv(table: Table) -> str:
    """CSV text, numbers exact; a spread takes the columns mean, sd, n; an undefined number stays empty beside a column
    with the reason."""
    records = table.dicts()
    columns = list(dict.fromkeys(key for record in records for key in record))
    buffer = io.StringIO()
    writer = csv_module.DictWriter(buffer, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({k: "" if v is None else v for k, v in record.items()} for record in records)
    return buffer.getvalue()


def _text(cell: Spread) -> Any:
    if isinstance(cell.mean, Undefined) or isinstance(cell.sd, Undefined):
        return cell.mean
    digits = decimals([cell.mean])
    return f"{number(cell.mean, digits)} ± {number(cell.sd, digits)}"


def _apart(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, cell in row.items():
        parts = {name: cell}
        if isinstance(cell, Spread):
            parts = {name: cell.mean, f"{name} sd": cell.sd, f"{name} n": cell.n}
        for key, value in parts.items():
            reason = isinstance(value, Undefined)
            found[key] = None if reason else value
            if reason and not key.endswith(" sd"):
                found[f"{key} undefined"] = str(value)
    return found


def _mean(values: Iterable[Any]) -> Any:
    return spread(values).mean


def _count(group: Group) -> Any:
    mean = _mean(t.remaining for t in group.trainings)
    return mean if isinstance(mean, Undefined) or mean % 1 else int(mean)


def _counts(a: Group, b: Group) -> Any:
    return _count(a) if _count(a) == _count(b) else f"{_count(a):,} and {_count(b):,}"


def _outcomes(group: Group) -> str:
    names = [t.outcome.name for t in group.trainings]
    if len(set(names)) == 1:
        return names[0]
    return ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(names))
