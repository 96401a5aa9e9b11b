"""Networks with tangent motifs, whose loops are taken away one by one: unbalanced ones, and their controls."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sparsernn.errors import Undefined
from sparsernn.files.atomic import write_array
from sparsernn.runs.record import Record
from sparsernn.studies.jobs import Job, Row
from sparsernn.studies.lesions import lesions
from sparsernn.studies.structural_balance.settings import DENSITY, TASKS, Size, spec
from sparsernn.topology.generators.tangent_motifs import TangentMotifs
from sparsernn.training.run_spec import read_spec

MOTIFS = 15
ORDERS = {"quick": 2, "medium": 5, "paper": 10}
TEST_IMAGES = 2_000
"""Of MNIST, on which a lesion is judged: each net is judged some hundreds of times."""


def jobs(size: Size, tasks: tuple[str, ...], seeds: int, out: Path) -> list[Job]:
    """One network a seed and task, on a graph of its own below ``out/graphs``."""
    found = []
    for seed in range(seeds):
        for task in tasks:
            nodes = TASKS[task].hidden
            place = out / "graphs" / f"tangent-{nodes}-{seed}.npy"
            if not place.is_file():
                made = TangentMotifs(density=DENSITY, motifs=MOTIFS).generate(nodes, seed)
                mask = np.zeros((nodes, nodes))
                mask[made.target, made.source] = 1 - 2.0 * made.negative
                place.parent.mkdir(parents=True, exist_ok=True)
                write_array(place, mask)
            decides = spec(task, "dense", DENSITY, seed, size)
            if task == "mnist":
                decides["task"] = {"sequential_mnist": {"source": "mnist", "test_images": TEST_IMAGES}}
            initial = {"from": str(place), "masks": True, "weights": False}
            whole = {**decides, "initial": initial, "measures": ["score"]}
            mark = {"graph": "tangent", "motifs": MOTIFS, "density": DENSITY, "orders": ORDERS[size]}
            about = {"task": task, "seed": seed, "size": size}
            look = partial(rows, about=about, orders=ORDERS[size], seed=seed)
            key = f"lesion/{size}/{task}/seed-{seed}"
            found.append(Job(key, {**decides, "lesions": mark}, read_spec(whole), look))
    return found


def rows(record: Record, about: Row, orders: int, seed: int) -> list[Row]:
    """The score after every removal, mean over orders, and what was gone by then, kind by kind."""
    found = lesions(record, orders=orders, seed=seed)
    kinds: dict[str, Any] = {}
    for curve in found.curves:
        with np.errstate(invalid="ignore"):
            mean = curve.score.mean(axis=0)
        kinds[curve.kind] = {
            "score": [float(v) if np.isfinite(v) else Undefined("the score does not exist") for v in mean],
            "removed": curve.removed.mean(axis=0).tolist(),
        }
    at = found.common
    change = {c.kind: float(c.change(at).mean()) for c in found.curves}
    row = {"part": "lesion", **about, "outcome": record.outcome.name, "number": found.quantity.key}
    return [{**row, "intact": found.intact, "steps": at, "total": found.total, "change": change, "kinds": kinds}]
