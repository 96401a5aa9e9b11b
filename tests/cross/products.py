"""Every member of every family, put together: which combinations there are, and what must hold for each.

Run as a program it goes through the full product and writes a table (see `main`).
"""

from __future__ import annotations

import argparse
import collections
import importlib
import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
import numpy as np

from sparsernn.errors import DataError, Undefined
from sparsernn.forcings import FORCINGS
from sparsernn.measures import MEASURES
from sparsernn.models import CELLS
from sparsernn.optimizers import OPTIMIZERS
from sparsernn.regularizers import REGULARIZERS
from sparsernn.sparsifiers import SPARSIFIERS
from sparsernn.sparsifiers.base import AbstractSparsifier
from sparsernn.spec import build
from sparsernn.tasks import TASKS
from sparsernn.tasks.base import AbstractTask
from sparsernn.training.run import run
from sparsernn.training.run_spec import read_spec
from sparsernn.weights import flatten

sys.path.append(str(Path(__file__).parents[2]))  # where this file is run as a program
written = importlib.import_module("tests.tasks.written")

FIELDS = {
    "adding": {"length": 5, "held_out": 12},
    "sequential_mnist": {"source": "digits"},
    "static": {"density": 0.5},
    "pruner": {"schedule": {"every_steps": {"every": 2}}, "drop": "taylor", "drop_fraction": 0.25},
    "rewirer": {"density": 0.5},
    "one_shot": {"density": 0.5},
    "gradual_cubic": {"density": 0.5},
    "geometric": {"drop_fraction": 0.25, "starts": 2},
    "deepr": {"density": 0.5},
    "set": {"density": 0.5},
    "rigl": {"density": 0.5, "every": 1, "until": 1.0},
    "granet": {"density": 0.5, "initial_density": 0.75, "every": 1},
    "snip": {"density": 0.5},
    "growing_threshold": {"density": 0.5},
    "deepr_epoch": {"density": 0.5},
    "restarting": {"of": {"set": {"density": 0.5}}},
    "zhang2023_pruning1": {"density": 0.5},
    "zhang2023_pruning2": {"density": 0.5, "begin": 0.0},
    "zhang2023_deepr": {"density": 0.5},
    "zhang2023_set": {"density": 0.5},
    "sparse_identity": {"interval": 2},
    "hubs": {"nulls": 2},
    "lyapunov": {"count": 2, "steps": 100, "transient": 0},
    "score": {"batch": 100},
    "mackey_glass": {"rows": 400, "past": 6, "ahead": 2},
    "cognitive": {"tasks": ["dm_1"], "units": 8, "dt": 100, "held_out": 6},
    "gestures": {"window": 240},
    "language": {"sequence": 4, "rows": 2},
    "sms": {"length": 5, "seen": 3},
    "uci_har": {"validation": [28]},
    "person_activity": {"window": 20},
    "rhn": {"depth": 2},
    "ctrnn": {"substeps": 2},
    "neural_ode": {"substeps": 1},
}
"""What a member needs in a run of three updates, and what makes it cheap; a new member with other needs is entered
here."""
ALTERNATIVES = {"plrnn": [{}, {"mean_centered": False}]}
"""Cells that come in two kinds; only the first kind must meet every sparsifier."""

Combination = dict[str, object]


def part(name: str) -> dict:
    return {name: FIELDS.get(name, {})}


BY_ROUNDS = [n for n in SPARSIFIERS if build(AbstractSparsifier, part(n)).by_rounds]


def kind(name: str) -> tuple:
    """What a run sees of a sparsifier: presets of one kind differ in how they rank, which nothing else knows."""
    s = build(AbstractSparsifier, part(name))
    s = getattr(s, "of", s)  # `restarting` is what it is made of, but to the optimizer
    return type(s), s.traceable, s.by_rounds, s.needs_activity


KINDS = {kind(name): name for name in reversed(SPARSIFIERS)}
"""The first sparsifier of each kind: these meet every cell, the others one."""


def task_kind(name: str) -> tuple:
    """What a network sees of a task: whether its outputs are what it observes, whether its inputs are words, whether
    states are carried on. Numbers of another width, or another loss, are the same code."""
    task = AbstractTask.registry.resolve(name)
    return task.observed, task.tokens is not AbstractTask.tokens, task.carried


TASK_KINDS = {task_kind(name): name for name in reversed(TASKS)}
"""The first task of each kind: these meet every cell, the others some (see `filled`)."""
FIRST_TRAINING = {"task": "reconstruction", "forcing": list(FORCINGS)[-1]}
"""Of all sparsifiers between trainings: with equal parts they share the run of their first training."""
AXES: dict[str, list] = {
    "task": list(TASKS),
    "cell": [(name, i) for name in CELLS for i in range(len(ALTERNATIVES.get(name, [{}])))],
    "sparsifier": list(SPARSIFIERS),
    "regularizer": [*REGULARIZERS, None],
    "optimizer": list(OPTIMIZERS),
    "forcing": [*FORCINGS, None],
    "rewind": ["initial", "none", "random"],
    "measure": list(MEASURES),
}
PAIRS = [
    ("cell", "sparsifier"),
    ("forcing", "cell"),
    ("task", "cell"),
    ("sparsifier", "regularizer"),
    ("optimizer", "sparsifier"),
    ("rewind", "sparsifier"),
    ("measure", "cell"),
]


def possible(c: Combination) -> bool:
    """Forcing and reconstruction quality need a recorded system, rewinding needs rounds."""
    recorded = c.get("task", "reconstruction") == "reconstruction"
    of_recorded = ("reconstruction", "baselines")
    rounds = c.get("sparsifier", BY_ROUNDS[0]) in BY_ROUNDS
    return (
        (recorded or (c.get("forcing") is None and c.get("measure") not in of_recorded))
        and (rounds or "rewind" not in c)
    )  # fmt: skip


def wanted() -> list[Combination]:
    """All pairs of members that must meet."""
    found = [{a: x, b: y} for a, b in PAIRS for x, y in itertools.product(AXES[a], AXES[b])]
    return [c for c in found if possible(c) and telling(c)]


def telling(c: Combination) -> bool:
    """Whether this pair must meet. Presets of one kind are the same to their surroundings: one of each kind meets all
    cells (of the first form), optimizers, regularizers and rewinds, the others meet at least something. So it is with
    tasks of one kind and cells."""
    if "task" in c and c["task"] not in TASK_KINDS.values():
        return c["cell"] == AXES["cell"][0]
    other = next((axis for axis in ("cell", "optimizer", "regularizer", "rewind") if axis in c), None)
    if "sparsifier" not in c or other is None or c["sparsifier"] in KINDS.values():
        return other != "cell" or "sparsifier" not in c or c["cell"][1] == 0
    return other == "optimizer" and c["optimizer"] == AXES["optimizer"][0]


def covering() -> list[Combination]:
    """Few combinations in which every wanted pair meets: each pair joins the first it fits, or begins a new one."""
    chosen: list[Combination] = []
    for pair in wanted():
        if any(pair.items() <= c.items() for c in chosen):
            continue
        fits = [c for c in chosen if all(c.get(a, v) == v for a, v in pair.items()) and possible(c | pair)]
        if fits:
            recorded = lambda c: "measure" in pair and c.get("forcing") is not None  # noqa: B023
            max(fits, key=recorded).update(pair)  # so that other tasks are not in want of a place
        else:
            shared = FIRST_TRAINING if pair.get("sparsifier") in BY_ROUNDS else {}
            chosen.append({**shared, **pair})
    return [filled(c) for c in chosen]


def filled(c: Combination) -> Combination:
    """The rest set to plain members, equal where possible: equal trainings share their compilation. Tasks take turns:
    so every task meets several cells and sparsifiers."""
    plain = {"cell": ("rnn", 0), "sparsifier": "dense", "regularizer": None, "optimizer": "sgd"} | c
    turn = AXES["cell"].index(plain["cell"]) + AXES["sparsifier"].index(plain["sparsifier"])
    others = [name for name in TASKS if name not in TASK_KINDS.values() and not task_kind(name)[0]]
    plain["task"] = others[turn % len(others)]
    if c.get("forcing") is not None or c.get("measure") in ("reconstruction", "baselines"):
        plain["task"] = "reconstruction"
    c = {**plain, "measure": "score", "forcing": None} | c
    return c | ({"rewind": c.get("rewind", "initial")} if c["sparsifier"] in BY_ROUNDS else {})


def full() -> list[Combination]:
    """The full product of tasks (a recorded one with each forcing), cells, sparsifiers, regularizers, optimizers and
    rewinds, each with all measures that can be taken."""
    found = []
    names = ("task", "forcing", "cell", "sparsifier", "regularizer", "optimizer", "rewind")
    for values in itertools.product(*(AXES[name] for name in names)):
        c = dict(zip(names, values, strict=True))
        if c["sparsifier"] not in BY_ROUNDS and c.pop("rewind") != "initial":
            continue
        if possible(c):
            found.append(c | {"measure": None})
    return found


def spec_of(c: Combination, series: str) -> dict:
    """The plain spec of a combination: three updates, for sparsifiers between trainings twice."""
    name, which = c["cell"]
    measures = [part(m) for m in MEASURES if c["measure"] in (m, None)]
    if c["task"] == "reconstruction":
        task = {"reconstruction": {"file": series, "sequence": 6}}
    else:
        task = {c["task"]: FIELDS.get(c["task"], {}) | files_of(c["task"], Path(series).parent)}
        measures = [m for m in measures if not {"reconstruction", "baselines"} & set(m)]
    if not any("score" in m for m in measures):
        measures.insert(0, part("score"))
    return {
        "task": task,
        "network": {
            "cells": [{name: {"hidden": 4, **FIELDS.get(name, {}), **ALTERNATIVES.get(name, [{}])[which]}}],
            "embedding": 3 if c["task"] in ("language", "sms") else None,
        },
        "forcing": part(c["forcing"]) if c["forcing"] else None,
        "optimizer": part(c["optimizer"]),
        "epochs": 3,
        "updates_per_epoch": 1,
        "batch": 2,
        "sparsifier": part(c["sparsifier"]),
        "rounds": {"count": 1, "rewind": c["rewind"]} if "rewind" in c else None,
        "regularizers": [part(c["regularizer"])] if c["regularizer"] else [],
        "measures": measures,
        "select": {"key": "loss", "every": 3},
    }


def files_of(task: str, folder: Path) -> dict[str, str]:
    """The field that says where the data of a task lie, which are written there."""
    if task == "language":
        path = folder / "words.txt"
        if not path.exists():
            path.write_text("\n".join(f"w{i % 5} w{i % 3} w{i % 4}" for i in range(60)), encoding="utf-8")
        return {"file": str(path)}
    write = {"sms": written.messages, "uci_har": written.smartphones, "person_activity": written.tags}.get(task)
    if write is None:
        return {}
    if not (folder / task).exists():
        (folder / task).mkdir()
        write(folder / task)
    return {"path": str(folder / task)}


def series_in(folder: Path) -> str:
    """A recording for the task reconstruction."""
    time_ = np.arange(240) * 0.3
    np.save(folder / "waves.npy", np.stack([np.sin(time_), np.cos(1.3 * time_)], axis=1))
    return str(folder / "waves.npy")


def check(c: Combination, series: str, store: Path) -> None:
    """Run it and assert what holds for every run."""
    spec = read_spec(spec_of(c, series))
    record = run(spec, store)
    if record.outcome.name == "interrupted":
        raise KeyboardInterrupt
    assert record.outcome.name == "finished", record.outcome
    assert record.round == (1 if spec.rounds else 0)
    history = record.history()
    assert list(history["epoch"]) == [1, 2, 3]
    for name in ("loss", "penalty", "gradient_norm", "learning_rate", "nonzeros"):
        assert np.isfinite(history[name]).all(), name
    if c["regularizer"] == "balance":  # of so few units often no loop is left, which costs nothing
        assert (history["penalty"] >= 0).all()
    else:
        assert (history["penalty"] > 0).all() == (spec.regularizers != ())
    weights, masks = flatten(record.weights()), record.masks()
    assert all(np.isfinite(a).all() for a in weights.values())
    trainer = spec.trainer()
    acted = spec.sparsifier.acted(trainer.prunables)
    assert set(masks) == {p.path for p in acted}
    ones = sum(int(mask.sum()) for mask in masks.values())
    told = spec.sparsifier.final_count(acted, trainer.clock(0, record.round)) if acted else 0
    assert ones == told or (spec.sparsifier.announces == "most" and 0 < ones < told)
    assert all((weights[path][~mask] == 0).all() for path, mask in masks.items())
    assert history["nonzeros"][-1] == ones + sum(p.size for p in trainer.prunables if p.path not in masks)
    measures = record.measures()
    assert len(measures) == len(spec.measures)
    for entry in measures.values():
        for split in ("validation", "test"):
            for key, value in entry[split].items():
                assert isinstance(value, Undefined) or np.isfinite(value), key


def label(c: Combination) -> str:
    name, which = c["cell"]
    cell = name + "".join(f" {k}={v}" for k, v in ALTERNATIVES.get(name, [{}])[which].items())
    return " × ".join(str(x) for x in [c["task"], cell, *(c[a] for a in AXES if a in c and a not in ("task", "cell"))])


def table(results: dict[str, str], combinations: list[Combination], seconds: float, what: str) -> str:
    """Markdown: sparsifiers by cells, combinations passed of all; then what failed."""
    cells, counts = AXES["cell"], collections.defaultdict(lambda: [0, 0])
    for c in combinations:
        counts[c["sparsifier"], c["cell"]][0] += not results[label(c)]
        counts[c["sparsifier"], c["cell"]][1] += 1
    heads = [label({"task": "", "cell": cell}).removeprefix(" × ") for cell in cells]
    failed = [f"- {label(c)}: {results[label(c)]}" for c in combinations if results[label(c)]]
    lines = [
        "# All members together",
        "",
        f"Written by `python tests/cross/products.py`: {what}, {len(combinations):,} combinations of three updates "
        f"each (pruning between trainings: twice three), {len(combinations) - len(failed):,} passed, {len(failed)} "
        f"failed, in {seconds / 60:.0f} minutes. Each field: combinations of task, forcing, regularizer, optimizer and "
        "rewind that passed, of all. What is asserted of each: `check` in that file.",
        "",
        "| sparsifier | " + " | ".join(heads) + " |",
        "| --- |" + " ---: |" * len(cells),
    ]
    for sparsifier in SPARSIFIERS:
        row = ["{} / {}".format(*counts[sparsifier, cell]) if counts[sparsifier, cell][1] else "–" for cell in cells]
        lines.append(f"| {sparsifier} | " + " | ".join(row) + " |")
    return "\n".join([*lines, *(["", "## Failed", "", *failed] if failed else []), ""])


BATCH = 60
"""Combinations a process: compiled code is never given back, and a process may only have so many memory maps."""


def work(combinations: list[Combination], log: Path) -> None:
    """Check what the log lacks of these, and append a line of JSON for each: label, problem ("" if none), seconds."""
    jax.config.update("jax_disable_most_optimizations", True)  # each is compiled for a handful of updates
    done = {entry["label"] for entry in read(log)}
    with tempfile.TemporaryDirectory() as folder:
        series = series_in(Path(folder))
        for c in combinations:
            if label(c) in done:
                continue
            began, problem = time.time(), ""
            try:
                check(c, series, Path(folder) / "runs")
            except DataError:
                raise
            except Exception as error:
                problem = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            with log.open("a") as file:
                file.write(json.dumps({"label": label(c), "problem": problem, "seconds": time.time() - began}) + "\n")


def read(log: Path) -> list[dict]:
    """The whole lines of the log."""
    text = log.read_text() if log.is_file() else ""
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def main() -> None:
    """Go through the full product (or every N-th of it, or the pairs) and write its table. The same command goes on
    where it was killed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "docs" / "cross.md")
    parser.add_argument("--log", type=Path, default=Path("cross.jsonl"), help="one line a combination; resumed from")
    parser.add_argument("--every", type=int, default=1, help="only every so many-th combination")
    parser.add_argument("--pairs", action="store_true", help="the covering design of the tests instead")
    parser.add_argument("--batch", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    combinations = covering() if options.pairs else full()[:: options.every]
    if options.batch is not None:
        work(combinations[options.batch : options.batch + BATCH], options.log)
        return
    for begin in range(0, len(combinations), BATCH):
        subprocess.run([sys.executable, *sys.argv, "--batch", str(begin)], check=True)
        print(f"{min(begin + BATCH, len(combinations)):,} of {len(combinations):,}", flush=True)
    what = (
        "all pairs (of tasks with cells: every kind of task with every cell)" if options.pairs else "the full product"
    )
    what += f", every {options.every}th of {len(full()):,}" if options.every > 1 else ""
    entries = {entry["label"]: entry for entry in read(options.log)}
    seconds = sum(entries[label(c)]["seconds"] for c in combinations)
    results = {name: entry["problem"] for name, entry in entries.items()}
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_text(table(results, combinations, seconds, what))


if __name__ == "__main__":
    main()
