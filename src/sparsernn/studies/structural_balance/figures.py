"""Figures of the study from its rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsernn.report.figures.lines import Line, LinePanel, Lines, over
from sparsernn.studies.jobs import Row
from sparsernn.studies.structural_balance.isolated import drawn
from sparsernn.studies.structural_balance.settings import TASKS
from sparsernn.studies.structural_balance.tables import SCORES, at, finite, kinds, name_of
from sparsernn.topology.motifs import SIGNS

NAMES = {"mnist": "MNIST by rows", "sms": "SMS spam", "mackey_glass": "Mackey-Glass", "gestures": "gestures"}
CELLS = {"rnn": "", "ctrnn": ", continuous time", "neural_ode": ", neural ODE"}


def _panels(rows: Sequence[Row]) -> dict[str, list[tuple[str, list[Row]]]]:
    """Rows of one panel, a task with a cell and a density, by label."""
    found: dict[str, list[tuple[str, list[Row]]]] = {}
    densities = {key[2] for key in kinds(rows)}
    for (cell, task, density, strategy, graph), members in kinds(rows).items():
        if graph == "none":
            continue
        title = NAMES[task] + CELLS[cell] + (f", density {density:g}" if len(densities) > 1 else "")
        found.setdefault(title, []).append((name_of(strategy, graph), members))
    return found


def motif_profiles(rows: Sequence[Row]) -> Lines:
    """z of the eight motifs over random gauges, scaled to length 1 so that sizes can be compared."""
    panels = []
    for title, groups in _panels(rows).items():
        lines = []
        for label, members in groups:
            table = np.array([[finite(at(row, f"gauge_z.{s}")) for s in SIGNS] for row in members])
            length = np.sqrt(np.nansum(table**2, axis=1, keepdims=True))
            lines.append(over(label, [s.replace("-", "−") for s in SIGNS], table / np.where(length > 0, length, 1)))
        panels.append(LinePanel(title, tuple(lines), "signs of ij, jk, ik", "z / ‖z‖", (("", 0.0),)))
    return Lines(tuple(panels))


def balance_over_epochs(rows: Sequence[Row], key: str = "eta_pooled") -> Lines:
    """Balance while training, mean and sd over seeds."""
    panels = []
    for title, groups in _panels(rows).items():
        lines = []
        for label, members in groups:
            curves = [row["curve"] for row in members if "curve" in row]
            if not curves:
                continue
            epochs = curves[0]["epoch"]
            same = [c[key] for c in curves if c["epoch"] == epochs]
            lines.append(over(label, epochs, [[finite(v) for v in values] for values in same]))
        if lines:
            panels.append(LinePanel(title, tuple(lines), "epoch", "η pooled", (("chance", 0.5),)))
    return Lines(tuple(panels))


def lesions(rows: Sequence[Row]) -> Lines:
    """The score against the number of loops taken away, mean and sd over networks."""
    panels = []
    mine = [row for row in rows if row.get("part") == "lesion" and row.get("outcome") == "finished"]
    for task in dict.fromkeys(row["task"] for row in mine):
        those = [row for row in mine if row["task"] == task]
        lines = []
        for kind in those[0]["kinds"]:
            curves = [[finite(v) for v in row["kinds"][kind]["score"]] for row in those]
            steps = max(map(len, curves))
            values = [curve + [np.nan] * (steps - len(curve)) for curve in curves]  # networks that have as many
            lines.append(over(kind, range(steps), values))
        panels.append(LinePanel(NAMES[task], tuple(lines), "loops taken away", those[0]["number"]))
    return Lines(tuple(panels))


def prescribed(rows: Sequence[Row]) -> Lines:
    """The score of every network against the balance of its graph."""
    panels = []
    mine = [row for row in rows if row.get("part") == "prescribed" and row.get("outcome") == "finished"]
    for task in dict.fromkeys(row["task"] for row in mine):
        lines = []
        for mode in ("frozen", "trained"):
            those = [row for row in mine if (row["task"], row["mode"]) == (task, mode)]
            places = tuple(round(finite(at(row, "given.eta_pooled")), 4) for row in those)
            lines.append(Line(mode, places, tuple(finite(at(row, f"score.{SCORES[task]}")) for row in those)))
        panels.append(LinePanel(NAMES[task], tuple(lines), "η pooled of the graph", SCORES[task], drawn="points"))
    return Lines(tuple(panels))


def isolated_loops() -> Lines:
    """Response of the last unit of a loop against what both paths together say."""
    found = drawn()
    lines = []
    for name, which in (("balanced", found.of(True)), ("unbalanced", found.of(False))):
        lines.append(Line(name, tuple(found.linear[which].round(4)), tuple(found.measured[which].round(4))))
    panel = LinePanel("loops alone", tuple(lines), "w_ij w_jk + w_ik", "h_k / h_i", drawn="points")
    return Lines((panel,))


def weights(rows: Sequence[Row]) -> Lines:
    """Histograms of the recurrent weights at the end, mean over seeds."""
    panels = []
    for task in TASKS:
        lines = []
        for (cell, its, _density, strategy, graph), members in kinds(rows).items():
            if its != task or cell != "rnn" or "spread" not in members[0]:
                continue
            edge = max(row["spread"]["edge"] for row in members)
            places = np.linspace(-edge, edge, 62)
            heights = []
            for row in members:
                own, values = row["spread"]["edge"], np.array(row["spread"]["last"]["density"])
                bins = np.linspace(-own, own, len(values) + 1)
                middle = (bins[1:] + bins[:-1]) / 2
                heights.append(np.interp(places, middle, values, left=0, right=0))
            mean = over(name_of(strategy, graph), np.round(places, 4).tolist(), heights)
            lines.append(Line(mean.label, mean.x, mean.y))
        if lines:
            panels.append(LinePanel(NAMES[task], tuple(lines), "recurrent weight", "density", drawn="lines"))
    return Lines(tuple(panels))
