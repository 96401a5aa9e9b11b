"""Tables of the study: over seeds, each row beside its dense baseline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from sparsernn.errors import Undefined
from sparsernn.report.spread import Difference, paired_difference, spread
from sparsernn.report.tables import Table
from sparsernn.studies.jobs import Row
from sparsernn.studies.lesion_plans import UNBALANCED
from sparsernn.studies.structural_balance.settings import STRATEGIES, TASKS, TITLES

SCORES = {"mnist": "accuracy", "sms": "accuracy", "mackey_glass": "mse", "gestures": "accuracy"}
ORDER = (*STRATEGIES, "cut", "untrained")


def kinds(rows: Iterable[Row], part: str = "profile") -> dict[tuple[str, str, float, str, str], list[Row]]:
    """Rows by (cell, task, density, strategy, graph), in the order of tables; seeds within."""
    found: dict[tuple[str, str, float, str, str], list[Row]] = {}
    for row in rows:
        if row.get("part") == part and row.get("outcome") == "finished":
            name = (row["cell"], row["task"], row["density"], row["strategy"], row["graph"])
            found.setdefault(name, []).append(row)
    order = lambda key: (key[0] != "rnn", key[0], list(TASKS).index(key[1]), key[2], ORDER.index(key[3]), key[4])
    return {key: found[key] for key in sorted(found, key=order)}


def at(row: Row, path: str) -> Any:
    """A number of a row by its path, ``signed.eta.z``; None where the row has none."""
    for part in path.split("."):
        if not isinstance(row, dict) or part not in row:
            return None
        row = row[part]
    return row


def name_of(strategy: str, graph: str) -> str:
    """What a table calls a kind."""
    return f"{TITLES[strategy]}, core" if graph == "core" else TITLES[strategy]


def scores(rows: Sequence[Row]) -> Table:
    """How well each does, beside the dense network of the same seeds."""
    columns = ["cell", "task", "sparsifier", "density", "score", "test", "dense", "difference", "95 % from", "to", "p"]
    found: list[list[Any]] = []
    all_kinds = kinds(rows)
    for (cell, task, density, strategy, graph), members in all_kinds.items():
        if strategy in ("cut", "untrained") or graph == "core":
            continue
        key = SCORES[task]
        mine = {row["seed"]: at(row, f"score.{key}") for row in members}
        dense = {r["seed"]: at(r, f"score.{key}") for r in all_kinds.get((cell, task, density, "dense", "none"), [])}
        line: list[Any] = [cell, task, TITLES[strategy], density if strategy != "dense" else None, key]
        line.append(spread(mine.values()))
        if strategy == "dense" or not dense:
            found.append([*line, *[None] * 5])
            continue
        gap = paired_difference(mine, dense)
        found.append([*line, spread(dense.values()), *told(gap)])
    return Table("scores", "Scores on the test data", columns, found)


def balances(rows: Sequence[Row]) -> Table:
    """Balance beside the two nulls."""
    columns = ["cell", "task", "sparsifier", "density", "edges", "eta", "null", "z", "z, fanmod", "eta pooled"]
    columns += ["null pooled", "z pooled", "seeds with z pooled > 2"]
    found: list[list[Any]] = []
    for (cell, task, density, strategy, graph), members in kinds(rows).items():
        if graph == "none":
            continue
        take = lambda path, members=members: spread(at(row, path) for row in members)
        z = [at(row, "signed.eta_pooled.z") for row in members]
        above = sum(1 for v in z if not isinstance(v, Undefined) and v is not None and v > 2)
        found.append(
            [
                cell, task, name_of(strategy, graph), density, take("edges"), take("signed.eta.value"),
                take("signed.eta.null_mean"), take("signed.eta.z"), take("fanmod.eta.z"),
                take("signed.eta_pooled.value"), take("signed.eta_pooled.null_mean"), take("signed.eta_pooled.z"),
                f"{above} of {len(z)}",
            ]
        )  # fmt: skip
    return Table("balance", "Balance η and its nulls", columns, found)


def motif_table(rows: Sequence[Row]) -> Table:
    """z of the eight motifs, over random choices of the units' signs, and as they stand."""
    from sparsernn.topology.motifs import SIGNS

    columns = ["cell", "task", "sparsifier", "density", "balanced 030T, z", "unbalanced 030T, z"]
    columns += [s.replace("-", "−") for s in SIGNS]
    found: list[list[Any]] = []
    for (cell, task, density, strategy, graph), members in kinds(rows).items():
        if graph == "none":
            continue
        take = lambda path, members=members: spread(at(row, path) for row in members)
        line = [cell, task, name_of(strategy, graph), density]
        line += [take("signed.balanced_030T.z"), take("signed.unbalanced_030T.z")]
        found.append([*line, *(take(f"gauge_z.{s}") for s in SIGNS)])
    return Table("motifs", "z of motifs beside the null signed, over random signs of the units", columns, found)


def prescribed_table(rows: Sequence[Row]) -> Table:
    """Balanced against random graphs of equal degrees, loops and spectral radius, seed by seed."""
    columns = ["task", "recurrent weights", "eta pooled, random", "balanced", "score", "random", "balanced graph"]
    columns += ["difference", "95 % from", "to", "p", "eta pooled at the end, random", "at the end, balanced"]
    columns += ["loops, random", "loops, balanced", "singular value, random", "singular value, balanced"]
    mine = [row for row in rows if row.get("part") == "prescribed" and row.get("outcome") == "finished"]
    found: list[list[Any]] = []
    for task, mode in dict.fromkeys((row["task"], row["mode"]) for row in mine):
        those = [row for row in mine if (row["task"], row["mode"]) == (task, mode)]
        first = {row["seed"]: row for row in those if row["number"] == 0}
        last = {row["seed"]: row for row in those if row["number"] == row["of"] - 1}
        key = SCORES[task]
        before, after = ({s: at(row, f"score.{key}") for s, row in side.items()} for side in (first, last))
        gap = paired_difference(after, before)
        etas = [spread(at(row, "given.eta_pooled") for row in side.values()) for side in (first, last)]
        more = [
            spread(at(row, path) for row in side.values())
            for path in ("last.eta_pooled", "given.loops", "given.largest_singular")
            for side in (first, last)
        ]
        line = [task, mode, *etas, key, spread(before.values()), spread(after.values())]
        found.append([*line, *told(gap), *more])
    return Table("prescribed", "Balanced against random graphs", columns, found)


def lesion_table(rows: Sequence[Row]) -> Table:
    """What taking loops away changes, kind by kind, over seeds, and against the unbalanced ones."""
    columns = ["task", "taken away", "score", "intact", "loops", "share of the sum of |w|", "change"]
    columns += ["unbalanced minus this", "95 % from", "to", "p"]
    mine = [row for row in rows if row.get("part") == "lesion" and row.get("outcome") == "finished"]
    found: list[list[Any]] = []
    for task in dict.fromkeys(row["task"] for row in mine):
        those = [row for row in mine if row["task"] == task]
        worst = {row["seed"]: row["change"][UNBALANCED] for row in those if UNBALANCED in row["change"]}
        for kind in those[0]["change"]:
            change = {row["seed"]: row["change"][kind] for row in those if kind in row["change"]}
            gone = [row["kinds"][kind]["removed"][row["steps"]] / row["total"] for row in those if kind in row["kinds"]]
            line = [task, kind, those[0]["number"], spread(row["intact"] for row in those)]
            line += [spread(float(row["steps"]) for row in those), spread(gone), spread(change.values())]
            gap = None if kind == UNBALANCED else paired_difference(worst, change)
            found.append([*line, *([None] * 4 if gap is None else told(gap))])
    return Table("lesions", "Lesions of tangent motifs", columns, found)


def weights_table(rows: Sequence[Row]) -> Table:
    """Signs that stay, and how the weights are spread."""
    columns = ["cell", "task", "sparsifier", "density", "sign kept from the first", "sign kept from the mask's end"]
    columns += ["bimodality at first", "when the mask is reached", "at last"]
    found: list[list[Any]] = []
    for (cell, task, density, strategy, graph), members in kinds(rows).items():
        if "spread" not in members[0]:
            continue
        take = lambda path, members=members: spread(at(row, f"spread.{path}") for row in members)
        line = [cell, task, name_of(strategy, graph), None if strategy == "dense" else density]
        paths = ("sign_kept_from_first", "sign_kept_from_reached", "first.bimodality", "reached.bimodality")
        found.append([*line, *map(take, paths), take("last.bimodality")])
    return Table("weights", "Signs and spread of recurrent weights", columns, found)


def told(gap: Difference) -> list[float | None]:
    """Mean, interval and p of a difference; with one seed the mean alone."""
    return [None if isinstance(v, Undefined) else v for v in (gap.mean, gap.low, gap.high, gap.p)]


def finite(value: Any) -> float:
    """A number, NaN where there is none."""
    return np.nan if value is None or isinstance(value, Undefined) else float(value)
