"""From run directories to plain comparable structures: one training a row, the rounds of a run in a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sparsernn.errors import Number, SpecError, StoreError, Undefined
from sparsernn.measures.base import AbstractMeasure
from sparsernn.quantity import Quantity
from sparsernn.registry import read_from_a_file
from sparsernn.report.labels import labels, sparsifier_name, task_names
from sparsernn.runs.record import Outcome, Record
from sparsernn.runs.store import MARKER
from sparsernn.spec import build
from sparsernn.training.run_spec import spec_of
from sparsernn.weights import get


class Training(NamedTuple):
    """One run directory. `remaining` of `total` weights exist (in the mask and not 0), counted over the matrices that
    the compared sparsifiers act on (all matrices that may be pruned, if nothing is sparse). `test` and `validation`:
    ``measure/key`` to number; `quantities`: what the measures say of some of these."""

    label: str
    seed: int
    round: int
    remaining: int | Undefined
    total: int | Undefined
    test: dict[str, Number]
    validation: dict[str, Number]
    outcome: Outcome
    seconds: float
    record: Record
    quantities: tuple[Quantity, ...] = ()

    @property
    def share(self) -> float | Undefined:
        """left / total."""
        if isinstance(self.remaining, Undefined) or isinstance(self.total, Undefined):
            return Undefined("no weights yet")
        return self.remaining / self.total

    @property
    def name(self) -> str:
        """``geometric, round 2, seed 0``."""
        return ", ".join([self.label, *([f"round {self.round}"] if self.round else []), f"seed {self.seed}"])


class Line(NamedTuple):
    """One run: its trainings from the first to the last round, under one label."""

    label: str
    seed: int
    trainings: tuple[Training, ...]


class RunComparison(NamedTuple):
    """Runs of one task side by side. `trainings` holds each directory once: criteria may share a first training. `task`
    is what to call it among others, `missing` sentences on rounds that are not beside the later ones."""

    lines: tuple[Line, ...]
    trainings: tuple[Training, ...]
    task: str = ""
    missing: tuple[str, ...] = ()

    @property
    def labels(self) -> list[str]:
        """In the order given."""
        return list(dict.fromkeys(line.label for line in self.lines))

    @property
    def seeds(self) -> list[int]:
        return sorted({line.seed for line in self.lines})


def find(places: Iterable[str | Path]) -> list[Record]:
    """The last rounds of the runs at `places`: run directories, or stores (then all their runs). StoreError if none."""
    records: list[Record] = []
    for place in map(Path, places):
        if not (place / MARKER).is_file() or (place / "spec.json").is_file():
            records.append(Record(place))
            continue
        inside = [Record(d) for d in sorted(place.iterdir()) if (d / "spec.json").is_file()]
        if not inside:
            raise StoreError(f"{place} is a store without runs; `sparsernn run` fills it")
        inside.sort(key=_place)
        records += inside
    return last_rounds(records)


def _place(record: Record) -> tuple[bool, str, int, int]:
    """Dense runs first, then by name, seed, round."""
    name = sparsifier_name(record.spec.get("sparsifier"))
    return name != "dense", name.lower(), int(record.spec["seed"]), record.round


def last_rounds(records: Iterable[Record]) -> list[Record]:
    """Without repetitions and without rounds that a later one among `records` goes on from; order kept."""
    unique = {record.about["identity"]: record for record in records}
    earlier = {ancestor.about["identity"] for r in unique.values() for ancestor in r.kept().rounds[:-1]}
    return [record for name, record in unique.items() if name not in earlier]


def by_task(records: Sequence[Record]) -> list[RunComparison]:
    """`compare` for each task among `records`: runs on the same data belong together, in the order given."""
    last = last_rounds(records)
    if not last:
        raise SpecError("a report needs at least one run")
    found: dict[tuple[str, str], list[Record]] = {}
    for record in last:
        found.setdefault((next(iter(record.spec["task"])), record.about["data"]), []).append(record)
    groups = list(found.values())
    names = task_names([(g[0].spec["task"], str(g[0].about.get("source", ""))) for g in groups])
    return [compare(group)._replace(task=name) for group, name in zip(groups, names, strict=True)]


def compare(records: Sequence[Record]) -> RunComparison:
    """Read `records` and the rounds they come from. Diverged and unfinished runs take part, with what they have.

    Cost: reading each directory's masks and measures once. SpecError for no records.
    """
    last = last_rounds(records)
    if not last:
        raise SpecError("a report needs at least one run")
    kept = [record.kept() for record in last]
    lineages = [rounds for rounds, _ in kept]
    for lineage in lineages:
        for record in lineage:
            spec_of(record)  # StoreError before anything is drawn
    sizes = {r.about["identity"]: _sizes(r) for lineage in lineages for r in lineage}
    everywhere = set().union(*(masked for _, masked in sizes.values()))
    known: dict[str, Training] = {}
    lines = []
    for lineage, (label, base) in zip(lineages, labels([r.spec for r in last]), strict=True):
        acted = set().union(*(sizes[r.about["identity"]][1] for r in lineage)) or everywhere
        trainings = []
        for record in lineage:
            name = record.about["identity"]
            if name not in known:
                shared = record.round == 0 and len(lineage) > 1
                known[name] = _training(record, base if shared else label, *_count(sizes[name][0], acted))
            trainings.append(known[name])
        lines.append(Line(label, int(lineage[-1].spec["seed"]), tuple(trainings)))
    missing = tuple(dict.fromkeys(said for _, said in kept if said))
    return RunComparison(tuple(lines), tuple(known.values()), missing=missing)


def _sizes(record: Record) -> tuple[dict[str, tuple[int, int]], frozenset[str]]:
    """Path to (weights that exist, size) of every matrix that may be pruned, and the paths that have masks.

    A connection with the weight 0 (grown a moment ago, never used) does not count: it is not there for the network.
    """
    prunables = record.prunables()
    if not prunables:
        return {}, frozenset()
    masks, weights = record.masks(), record.weights()
    found = {}
    for p in prunables:
        array = get(weights, p.path)
        found[p.path] = (int(np.count_nonzero(array[masks[p.path]])) if p.path in masks else array.size, array.size)
    return found, frozenset(masks)


def _count(sizes: dict[str, tuple[int, int]], acted: set[str]) -> tuple[int | Undefined, int | Undefined]:
    if not sizes:
        why = Undefined("no weights on disk yet")
        return why, why
    counted = [sizes[path] for path in sizes if path in acted] or list(sizes.values())
    return sum(remaining for remaining, _ in counted), sum(size for _, size in counted)


def _training(record: Record, label: str, remaining: int | Undefined, total: int | Undefined) -> Training:
    test, validation = numbers(record, "test"), numbers(record, "validation")
    return Training(
        label,
        int(record.spec["seed"]),
        record.round,
        remaining,
        total,
        test,
        validation,
        record.outcome,
        record.seconds(),
        record,
        described(record),
    )


def numbers(record: Record, split: str) -> dict[str, Number]:
    """``measure/key`` to number. Of several measures of one kind the one that chose the checkpoints (else the first)
    has the plain name, the others say their settings."""
    return {f"{name}/{key}": value for name, entry in _measures(record) for key, value in entry[split].items()}


def described(record: Record) -> tuple[Quantity, ...]:
    """What the measures of a run say of their numbers, keys as in `numbers`."""
    return _said(record, _measures(record))


def described_watch(record: Record) -> tuple[Quantity, ...]:
    """What the watched measures of a run say of their numbers, keys as in `Record.watched`."""
    return _said(record, record.watch_entries().items())


def _said(record: Record, entries: Iterable[tuple[str, dict[str, Any]]]) -> tuple[Quantity, ...]:
    task = spec_of(record).task
    found: list[Quantity] = []
    for name, entry in entries:
        try:
            with read_from_a_file():
                measure = build(AbstractMeasure, entry["measure"])  # type: ignore[type-abstract]
        except SpecError:  # taken by a part that is not here any more
            continue
        found += [quantity.of(name) for quantity in measure.quantities_on(task)]
    return tuple(found)


def _measures(record: Record) -> list[tuple[str, dict[str, Any]]]:
    """Name and entry of every measure that was taken."""
    entries = list(record.measures().values())
    entries.sort(key=lambda entry: entry["measure"] != record.about["judge"])
    found: list[tuple[str, dict[str, Any]]] = []
    taken: dict[str, dict[str, Any]] = {}
    for entry in entries:
        ((kind, fields),) = entry["measure"].items()
        name = kind
        if kind in taken:
            name = f"{kind} ({', '.join(f'{k}={v}' for k, v in fields.items() if taken[kind].get(k) != v)})"
        taken.setdefault(kind, fields)
        found.append((name, entry))
    return found
