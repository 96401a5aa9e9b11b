"""Small real runs, made once: a pruned reconstruction with hostile column names, the adding problem, odd outcomes."""

import numpy as np
import pytest

from sparsernn.files.spec_file import override, parse_yaml
from sparsernn.report.runs import compare, find
from sparsernn.sparsifiers.base import Clock
from sparsernn.training.run import run
from sparsernn.training.run_spec import read_spec

HOSTILE = ("<img src=x onerror=alert(1)>", r"$\frac{$</script>")
CRITERIA = ("geometric: {drop_fraction: 0.5, starts: 2}", "magnitude: {drop_fraction: 0.5}")

RECONSTRUCTION = """
task: {reconstruction: {file: FILE, dt: 0.1, sequence: 20}}
network: {plrnn: {hidden: 8}}
forcing: {sparse_identity: {interval: 8}}
epochs: 4
updates_per_epoch: 10
rounds: {count: 2}
measures: [{reconstruction: {starts: 2, horizon: 5}}, hubs]
select: {key: d_stsp, every: 1}
"""
ADDING = """
task: {adding: {length: 8, held_out: 100}}
network: {rnn: {hidden: 8}}
epochs: 3
updates_per_epoch: 10
batch: 8
optimizer: {adam: {learning_rate: 0.01}}
measures: [score]
"""


@pytest.fixture(scope="session")
def pruned_store(tmp_path_factory):
    """Two criteria, two seeds, two rounds after a shared first training; N = 2 columns."""
    folder = tmp_path_factory.mktemp("pruned")
    t = np.arange(1500) * 0.1
    values = np.stack([np.sin(t), np.cos(t) + 0.3 * np.sin(2.3 * t)], axis=1)
    file = folder / "wave.csv"
    header = ",".join(f'"{name}"' for name in HOSTILE)
    file.write_text("\n".join([header, *(f"{a:.6f},{b:.6f}" for a, b in values)]) + "\n")
    tree = override(parse_yaml(RECONSTRUCTION), f"task.file={file}")
    for seed in (0, 1):
        for criterion in CRITERIA:
            record = run(
                read_spec(override(override(tree, f"seed={seed}"), f"sparsifier={{{criterion}}}")), folder / "runs"
            )
            assert record.outcome.name == "finished"
    return folder / "runs"


@pytest.fixture(scope="session")
def pruned(pruned_store):
    return compare(find([pruned_store]))


@pytest.fixture(scope="session")
def adding_store(tmp_path_factory):
    """Dense, SET, one that diverges and one that is paused."""
    store = tmp_path_factory.mktemp("adding") / "runs"
    tree = parse_yaml(ADDING)
    run(read_spec(tree), store)
    run(read_spec(override(tree, "sparsifier={set: {density: 0.25}}")), store)
    assert run(read_spec(override(tree, "optimizer={adam: {learning_rate: 1.0e30}}")), store).outcome.name == "diverged"
    paused = run(read_spec(override(tree, "optimizer={adam: {learning_rate: 0.02}}")), store, until=Clock(10, 0, 10, 3))
    assert paused.outcome.name == "paused"
    return store


@pytest.fixture(scope="session")
def adding(adding_store):
    return compare(find([adding_store]))
