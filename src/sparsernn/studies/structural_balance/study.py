"""The study as one call: jobs, their rows, tables, pictures, a page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sparsernn.errors import SpecError, nearest
from sparsernn.progress import Progress
from sparsernn.registry import here
from sparsernn.report.tables import Table, csv
from sparsernn.studies.jobs import Job, Row, carry_out, claim
from sparsernn.studies.structural_balance import lesioned, page, prescribed, profiles, tables, verdicts
from sparsernn.studies.structural_balance.settings import (
    CELLS,
    DENSITY,
    SIZES,
    STRATEGIES,
    TASKS,
    Size,
    beside,
    spec,
)
from sparsernn.training.run_spec import read_spec

SEEDS = {"quick": 2, "medium": 10, "paper": 10}
CELL_SEEDS = {"quick": 1, "medium": 5, "paper": 10}
"""Of continuous cells, which are trained on gestures."""
GRAPH_SEEDS = {"quick": 1, "medium": 10, "paper": 10}
GRAPH_TASKS: dict[Size, tuple[str, ...]] = {
    "quick": ("sms", "gestures"),
    "medium": ("sms", "gestures"),
    "paper": ("mnist", "sms", "gestures"),
}
"""Tasks of the parts with given graphs; MNIST is dear there, as each network is judged hundreds of times."""
PARTS = ("profiles", "prescribed", "lesions")


class Found(NamedTuple):
    """What the study came to: `rows` of plain numbers, `tables` over seeds, the `page`."""

    rows: list[Row]
    tables: list[Table]
    page: Path


def structural_balance(
    out: str | Path,
    size: Size = "quick",
    tasks: Sequence[str] = tuple(TASKS),
    cells: Sequence[str] = tuple(CELLS),
    strategies: Sequence[str] = STRATEGIES,
    densities: Sequence[float] = (DENSITY,),
    seeds: int | None = None,
    parts: Sequence[str] = PARTS,
    known: Sequence[Path] = (),
    workers: int = 2,
    progress: Progress | None = None,
) -> Found:
    """What all well-trained sparse networks share: motif profiles, balance over epochs, signs, scores.

    Every sparsifier in every task, beside its dense network, the dense network cut at its end, and an untrained network
    pruned by size. Continuous cells are trained on gestures. Source: doi 10.1038/s42005-023-01364-0.

    Args:
        out: directory of the study; the same call goes on where it stopped.
        size: ``quick`` (minutes, says nothing), ``medium`` (two hours on two cores), ``paper`` (its lengths).
        tasks, cells, strategies, densities: which ones; the dense network always comes along.
        seeds: how many; None: those of the size.
        parts: ``profiles``: what the sparsifiers leave; ``prescribed``: balanced against random graphs; ``lesions``.
        known: rows of earlier studies (``rows.jsonl``), taken over where settings and data agree.
        workers: trainings at a time.
        progress: told while it works.

    Raises SpecError for unknown names, DataError where data are missing, `Interrupted` where it was stopped.
    """
    out = Path(out)
    if unknown := [name for name in parts if name not in PARTS]:
        raise SpecError([f'parts: "{name}"{nearest(name, PARTS)}' for name in unknown])
    wanted = jobs(size, tasks, cells, strategies, densities, seeds)
    if "prescribed" in parts or "lesions" in parts:
        claim(out)
    if "prescribed" in parts:
        wanted += prescribed.jobs(size, _some(tasks, GRAPH_TASKS[size]), seeds or GRAPH_SEEDS[size], out)
    if "lesions" in parts:
        wanted += lesioned.jobs(size, _some(tasks, GRAPH_TASKS[size]), seeds or GRAPH_SEEDS[size], out)
    if "profiles" not in parts:
        wanted = [job for job in wanted if not job.key.startswith("profile/")]
    rows = carry_out(wanted, out, progress or (lambda *_: None), workers, known)
    return write(rows, out, [("size", size), ("trainings", f"{len(wanted):,}")])


def jobs(
    size: Size = "quick",
    tasks: Sequence[str] = tuple(TASKS),
    cells: Sequence[str] = tuple(CELLS),
    strategies: Sequence[str] = STRATEGIES,
    densities: Sequence[float] = (DENSITY,),
    seeds: int | None = None,
) -> list[Job]:
    """All trainings, seed by seed, so that a study that is stopped has whole seeds. SpecError for unknown names."""
    problems = []
    for what, given, known in (
        ("size", [size], SIZES),
        ("tasks", tasks, TASKS),
        ("cells", cells, CELLS),
        ("strategies", strategies, STRATEGIES),
    ):
        problems += [f'{what}: "{name}"{nearest(name, known)}' for name in given if name not in known]
    problems += [f"density: {d} must lie in (0, 1)" for d in densities if not 0 < d < 1]
    if seeds is not None and seeds < 1:
        problems.append(f"seeds must be at least 1, got {seeds}")
    if problems:
        raise SpecError(problems)
    here()
    found: dict[str, Job] = {}
    most = {cell: seeds or (SEEDS if cell == "rnn" else CELL_SEEDS)[size] for cell in cells}
    for seed in range(max(most.values())):
        for cell in cells:
            if seed >= most[cell]:
                continue
            for task in tasks if cell == "rnn" else [t for t in tasks if t == "gestures"]:
                for density in densities:
                    for strategy in ("dense", *(s for s in strategies if s != "dense")):
                        job = _job(size, task, cell, strategy, density, seed)
                        found[job.key] = job
    return list(found.values())


def _some(tasks: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    return tuple(task for task in tasks if task in known)


def _job(size: Size, task: str, cell: str, strategy: str, density: float, seed: int) -> Job:
    decides = spec(task, strategy, density, seed, size, cell)
    about = {"task": task, "cell": cell, "strategy": strategy, "density": density, "seed": seed, "size": size}
    key = f"profile/{size}/{cell}/{task}/{strategy}/{density:g}/seed-{seed}"
    exchanged = TASKS[task].exchanged
    rows = partial(profiles.rows, about=about, density=density, exchanged=exchanged, seed=seed)
    return Job(key, {**decides, "cut": density}, read_spec(beside(decides)), rows)


def write(rows: list[Row], out: Path, facts: Sequence[tuple[str, str]] = ()) -> Found:
    """Tables (``tables/*.csv``), pictures (``figures/*.png``), the page (``report.html``) and what a forge shows
    (``README.md``), of rows."""
    from sparsernn.files.atomic import write_text

    made = [verdicts.claims(rows), tables.balances(rows), tables.motif_table(rows), tables.scores(rows)]
    made += [tables.weights_table(rows), tables.prescribed_table(rows), tables.lesion_table(rows)]
    made = [table for table in made if table.rows]
    (out / "tables").mkdir(parents=True, exist_ok=True)
    for table in made:
        write_text(out / "tables" / f"{table.name}.csv", csv(table))
    seeds = {(row["cell"], row["task"]): 0 for row in rows if "cell" in row}
    for cell, task in seeds:
        seeds[cell, task] = len({r["seed"] for r in rows if (r.get("cell"), r.get("task")) == (cell, task)})
    if diverged := sum(1 for row in rows if row.get("outcome") == "diverged"):
        facts = [*facts, ("diverged, and in no table", f"{diverged:,}")]
    told = [*facts, ("seeds", ", ".join(f"{task} ({cell}) {n}" for (cell, task), n in seeds.items()))]
    return Found(rows, made, page.write(out, rows, made, told))
