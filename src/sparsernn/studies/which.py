"""Which of the networks of a reconstruction is meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sparsernn.errors import SpecError, Undefined
from sparsernn.report.labels import labels
from sparsernn.report.runs import numbers
from sparsernn.runs.record import Record

JUDGED_BY = "reconstruction/d_stsp"
"""The number on the validation stretch by which one of several networks is taken."""


def picked(records: Sequence[Record], place: Path, which: str | None) -> tuple[str, Record]:
    """The name and the record that `which` names, of several the one with the lowest D_stsp on validation. SpecError
    where it names none."""
    named = {name_of(r, label): r for r, (label, _) in zip(records, labels([r.spec for r in records]), strict=True)}
    asked = [part.strip() for part in (which or "").split(",") if part.strip()]
    found = {
        name: record
        for name, record in named.items()
        if set(asked) <= set(name.split(", ")) or record.identity.startswith(asked[0])
    }
    if not found:
        raise SpecError(f'which: {place} holds no "{which}"; it holds: {"; ".join(named)}')
    return min(found.items(), key=lambda pair: (worth(pair[1]), pair[0]))


def name_of(record: Record, label: str = "") -> str:
    """``geometric, round 2, seed 0``."""
    label = label or labels([record.spec])[0][0]
    return ", ".join([label, *([f"round {record.round}"] if record.round else []), f"seed {record.spec['seed']}"])


def worth(record: Record) -> float:
    """D_stsp on validation; what is not measured comes last."""
    found = numbers(record, "validation").get(JUDGED_BY) if record.outcome.name == "finished" else None
    return float("inf") if found is None or isinstance(found, Undefined) else float(found)
