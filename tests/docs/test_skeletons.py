"""The skeletons of the "adding a ..." pages are complete: registered for a moment, each goes through a real run."""

import ast
import importlib
import re
import sys
import types
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from sparsernn.files.spec_file import parse_yaml
from sparsernn.spec import plain
from sparsernn.testing import check_task
from sparsernn.training.run import run
from sparsernn.training.run_spec import read_spec

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"# src/(?P<path>[\w/]+)\.py(, in (?P<table>[A-Z]+))?\n")


class Skeleton(NamedTuple):
    """A page's code, the module it belongs in, the line of the registry, and the spec that uses it."""

    page: str
    module: str
    code: str
    package: str
    table: str
    line: dict[str, str]
    spec: dict

    @property
    def name(self):
        return next(iter(self.line))


def skeletons(page):
    """Blocks come in threes: code, line, spec."""
    blocks = BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))
    assert [kind for kind, _ in blocks] == ["python", "python", "yaml"] * (len(blocks) // 3), page
    for code, line, spec in zip(*[iter(text for _, text in blocks)] * 3, strict=True):
        home, table = PLACE.match(code), PLACE.match(line)
        assert home, f"{page}: a skeleton begins with the file it belongs in"
        assert table, f"{page}: the line of the registry begins with its file and dictionary"
        yield Skeleton(
            page,
            home["path"].replace("/", "."),
            code,
            table["path"].replace("/", ".").removesuffix(".__init__"),
            table["table"],
            ast.literal_eval("{" + line[table.end() :] + "}"),
            parse_yaml(spec),
        )


ALL = {s.name: s for page in sorted(p.name for p in DOCS.glob("adding-*.md")) for s in skeletons(page)}
IN_A_SPARSIFIER = ("DROPS", "SCHEDULES", "GROWS", "STARTS")
ALONE = (*IN_A_SPARSIFIER, "FORCINGS")  # a forcing needs a recorded system
RUNS = {name: (name,) for name, s in ALL.items() if s.table in ALONE or s.module.endswith(".late")}
RUNS["all others together"] = tuple(name for name in ALL if name not in RUNS)
TINY = {
    "task": {"adding": {"length": 4, "held_out": 20}},
    "network": {"rnn": {"hidden": 5}},
    "optimizer": {"sgd": {"learning_rate": 0.1}},
    "epochs": 2,
    "updates_per_epoch": 3,
    "batch": 4,
}


@pytest.fixture
def registered(request, monkeypatch):
    """Skeletons as if their files and their lines were in the package."""
    found = [ALL[name] for name in request.param]
    for skeleton in found:
        assert importlib.util.find_spec(skeleton.module) is None, f"{skeleton.module} exists: choose another example"
        table = getattr(importlib.import_module(skeleton.package), skeleton.table)
        assert skeleton.name not in table
        module = types.ModuleType(skeleton.module)
        monkeypatch.setitem(sys.modules, skeleton.module, module)
        exec(compile(skeleton.code, skeleton.page, "exec"), module.__dict__)
        monkeypatch.setitem(table, skeleton.name, skeleton.line[skeleton.name])
    return found


def test_every_family_has_one():
    assert {s.page for s in ALL.values()} == {
        f"adding-a{family}.md"
        for family in ("-cell", "-forcing", "n-optimizer", "-sparsifier", "-regularizer", "-task", "-measure")
    }
    tables = [s.table for s in ALL.values()]
    assert set(tables) == set(CHECKS)
    together = [ALL[name].table for name in RUNS["all others together"]]
    assert len(set(together)) == len(together), "those of a run must not be in each other's way"


@pytest.mark.parametrize("registered", RUNS.values(), ids=RUNS, indirect=True)
def test_skeletons_run(registered, tmp_path):
    tree = TINY
    for skeleton in registered:
        tree = tree | skeleton.spec
    spec = read_spec(tree)
    assert read_spec(plain(spec)) == spec
    for skeleton in registered:
        part = "'magnitude'" if skeleton.name == "late" else f"'{skeleton.name}'"  # a preset is what it returns
        assert part in str(plain(spec)), f"{skeleton.page}: the spec does not use the skeleton"
    record = run(spec, tmp_path / "runs")
    assert record.outcome.name == "finished"
    history = record.history()
    assert len(history["loss"]) == 2
    assert np.isfinite(history["loss"]).all()
    for skeleton in registered:
        CHECKS[skeleton.table](record, spec)
    formats = (DOCS / "formats.md").read_text(encoding="utf-8")
    for name in [*(p.name for p in record.directory.iterdir()), *history, *record.about]:
        assert f"`{name}`" in formats, f"formats.md does not explain {name}"


def test_windows_that_follow_one_another(monkeypatch):
    """The methods on the page of tasks are those of a task that keeps its family's promises."""
    page = (DOCS / "adding-a-task.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (methods,) = (code for kind, code in blocks if not kind and "carried = True" in code)
    rest = """
@dataclass(frozen=True)
class Echo(Recall):
    steps: int = 90
    delay: int = 2
    window: int = 5
    rows: int = 6

    def data(self, split):
        draw = np.random.default_rng(SPLITS.index(split))
        return jnp.asarray(draw.choice([-1.0, 1.0], self.steps + self.delay))

    def loss(self, outputs, batch):
        targets = batch.targets.reshape(len(batch.targets), *(1,) * (outputs.ndim - 3), *batch.targets.shape[1:])
        return jnp.square(outputs - targets).mean(axis=(0, -2, -1))

"""
    there = types.ModuleType("echo_of_a_page")
    monkeypatch.setitem(sys.modules, there.__name__, there)
    exec(compile(ALL["recall"].code + rest + methods, "adding-a-task.md", "exec"), there.__dict__)
    check_task(there.Echo())


def sparse(record, spec):
    """Exactly as many weights as announced, and fewer than all."""
    (mask,) = record.masks().values()
    trainer = spec.trainer()
    assert mask.sum() == trainer.sparsifier.final_count(trainer.prunables, trainer.clock(0)) < mask.size
    assert not record.weights()["cell0"]["recurrent"][~mask].any()


def penalized(record, spec):
    assert (record.history()["penalty"] > 0).all()


def measured(record, spec):
    ((measure, taken),) = zip(spec.measures, record.measures().values(), strict=True)
    assert taken["measure"] == plain(measure)
    assert taken["test"]
    assert all(np.isfinite(value) for split in ("validation", "test") for value in taken[split].values())


def trained(record, spec):
    """Biases begin at 0 and have moved."""
    bias = record.weights()["cell0"]["bias"]
    assert np.isfinite(bias).all()
    assert bias.any()


CHECKS = {
    **dict.fromkeys((*IN_A_SPARSIFIER, "SPARSIFIERS"), sparse),
    "REGULARIZERS": penalized,
    "MEASURES": measured,
    "CELLS": trained,
    "TASKS": trained,
    "OPTIMIZERS": trained,
    "FORCINGS": trained,
}
