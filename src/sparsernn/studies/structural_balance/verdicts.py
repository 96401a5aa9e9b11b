"""The paper's claims, and whether the rows bear them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sparsernn.errors import Undefined
from sparsernn.report.spread import LEVEL, Difference, holm, paired_difference
from sparsernn.report.tables import Table
from sparsernn.studies.jobs import Row
from sparsernn.studies.structural_balance.settings import TITLES
from sparsernn.studies.structural_balance.tables import at, kinds, name_of, told

CONTROLS = tuple(TITLES[name] for name in ("cut", "untrained"))
WANTED = 10
"""Seeds below which no claim is called reproduced or not."""


def claims(rows: Sequence[Row]) -> Table:
    """One row a claim, task and sparsifier: mean of paired differences over seeds, interval, p, verdict.

    p is adjusted by Holm over the sparsifiers of one task and cell, controls apart: the exact test of ten seeds cannot
    fall below 2/1024, which over all rows at once nothing could pass.
    """
    columns = ["claim", "cell", "task", "sparsifier", "density", "difference", "95 % from", "to", "seeds", "p adjusted"]
    columns.append("verdict")
    found: list[list[Any]] = []
    for claim, pairs in _claims(rows).items():
        gaps = {place: paired_difference(*pair) for place, pair in pairs.items()}
        families: dict[tuple[Any, ...], dict[tuple[Any, ...], float]] = {}
        for place, gap in gaps.items():
            if not isinstance(gap.p, Undefined):
                cell, task, name, density = place
                families.setdefault((cell, task, density, name in CONTROLS), {})[place] = float(gap.p)
        adjusted: dict[tuple[Any, ...], float] = {}
        for known in families.values():
            adjusted |= dict(zip(known, holm(known.values()), strict=True))
        for place, gap in gaps.items():
            p = adjusted.get(place)
            line = [*told(gap)[:3], gap.n, p, _verdict(gap, p, control=place[2] in CONTROLS)]
            found.append([claim, *place, *line])
    return Table("claims", "The paper's claims, sparsifier by sparsifier", columns, found)


def _claims(rows: Sequence[Row]) -> dict[str, dict[tuple[Any, ...], tuple[Mapping[int, Any], Mapping[int, Any]]]]:
    """Claim to place to two numbers by seed, of which the first should be the larger."""
    found: dict[str, dict[tuple[Any, ...], tuple[Mapping[int, Any], Mapping[int, Any]]]] = {
        "i: η pooled above its nulls": {},
        "j: η pooled grows": {},
    }
    first, second = found
    for (cell, task, density, strategy, graph), members in kinds(rows).items():
        if graph == "none":
            continue
        place = (cell, task, name_of(strategy, graph), density)
        found[first][place] = (
            {row["seed"]: at(row, "signed.eta_pooled.value") for row in members},
            {row["seed"]: at(row, "signed.eta_pooled.null_mean") for row in members},
        )
        if all("curve" in row for row in members):
            series = {row["seed"]: row["curve"]["eta_pooled"] for row in members}
            known = {s: v for s, v in series.items() if v and v[0] is not None and v[-1] is not None}
            found[second][place] = ({s: v[-1] for s, v in known.items()}, {s: v[0] for s, v in known.items()})
    return {claim: pairs for claim, pairs in found.items() if pairs}


def _verdict(gap: Difference, p: float | None, control: bool) -> str:
    if p is None or isinstance(gap.mean, Undefined):
        return "undecided"
    if gap.n < WANTED:
        return f"undecided: {gap.n} seeds"
    if p > LEVEL:
        return "not seen"
    if float(gap.mean) < 0:
        return "the opposite"
    return "here too" if control else "reproduced"
