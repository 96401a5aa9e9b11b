from sparsernn.report.labels import labels, sparsifier_name

PER_ROUND = {"schedule": {"per_round": {}}, "drop_fraction": 0.5}


def pruner(drop, **fields):
    return {"pruner": {"drop": {drop: {}}, **PER_ROUND, **fields}}


def spec(sparsifier=None, **fields):
    return {"task": {"adding": {"length": 50}}, "sparsifier": sparsifier, "seed": 0, "regularizers": [], **fields}


def test_names_that_users_know():
    rewirer = {"drop": {"set": {}}, "grow": {"random": {}}}
    assert sparsifier_name(None) == "dense"
    assert sparsifier_name(pruner("geometric")) == "geometric"
    assert sparsifier_name(pruner("magnitude", schedule={"one_shot": {}})) == "magnitude, one_shot"
    assert sparsifier_name({"rewirer": rewirer}) == "SET"
    assert sparsifier_name({"rewirer": {"drop": {"magnitude": {}}, "grow": {"gradient": {}}}}) == "RigL"
    assert sparsifier_name({"rewirer": {**rewirer, "grow": {"gradient": {}}}}) == "rewired (drop set, grow gradient)"
    assert sparsifier_name({"static": {"density": 0.1}}) == "static"


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
