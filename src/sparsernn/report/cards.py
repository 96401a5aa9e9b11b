"""The cards at the head of a report: the best network in large figures."""

from __future__ import annotations

from typing import Any, NamedTuple

from sparsernn.errors import Undefined
from sparsernn.report.quantities import bound, quantities
from sparsernn.report.runs import RunComparison
from sparsernn.report.spread import Spread
from sparsernn.report.verdict import best, last_groups


class Card(NamedTuple):
    """A number with its name; `gauge` says where between floor and ceiling it lies, in percent."""

    name: str
    value: str
    more: str = ""
    gauge: str | None = None


def cards(comparison: RunComparison) -> list[Card]:
    """The network that the verdict calls the best, in large figures."""
    ends = last_groups(comparison)
    if not ends:
        return []
    group = best(comparison) or ends[0]
    one = group.trainings[0]
    remaining = one.remaining if isinstance(one.remaining, Undefined) else f"{one.remaining:,}"
    share = (
        ""
        if isinstance(one.share, Undefined)
        else "all"
        if one.share == 1
        else f"of {one.total:,}: {100 * one.share:.3g} %"
    )
    found = [Card(f"{group.label}: weights left" if len(ends) > 1 else "weights left", remaining, share)]
    for q in quantities(comparison.trainings)[:3]:
        found.append(_quantity_card(group.spread(q.key), q, one))
    seconds = sum(t.seconds for t in comparison.trainings)
    spent = (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )
    seeds = f"{len(comparison.seeds)} seed{'s' if len(comparison.seeds) > 1 else ''}"
    found.append(
        Card(
            "computed in",
            spent,
            f"{len(comparison.trainings)} trainings, {seeds}" if len(comparison.trainings) > 1 else seeds,
        )
    )
    return found


def _quantity_card(found: Spread, quantity: Any, training: Any) -> Card:
    if isinstance(found.mean, Undefined):
        return Card(quantity.name, "–", f"undefined: {found.mean}")
    bounds = [(which, bound(quantity, training, which)) for which in ("floor", "ceiling")]
    known = [(name, value) for name, value in bounds if value is not None and not isinstance(value, Undefined)]
    more = ", ".join(f"{name} {value:.3g}" for name, value in known) or quantity.unit
    gauge = None
    if len(known) == 2 and known[1][1] > known[0][1]:
        (_, floor), (_, ceiling) = known
        place = min(1.0, max(0.0, (found.mean - floor) / (ceiling - floor)))
        gauge = f"{100 * place:.1f}"
    return Card(quantity.name, f"{found.mean:.3g}", more, gauge)
