from dataclasses import replace

import pytest

from sparsernn import registry
from sparsernn.report.labels import labels, sparsifier_name
from sparsernn.sparsifiers.base import AbstractSparsifier
from sparsernn.sparsifiers.redistribute import ByMagnitude
from sparsernn.sparsifiers.rewirer import Rewirer
from sparsernn.spec import build, plain

PER_ROUND = {"schedule": {"per_round": {}}, "drop_fraction": 0.5}


def pruner(drop, **fields):
    return {"pruner": {"drop": {drop: {}}, **PER_ROUND, **fields}}


def spec(sparsifier=None, **fields):
    return {"task": {"adding": {"length": 50}}, "sparsifier": sparsifier, "seed": 0, "regularizers": [], **fields}


@pytest.mark.parametrize(
    "name", [n for n in AbstractSparsifier.registry.members if n not in ("pruner", "rewirer", "restarting")]
)
def test_methods_are_called_by_their_names(name):
    part = build(AbstractSparsifier, name)
    assert sparsifier_name(plain(part)).lower().replace(" ", "_") == name


def test_names_that_users_know():
    named = lambda value: sparsifier_name(plain(build(AbstractSparsifier, value)))
    assert sparsifier_name(None) == "dense"
    assert named({"rigl": {"density": 0.3, "every": 7, "where": ["input"], "start": "uniform"}}) == "RigL"
    assert named({"set": {"drop_fraction": 0.2}}) == "SET"
    assert named({"one_shot": {"at": 0.2, "drop": "taylor"}}) == "taylor, one shot"
    like_rigl = {"drop": "magnitude", "grow": "gradient", "schedule": "every_epoch", "density": 0.2, "start": "uniform"}
    assert named({"rewirer": like_rigl}) == "rewired (drop magnitude, grow gradient, every epoch)"
    assert sparsifier_name({"gone": {"density": 0.1}}) == "gone", "a part that is not here any more"


def test_a_registered_preset_has_its_own_name(monkeypatch):
    def slow_set(density: float = 0.1) -> Rewirer:
        return replace(build(Rewirer, plain(build(AbstractSparsifier, "set"))["rewirer"]), redistribute=ByMagnitude())

    monkeypatch.setattr(registry, "_own", {"sparsifier": {"slow_set": slow_set}})
    assert sparsifier_name(plain(slow_set())) == "slow set"


def test_seeds_and_measures_make_no_label():
    specs = [spec(pruner("random"), seed=s, measures=[{"score": {"batch": s}}]) for s in (0, 1)]
    assert labels(specs) == [("random", "dense")] * 2


def test_parameters_of_one_name_are_told_apart():
    specs = [spec(pruner("random", drop_fraction=f)) for f in (0.2, 0.5)] + [spec(pruner("magnitude"))]
    assert [name for name, _ in labels(specs)] == [
        "random, drop_fraction=0.2",
        "random, drop_fraction=0.5",
        "magnitude",
    ]


def test_other_differences_go_into_the_dense_name_too():
    specs = [spec(pruner("random"), network={"cells": [{"rnn": {"hidden": h}}]}) for h in (8, 16)]
    assert labels(specs) == [("random, hidden=8", "dense, hidden=8"), ("random, hidden=16", "dense, hidden=16")]


def test_a_part_that_differs_is_named_without_its_fields():
    cells = ({"lstm": {"hidden": 8, "forget_bias": 1.0}}, {"rnn": {"hidden": 9}})
    specs = [spec(network={"cells": [cell]}) for cell in cells]
    assert [name for name, _ in labels(specs)] == ["dense, lstm", "dense, rnn"]


def test_regularizers_and_rounds():
    specs = [spec(), spec(regularizers=[{"l1": {"strength": 0.1}}])]
    assert [name for name, _ in labels(specs)] == ["dense, no regularizers", "dense, l1"]
    specs = [spec(pruner("random"), rounds={"count": c, "rewind": r}) for c, r in ((2, "initial"), (3, "none"))]
    assert [name for name, _ in labels(specs)] == ["random, rewind=initial", "random, rewind=none"]


def test_files_are_named_by_their_last_part_and_long_values_cut():
    specs = [spec(task={"reconstruction": {"file": f}}) for f in ("/a/b/one.csv", "/a/b/" + "x" * 60)]
    first, second = (name for name, _ in labels(specs))
    assert first == "dense, file=one.csv"
    assert len(second) < 45
    assert second.endswith("…")
