"""A series, a tiny run over it, and the comparison of two finished runs bit for bit."""

import numpy as np
import pytest

from sparsernn.training.run_spec import read_spec

ROWS, COLUMNS = 200, 2


@pytest.fixture(scope="session")
def series(tmp_path_factory):
    """One file for the session: equal tasks share their compilation."""
    time = np.arange(ROWS) * 0.3
    path = tmp_path_factory.mktemp("series") / "waves.npy"
    np.save(path, np.stack([np.sin(time), np.cos(1.3 * time)], axis=1))
    return str(path)


@pytest.fixture(scope="session")
def tree(series):
    """The plain form of a run of 12 updates; fields may be changed."""

    def make(**fields):
        return {
            "task": {"reconstruction": {"file": series, "sequence": 6}},
            "network": {"plrnn": {"hidden": 4}},
            "forcing": {"sparse_identity": {"interval": 3}},
            "optimizer": {"radam": {"learning_rate": 1e-2}},
            "epochs": 3,
            "updates_per_epoch": 4,
            "batch": 2,
            "measures": ["score"],
            "select": {"key": "loss", "every": 1},
        } | fields

    return make


@pytest.fixture(scope="session")
def tiny(tree):
    return lambda **fields: read_spec(tree(**fields))


GEOMETRIC = {"sparsifier": {"geometric": {"drop_fraction": 0.25, "starts": 2}}, "rounds": {"count": 2}}


@pytest.fixture(scope="session")
def geometric(tiny):
    """The same with two rounds of pruning by single weights (16, 12, 9 recurrent weights)."""
    return lambda **fields: tiny(**(GEOMETRIC | fields))


def assert_same(left, right):
    """Two finished lineages: the same bits in everything a training and its measures leave behind."""
    left, right = left.lineage(), right.lineage()
    assert [r.identity for r in left] == [r.identity for r in right]
    for one, two in zip(left, right, strict=True):
        assert one.outcome == two.outcome
        for name in ("history.csv", "measures.json"):
            assert (one.directory / name).read_bytes() == (two.directory / name).read_bytes(), name
        for name in ("weights", "masks", "importance", "evidence", "prepared", "regularizers"):
            names = [(r.directory / f"{name}.safetensors") for r in (one, two)]
            assert names[0].is_file() == names[1].is_file(), name
            if names[0].is_file():
                assert names[0].read_bytes() == names[1].read_bytes(), name
        if one.watched() and two.watched():
            for name in ("watch.csv", "watch.json"):
                assert (one.directory / name).read_bytes() == (two.directory / name).read_bytes(), name
        for epoch in {*one.snapshots()} & {*two.snapshots()}:
            np.testing.assert_equal(one.snapshot(epoch), two.snapshot(epoch))


@pytest.fixture(scope="session")
def same():
    return assert_same


def unfinished_files(store):
    return [p for p in store.rglob("*") if p.name.endswith(".tmp")]


@pytest.fixture(scope="session")
def leftovers():
    return unfinished_files
