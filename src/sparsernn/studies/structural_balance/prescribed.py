"""Balanced against random graphs of equal degrees: recurrent weights frozen, and trained on the graph."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.files.atomic import write_array
from sparsernn.runs.record import Record
from sparsernn.studies.jobs import Job, Row
from sparsernn.studies.structural_balance.profiles import graph, recurrent
from sparsernn.studies.structural_balance.settings import DENSITY, TASKS, Size, spec
from sparsernn.topology import loops
from sparsernn.topology.balance import balance, triads
from sparsernn.topology.generators.balanced import Balanced
from sparsernn.training.run_spec import read_spec

ETA = 0.85
RADIUS = 1.1
"""Spectral radius of the weights put on every graph, so that graphs differ in balance alone; the paper's for
Mackey-Glass."""
SHARE = 0.5
"""Length of these trainings as a share of the others': few weights move."""
MODES = ("frozen", "trained")
GRAPHS: Mapping[Size, int] = {"quick": 2, "medium": 2, "paper": 25}
"""Graphs from the random one to the balanced one, of each seed."""


def jobs(size: Size, tasks: tuple[str, ...], seeds: int, out: Path) -> list[Job]:
    """One training a seed, task, graph and mode. The graphs lie in ``out/graphs``."""
    found = []
    for seed in range(seeds):
        for task in tasks:
            nodes = TASKS[task].hidden
            matrices = _matrices(nodes, seed, GRAPHS[size])
            for number, matrix in enumerate(matrices):
                for mode in MODES:
                    found.append(_job(size, task, seed, number, len(matrices), mode, matrix, out))
    return found


def _matrices(nodes: int, seed: int, count: int) -> list[np.ndarray]:
    """Weights [target, source] on graphs along the way to `ETA`: signs of the graph, absolute values of one uniform
    draw for all graphs of a seed, dealt in the order of edges by source, scaled to one spectral radius."""
    graphs = Balanced(density=DENSITY, eta=ETA, measure="pooled").path(nodes, seed, count)
    sizes = np.random.default_rng(seed).uniform(0, 1, graphs[0].edges)
    found = []
    for one in graphs:
        matrix = np.zeros((nodes, nodes))
        matrix[one.target, one.source] = (1.0 - 2.0 * one.negative) * sizes
        radius = np.abs(np.linalg.eigvals(matrix)).max()
        found.append(matrix * (RADIUS / radius))
    return found


def _job(size: Size, task: str, seed: int, number: int, of: int, mode: str, matrix: np.ndarray, out: Path) -> Job:
    place = out / "graphs" / f"balanced-{len(matrix)}-{seed}-{number}-of-{of}.npy"
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        write_array(place, matrix)
    decides = spec(task, "dense", DENSITY, seed, size)
    decides["epochs"] = max(2, round(decides["epochs"] * SHARE))
    if mode == "frozen":
        decides["frozen"] = ["recurrent"]
    whole = {**decides, "initial": {"from": str(place), "masks": True, "weights": True}, "measures": ["score"]}
    mark = {"graph": "balanced", "eta": ETA, "radius": RADIUS, "density": DENSITY, "number": number, "of": of}
    key = f"prescribed/{size}/{task}/{mode}/{number + 1}-of-{of}/seed-{seed}"
    about = {"task": task, "mode": mode, "number": number, "of": of, "seed": seed, "size": size}
    return Job(key, {**decides, "prescribed": mark}, read_spec(whole), partial(rows, about=about, given=matrix))


def rows(record: Record, about: Row, given: np.ndarray) -> list[Row]:
    """The score beside what the graph is like before and after training."""
    entry = record.measures()["score"]
    row = {"part": "prescribed", **about, "outcome": record.outcome.name}
    row["score"] = {k: v for k, v in entry["test"].items() if ":" not in k}
    return [{**row, "given": described(given), "last": described(recurrent(record.weights(), record.masks()))}]


def described(matrix: np.ndarray) -> dict[str, Any]:
    """Balance of a matrix, its number of loops, spectral radius, largest singular value."""
    counts = loops.raw(graph(matrix).signed)
    types = triads(counts)
    found = balance(types)
    return {
        "eta": float(found.paper),
        "eta_pooled": float(found.pooled),
        "loops": int(types.loops.sum()),
        "edges": int(np.count_nonzero(matrix)),
        "radius": float(np.abs(np.linalg.eigvals(matrix)).max()),
        "largest_singular": float(np.linalg.norm(matrix, 2)),
    }
