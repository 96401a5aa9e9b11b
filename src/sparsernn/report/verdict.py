"""The sentences at the head of a report, computed from its numbers."""

from __future__ import annotations

from sparsernn.errors import Undefined
from sparsernn.quantity import Quantity
from sparsernn.report import beside
from sparsernn.report.grade import Grade
from sparsernn.report.graded import NO_GRADE, as_dict, gradable, graded, of_group
from sparsernn.report.quantities import bound, quantities, trivial
from sparsernn.report.runs import RunComparison, Training
from sparsernn.report.spread import paired_difference
from sparsernn.report.tables import Group, groups
from sparsernn.report.text import decimals, number


def verdict(comparison: RunComparison) -> list[str]:
    """The grade and what came out, why, whether a baseline does as well, whether differences are real, what did not
    finish. The first sentence begins with the grade, where there is one."""
    leading = quantities(comparison.trainings)
    if leading:
        sentences = _results(comparison, leading)
    elif gradable(comparison.trainings):
        found = judged(comparison)
        sentences = [f"{found.grade.capitalize()}: {' '.join(found.reasons)}"]
    else:
        sentences = ["Nothing is measured yet."]
    return [*sentences, *_unfinished(comparison)]


def judged(comparison: RunComparison) -> Grade:
    """The grade of the best of the labels' last networks; of a label's last trainings where none is measured."""
    if (group := best(comparison)) is not None:
        return of_group(group)
    ends = [graded(line.trainings[-1]) for line in comparison.lines]
    return max(ends, key=lambda found: found.rank)


def plain(comparison: RunComparison) -> dict:
    """``{grade, reasons}`` for JSON; grade None where the task is no reconstruction."""
    if not gradable(comparison.trainings):
        return {"grade": None, "reasons": [NO_GRADE]}
    return as_dict(judged(comparison))


def last_groups(comparison: RunComparison) -> list[Group]:
    """The last round that has weights, of each label, in the order of the labels."""
    ends: list[Training] = []
    for line in comparison.lines:
        with_weights = [t for t in line.trainings if not isinstance(t.remaining, Undefined)]
        ends += [t for t in with_weights[-1:] if t.label == line.label]
    found = {group.label: group for group in reversed(groups(ends))}
    return [found[label] for label in comparison.labels if label in found]


def best(comparison: RunComparison) -> Group | None:
    """Of the labels' last networks the one with the best grade, then the best mean of the first quantity; None if there
    is none."""
    leading = quantities(comparison.trainings)
    ends = _ranked(comparison, leading[0]) if leading else []
    return ends[0] if ends else None


def shown_groups(comparison: RunComparison) -> list[Group]:
    """The networks that stand beside the baselines: the best of the last ones, and the dense one it comes from."""
    ends = last_groups(comparison)
    if not ends:
        return []
    group = best(comparison) or ends[0]
    dense = next((g for g in groups(comparison.trainings) if g.label.startswith("dense")), None)
    return [group] if dense is None or dense.label == group.label else [group, dense]


def _ranked(comparison: RunComparison, main: Quantity) -> list[Group]:
    ends = [g for g in last_groups(comparison) if not isinstance(g.spread(main.key).mean, Undefined)]
    worth = lambda g: float(g.spread(main.key).mean) * (1 if main.better == "lower" else -1)
    rank = lambda g: -of_group(g).rank if gradable(g.trainings) else 0
    return sorted(ends, key=lambda g: (rank(g), worth(g)))


def _results(comparison: RunComparison, leading: tuple[Quantity, ...]) -> list[str]:
    main = leading[0]
    ends = _ranked(comparison, main)
    if not ends:
        return [f"No training has {main.name} yet."]
    best = ends[0]
    digits = decimals(float(g.spread(main.key).mean) for g in ends)
    sizes = {(t.remaining, t.total) for g in ends for t in g.trainings}
    if len(sizes) == 1:
        if len(ends) == 1:
            first = f"{_size(best)}, {main.name} is {_value(best, main, digits)}"
        else:
            first = f"{_size(best)}, {main.name} is " + ", ".join(
                f"{_value(g, main, digits)} for {g.label}" for g in ends
            )
    else:
        first = f"{main.name[0].upper()}{main.name[1:]}: " + "; ".join(
            f"{_value(g, main, digits)} for {g.label} {_size(g).lower()}" for g in ends
        )
    sentences = [first + _context(comparison, best, main, digits) + "."]
    if gradable(best.trainings):
        found = of_group(best)
        sentences[0] = f"{found.grade.capitalize()}: {sentences[0]}"
        reasons = " ".join(found.reasons)
        sentences.append(f"{best.label[0].upper()}{best.label[1:]}, the best: {reasons}" if len(ends) > 1 else reasons)
        return [*sentences, *beside.sentence(best), *_doubt(ends, main)]
    others = [
        f"{q.name} is {_value(best, q)}" for q in leading[1:] if not isinstance(best.spread(q.key).mean, Undefined)
    ]
    if others:
        whose = f"For {best.label}: " if len(ends) > 1 else ""
        said_too = whose + ", ".join(others)
        sentences.append(f"{said_too[0].upper()}{said_too[1:]}.")
    return [*sentences, *_doubt(ends, main)]


def _value(group: Group, quantity: Quantity, digits: int | None = None) -> str:
    """Mean ± sd; with its own number of decimals where none is given."""
    found = group.spread(quantity.key)
    if isinstance(found.mean, Undefined):
        return f"undefined ({found.mean})"
    digits = decimals([found.mean]) if digits is None else digits
    spread = "" if isinstance(found.sd, Undefined) else f" ± {number(found.sd, digits)}"
    lost = f" ({found.n} of {len(group.trainings)} seeds)" if found.n < len(group.trainings) else ""
    return number(found.mean, digits) + spread + lost


def _size(group: Group) -> str:
    one = group.trainings[0]
    if isinstance(one.remaining, Undefined) or isinstance(one.total, Undefined):
        return "Without weights"
    if one.remaining == one.total:
        return f"With all {one.total:,} weights"
    return f"At {one.remaining:,} of {one.total:,} weights ({100 * one.remaining / one.total:.3g} %)"


def _context(comparison: RunComparison, best: Group, main: Quantity, digits: int | None) -> str:
    """``(floor 0.11, ceiling 14.8; dense 0.3; 3 seeds)``."""
    parts = []
    bounds = [(which, bound(main, best.trainings[0], which)) for which in ("floor", "ceiling")]
    said = [
        f"{name} {number(value, digits)}"
        for name, value in bounds
        if value is not None and not isinstance(value, Undefined)
    ]
    parts += [", ".join(said)] if said else []
    dense = next((g for g in groups(comparison.trainings) if g.label.startswith("dense")), None)
    if dense is not None and dense.label != best.label and not isinstance(dense.spread(main.key).mean, Undefined):
        parts.append(f"{dense.label} {_value(dense, main, digits)}")
    for name, scores in trivial(comparison.trainings).items():
        baseline = scores.get(main.key)
        if baseline is not None and not isinstance(baseline, Undefined):
            parts.append(f"{name} {number(baseline, digits)}")
    seeds = len(comparison.seeds)
    parts.append(f"{seeds} seeds" if seeds > 1 else "one seed")
    return f" ({'; '.join(parts)})"


def _doubt(ends: list[Group], main: Quantity) -> list[str]:
    """Best against second best, paired over seeds."""
    if len(ends) < 2:
        return []
    best, second = ends[:2]
    gap = paired_difference(best.by_seed(main.key), second.by_seed(main.key))
    if gap.n < 2:
        return ["With one seed nothing says whether these differences are more than chance."]
    digits = decimals(float(g.spread(main.key).mean) for g in ends)
    mean, low, high = (number(float(v), digits) for v in (gap.mean, gap.low, gap.high))
    interval = f"difference {mean}, 95 % interval {low} to {high}, {gap.n} seeds"
    if gap.verdict in ("lower", "higher"):
        return [f"{best.label} is {gap.verdict} than {second.label} ({interval})."]
    return [f"Whether {best.label} differs from {second.label} is undecided ({interval})."]


def _unfinished(comparison: RunComparison) -> list[str]:
    names = [t.outcome.name for t in comparison.trainings if t.outcome.name != "finished"]
    said = {"running": "without an outcome yet", "diverged": "diverged", "failed": "failed"}
    counts = [f"{names.count(n)} {said.get(n, n)}" for n in dict.fromkeys(names)]
    if not counts:
        return []
    return [f"Of {len(comparison.trainings)} trainings {', '.join(counts)}: see the outcomes."]
