"""What a round begins with, what it shares, and which weights it hands on."""

import sys
import types
from dataclasses import dataclass
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn import rng
from sparsernn.errors import SpecError
from sparsernn.models.network import Ports
from sparsernn.regularizers import REGULARIZERS
from sparsernn.regularizers.base import AbstractRegularizer
from sparsernn.sparsifiers.base import Clock
from sparsernn.training import pruning
from sparsernn.training.run import run
from sparsernn.weights import flatten, get

PATH = "cell0/recurrent"
CRITERIA = ("geometric", "magnitude", "activity", "taylor", "random")


def pruned(tiny, criterion="magnitude", count=2, rewind="initial", fraction=0.25, **fields):
    member = {criterion: {"drop_fraction": fraction} | ({"starts": 2} if criterion == "geometric" else {})}
    return tiny(sparsifier=member, rounds={"count": count, "rewind": rewind}, **fields)


def beginning(spec, store, monkeypatch, round=1):
    """The carry with which a round begins, and the record of the round before."""
    seen = []
    real = pruning.begin_round

    def spied(*arguments):
        seen.append(real(*arguments))
        return seen[-1]

    monkeypatch.setattr(pruning, "begin_round", spied)
    record = run(spec, store, until=Clock(0, round, 4, 3))
    assert record.outcome.name == "paused"
    return seen[-1], record.parent


@pytest.mark.parametrize("rewind", ["initial", "none", "random"])
def test_where_weights_go_back_to(tiny, tmp_path, monkeypatch, rewind):
    spec = pruned(tiny, rewind=rewind)
    carry, parent = beginning(spec, tmp_path, monkeypatch)
    mask = np.asarray(carry.sparse.masks[PATH])
    assert mask.sum() == 12
    initial = spec.network.init(rng.key(spec.seed, "init"), Ports(0, 2, True))
    start = {"initial": initial, "none": parent.weights()}.get(rewind)
    for path, array in flatten(carry.weights).items():
        array = np.asarray(array)
        if rewind == "random":
            assert (array != np.asarray(get(initial, path))).any() or path.endswith("bias")
            assert path != PATH or (array[mask] != 0).all()
        else:
            np.testing.assert_array_equal(array, np.asarray(get(start, path)) * (mask if path == PATH else 1))
    assert all((np.asarray(a) == 0).all() for a in jax.tree.leaves(carry.opt_state)), "optimizers begin anew"


def test_magnitude_is_that_of_the_parents_chosen_weights(tiny, tmp_path, monkeypatch):
    carry, parent = beginning(pruned(tiny), tmp_path, monkeypatch)
    mask, weights = np.asarray(carry.sparse.masks[PATH]), np.abs(parent.weights()["cell0"]["recurrent"])
    assert weights[mask].min() > weights[~mask].max()


def test_masks_shrink_by_exact_counts_and_never_grow(tiny, tmp_path):
    record = run(pruned(tiny, count=4, fraction=0.3), tmp_path)
    masks = [r.masks()[PATH] for r in record.lineage()[1:]]
    assert [m.sum() for m in masks] == [11, 8, 6, 4]  # 16 - 4.8, - 3.3, - 2.4, - 1.8, each rounded
    assert all((later <= earlier).all() for earlier, later in pairwise(masks))
    for round, entry in enumerate(record.lineage()[1:]):
        assert (entry.weights()["cell0"]["recurrent"][~masks[round]] == 0).all()
        np.testing.assert_array_equal(entry.history()["nonzeros"], masks[round].sum())


def test_criteria_share_the_first_training_and_part_then(tiny, tmp_path):
    lasts = {criterion: run(pruned(tiny, criterion, count=1), tmp_path) for criterion in CRITERIA}
    assert len({record.parent.directory for record in lasts.values()}) == 1
    assert len({record.directory for record in lasts.values()}) == len(CRITERIA)
    assert len([p for p in tmp_path.iterdir() if p.is_dir()]) == 1 + len(CRITERIA)
    assert {int(record.masks()[PATH].sum()) for record in lasts.values()} == {12}
    assert len({record.masks()[PATH].tobytes() for record in lasts.values()}) > 1
    dense = run(tiny(), tmp_path)
    assert dense.directory == lasts["random"].parent.directory, "a dense run is that first training"


def test_geometry_removes_what_harms_least(geometric, tmp_path):
    record = run(geometric(), tmp_path).lineage()[1]
    importance, mask = record.importance(), record.masks()[PATH].ravel()
    increase = np.abs(importance[f"{PATH}:increase"].mean(axis=1))
    assert importance[f"{PATH}:increase"].shape == (16, 2)
    assert importance[f"{PATH}:baseline"].shape == (2,)
    np.testing.assert_array_equal(importance[f"{PATH}:indices"], np.arange(16))
    assert set(np.flatnonzero(~mask)) == set(np.argsort(increase, kind="stable")[:4])


def test_more_rounds_go_on_from_the_fewer(tiny, tmp_path, same):
    two = run(pruned(tiny, count=2), tmp_path / "a")
    four = run(pruned(tiny, count=4), tmp_path / "a")
    assert four.lineage()[2].directory == two.directory
    same(four, run(pruned(tiny, count=4), tmp_path / "b"))


def test_rounds_see_other_batches(tiny, tmp_path):
    """With nothing removed but one weight, the second training is no copy of the first."""
    record = run(pruned(tiny, "magnitude", count=1, fraction=0.05), tmp_path)
    assert record.masks()[PATH].sum() == 15
    losses = [r.history()["loss"] for r in record.lineage()]
    assert np.abs(losses[0] / losses[1] - 1).min() > 1e-3


def test_divergence_ends_the_chain_with_advice(tiny, tmp_path):
    spec = pruned(tiny, optimizer={"sgd": {"learning_rate": 1e12}}, select=None)
    record = run(spec, tmp_path)
    assert (record.round, record.outcome.name) == (0, "diverged")
    assert 0 < record.outcome.step < 12
    assert f"update {record.outcome.step}" in record.outcome.why
    assert "learning rate" in record.outcome.advice
    assert len([p for p in tmp_path.iterdir() if p.is_dir()]) == 1
    assert all(np.isfinite(a).all() for a in flatten(record.weights()).values())
    files = {p: p.stat().st_mtime_ns for p in record.directory.iterdir() if p.name != "lock"}
    assert run(spec, tmp_path).outcome == record.outcome
    assert files == {p: p.stat().st_mtime_ns for p in files}, "it is not tried again: it would end the same"


def test_a_diverged_run_keeps_the_best_weights_it_had(tiny, tmp_path, monkeypatch):
    """The loss grows without bound; the weights chosen before are handed out."""
    spec = tiny(optimizer={"sgd": {"learning_rate": 0.6}}, network={"plrnn": {"hidden": 4}}, epochs=400)
    record = run(spec, tmp_path)
    assert record.outcome.name == "diverged"
    looked = record.history()
    best = int(np.nanargmin(looked["validation_loss"]))
    again = run(
        tiny(optimizer={"sgd": {"learning_rate": 0.6}}, epochs=400),
        tmp_path / "b",
        until=Clock(4 * (best + 1), 0, 4, 400),
    )
    checkpoint = again.directory / "checkpoint.safetensors"
    from sparsernn.files.safetensors_file import read

    arrays, _ = read(checkpoint)
    np.testing.assert_array_equal(record.weights()["cell0"]["recurrent"], arrays["best/weights/cell0/recurrent"])


def test_only_sparse_enough_checkpoints_are_chosen(tiny, tmp_path):
    """Dense epochs are better here: they must not win."""
    sparsifier = {"one_shot": {"density": 0.125, "at": 0.5}}
    optimizer = {"adam": {"learning_rate": [0.05, 1e-6]}}
    network = {"rnn": {"hidden": 4}}
    spec = tiny(sparsifier=sparsifier, network=network, optimizer=optimizer, epochs=8, updates_per_epoch=12, batch=4)
    assert spec.trainer().final_count == 2 + 8
    record = run(spec, tmp_path)
    history = record.history()
    np.testing.assert_array_equal(history["nonzeros"], [16 + 8] * 3 + [2 + 8] * 5)
    assert np.argmin(history["validation_loss"]) < 3, "a dense epoch is the best"
    eligible = np.where(history["nonzeros"] <= 10, history["validation_loss"], np.inf)
    chosen = int(history["epoch"][np.argmin(eligible)])
    assert record.outcome.why == f"weights of epoch {chosen} of 8"
    assert (record.weights()["cell0"]["recurrent"] != 0).sum() == 2
    score = next(iter(record.measures().values()))
    assert score["validation"]["loss"] == history["validation_loss"][chosen - 1]
    assert score["test"]["loss"] != score["validation"]["loss"]


def test_without_select_the_last_weights_count(tiny, tmp_path):
    record = run(tiny(select=None), tmp_path)
    assert record.outcome.why == "weights of epoch 3 of 3"
    assert not [name for name in record.history() if name.startswith("validation")]


def test_looks_are_taken_every_so_often_and_at_the_end(tiny, tmp_path):
    record = run(tiny(select={"key": "loss", "every": 2}), tmp_path)
    np.testing.assert_array_equal(np.isfinite(record.history()["validation_loss"]), [False, True, True])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"rounds": None}, "give rounds"),
        ({"sparsifier": "static"}, "must prune by rounds"),
        ({"select": None}, "say by what, for instance select"),
        ({"select": "los"}, 'did you mean "loss"'),
        ({"select": "accuracy"}, "no measure of this run gives"),
        ({"rounds": {"count": 0}}, r"count must lie in \[1, 10000\]"),
        ({"rounds": {"rewind": "back"}}, "rounds.rewind"),
    ],
)
def test_specs_that_contradict_themselves(geometric, fields, said):
    with pytest.raises(SpecError, match=said):
        geometric(**fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sparsifier": {"magnitude": {"where": ["recurent"]}}}, "sparsifier: where"),
        (
            {"sparsifier": {"magnitude": {"drop_fraction": 0.9}}, "rounds": {"count": 3}},
            "after 3 rounds no weight is left",
        ),
        ({"sparsifier": {"rewirer": {"density": 0.25, "schedule": "per_round"}}}, "sparsifier: it begins sparse"),
        ({"regularizers": [{"l1": {"where": ["input"]}}]}, "regularizers.0: where"),
        ({"measures": ["score", {"hubs": {"cell": 2}}]}, "measures.1: cell is 0..0"),
        ({"network": {"plrnn": {"hidden": 1}}}, "below the 2 observed columns"),
        ({"sparsifier": {"one_shot": {"density": 0.01}}, "rounds": None}, "would leave 0 weights"),
    ],
)
def test_parts_that_do_not_fit_are_found_before_any_work(geometric, tmp_path, fields, said):
    with pytest.raises(SpecError, match=said):
        run(geometric(**fields), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_all_misfits_at_once(geometric, tmp_path):
    spec = geometric(
        sparsifier={"magnitude": {"where": ["x"]}}, regularizers=[{"l2": {"where": ["y"]}}, {"l1": {"where": ["z"]}}]
    )
    with pytest.raises(SpecError) as caught:
        run(spec, tmp_path)
    assert [p.split(":")[0] for p in caught.value.problems] == ["sparsifier", "regularizers.0", "regularizers.1"]


@dataclass(frozen=True)
class Moving(AbstractRegularizer):
    """Trained positions of units, pulled towards each other; a fixed cost beside."""

    strength: float = 0.1

    def init(self, key, prunables):
        (p, *_) = prunables
        return {"positions": jax.random.normal(key, (p.target, 2))}, {"cost": jnp.ones(p.target)}

    def penalty(self, trained, fixed, weights, prunables):
        return (jnp.square(trained["positions"]).sum(axis=1) * fixed["cost"]).sum()


@pytest.mark.parametrize("rewind", ["initial", "random", "none"])
def test_what_regularizers_learned_goes_on_however_weights_begin(tiny, tmp_path, monkeypatch, rewind):
    monkeypatch.setitem(REGULARIZERS, "moving", f"{__name__}:Moving")
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or types.SimpleNamespace(Moving=Moving))
    spec = pruned(tiny, rewind=rewind, regularizers=["moving"])
    carry, parent = beginning(spec, tmp_path, monkeypatch)
    arrays = parent.regularizers()
    assert set(arrays) == {"trained/0/positions", "fixed/0/cost"}
    fresh, _ = spec.regularizers[0].init(rng.key(spec.seed, "regularizer", 0), spec.trainer().prunables)
    assert np.abs(arrays["trained/0/positions"] - fresh["positions"]).max() > 1e-3
    np.testing.assert_array_equal(carry.trained[0]["positions"], arrays["trained/0/positions"])
