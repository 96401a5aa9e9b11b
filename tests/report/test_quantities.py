"""A report knows from the parts which way is better, what a number is called and what it means."""

from dataclasses import dataclass

import pytest

from sparsernn import registry
from sparsernn.measures.base import AbstractMeasure
from sparsernn.quantity import Quantity
from sparsernn.registry import register
from sparsernn.report import tables, verdict
from sparsernn.report.definitions import definitions
from sparsernn.report.quantities import beside_the_leading, bound, quantities
from sparsernn.report.runs import compare
from sparsernn.training.run import run
from sparsernn.training.run_spec import read_spec


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two runs; of one `r2`, which is better when higher, is 0.9, of the other 0.5."""

    @dataclass(frozen=True)
    class R2(AbstractMeasure):
        """As if explained variance."""

        quantities = (
            Quantity("r2", "higher", "share of variance explained", title="R²", floor="chance", ceiling=1.0),
            Quantity("edges_seen", meaning="a number with no better way"),
            Quantity("quiet", "lower", leads=False),
        )

        def measure(self, network, weights, masks, task, split):
            hidden = network.cells[0].hidden
            return {"r2": 0.9 if hidden == 3 else 0.5, "chance": 0.1, "edges_seen": hidden, "quiet": 1.0}

    before = dict(registry._own)
    register("measure", "r2", R2)
    store = tmp_path_factory.mktemp("r2")
    tree = {"task": {"adding": {"length": 4, "held_out": 20}}, "epochs": 1, "updates_per_epoch": 1, "batch": 2}
    tree |= {"select": {"key": "r2", "every": 1}, "measures": [{"r2": {}}, "score"]}
    trees = [tree | {"network": {"rnn": {"hidden": n}}} for n in (2, 3)]
    yield compare([run(read_spec(tree), store) for tree in trees])
    registry._own.clear()
    registry._own.update(before)


def test_a_parts_own_words_and_way(two):
    leading = quantities(two.trainings)
    assert [q.name for q in leading] == ["R²", "mse", "accuracy"]  # the loss of `adding` is its mse
    assert [q.better for q in leading] == ["higher", "lower", "higher"]
    assert bound(leading[0], two.trainings[0], "floor") == 0.1
    assert bound(leading[0], two.trainings[0], "ceiling") == 1.0
    assert beside_the_leading(two.trainings) == {"r2/edges_seen": "edges seen"}
    assert ("R²", "share of variance explained") in definitions(two, [])


def test_higher_is_better_where_the_part_says_so(two):
    best = verdict.best(two)
    assert best.trainings[0].test["r2/r2"] == 0.9
    assert tables.summary(two).columns[4:7] == ["R²", "R² floor", "mse"]


def test_counts_stay_whole(two):
    seen = {type(t.test["r2/edges_seen"]) for t in two.trainings}
    assert seen == {int}
