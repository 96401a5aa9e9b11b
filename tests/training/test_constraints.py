"""Frozen arrays keep every bit, held signs are never broken, given beginnings arrive where they belong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import floats

from sparsernn.errors import SpecError
from sparsernn.files import safetensors_file
from sparsernn.masks import Prunable
from sparsernn.models.network import Network, Ports
from sparsernn.models.rnn import RNN
from sparsernn.sparsifiers.base import Clock
from sparsernn.spec import identity, plain
from sparsernn.training.given import Given
from sparsernn.training.initial import Initial
from sparsernn.training.run import run
from sparsernn.training.run_spec import describe, read_spec
from sparsernn.training.signs import Signs, projected, turned
from sparsernn.weights import flatten, get, unflatten

PATH = "cell0/recurrent"
METHODS = {
    "dense": None,
    "static": {"static": {"density": 0.5}},
    "set": {"set": {"density": 0.5, "drop_fraction": 0.4}},
    "deepr": {"deepr": {"density": 0.5, "temperature": 1e-3}},
    "gradual_cubic": {"gradual_cubic": {"density": 0.5}},
}
WAYS = {
    "dale": {"excitatory": 0.75},
    "sums": {"by": "source"},
    "entry": {"by": "entry"},
}
LOUD = {"optimizer": {"sgd": {"learning_rate": 1.0, "clip_norm": 1.0}}}
"""Steps as large as the weights: without anything that holds them signs change."""


def names(path, array):
    return np.asarray(get(array, path))


def begun(record):
    return record.snapshot(0)


# ------------------------------------------------------------------------------------------------------------- frozen


def test_frozen_arrays_keep_their_bits_and_the_rest_moves(tiny, tmp_path):
    """Also where a penalty pulls, weights are nudged and the whole is clipped."""
    fields = {"frozen": [PATH, "cell0/bias"], "regularizers": [{"l2": {"strength": 0.1}}], "snapshots": 1, **LOUD}
    record = run(tiny(**fields), tmp_path)
    first, last = flatten(begun(record)[0]), flatten(record.snapshot(3)[0])
    kept = {path for path in first if first[path].tobytes() == last[path].tobytes()}
    assert kept == {PATH, "cell0/bias"}


def test_the_norm_is_that_of_what_learns(tiny, tmp_path):
    """With everything frozen there is no gradient at all, and the reported one says so."""
    everything = ["recurrent", "cell0/bias", "cell0/diagonal", "cell0/initial"]
    record = run(tiny(frozen=everything), tmp_path)
    np.testing.assert_array_equal(record.history()["gradient_norm"], 0)
    assert np.ptp(record.history()["validation_loss"]) == 0


def test_a_sparsifier_that_changes_masks_is_refused_on_a_frozen_matrix(tiny, tmp_path):
    for method in ("set", "gradual_cubic"):
        with pytest.raises(SpecError, match=r"frozen: cell0/recurrent stays as it is"):
            run(tiny(frozen=["recurrent"], sparsifier=METHODS[method]), tmp_path)
    rounds = {"sparsifier": {"magnitude": {"drop_fraction": 0.5}}, "rounds": {"count": 1}}
    with pytest.raises(SpecError, match="frozen"):
        run(tiny(frozen=["recurrent"], **rounds), tmp_path)
    with pytest.raises(SpecError, match=r'frozen: "recurent".*did you mean "recurrent"'):
        run(tiny(frozen=["recurent"]), tmp_path)


def test_a_static_graph_may_be_frozen(tiny, tmp_path):
    record = run(tiny(frozen=["recurrent"], sparsifier=METHODS["static"], snapshots=3), tmp_path)
    np.testing.assert_array_equal(names(PATH, begun(record)[0]), names(PATH, record.weights()))
    assert record.masks()[PATH].sum() == 8 == np.count_nonzero(names(PATH, record.weights()))


# -------------------------------------------------------------------------------------------------------------- signs


@pytest.fixture(scope="module")
def free(tiny, tmp_path_factory):
    """What happens where nothing is held: signs change."""
    record = run(tiny(snapshots=1, **LOUD), tmp_path_factory.mktemp("free"))
    first, last = (np.sign(names(PATH, record.snapshot(epoch)[0])) for epoch in (0, 3))
    assert (first * last < 0).any()
    return record


@pytest.mark.parametrize("method", ["dense", "set", "deepr", "gradual_cubic"])
def test_no_sign_is_ever_broken(tiny, tmp_path, method):
    """At every epoch, under loud steps."""
    fields = {"sparsifier": METHODS[method], "snapshots": 1, **LOUD}
    record = run(tiny(signs=WAYS["dale"], **fields), tmp_path)
    assert record.outcome.name == "finished"
    columns = []
    for epoch in record.snapshots():
        weights = names(PATH, record.snapshot(epoch)[0])[0]
        columns.append(np.sign(weights).T)
        assert all(len(set(column[column != 0])) <= 1 for column in columns[-1])
    everywhere = np.concatenate(columns, axis=1)
    assert all(len(set(column[column != 0])) <= 1 for column in everywhere), "of one kind through all epochs"


@pytest.mark.parametrize("way", ["sums", "entry"])
def test_signs_of_the_initial_weights(tiny, tmp_path, free, way):
    record = run(tiny(signs=WAYS[way], snapshots=1, **LOUD), tmp_path)
    fresh = names(PATH, begun(free)[0])[0]
    expected = np.sign(fresh) if way == "entry" else np.broadcast_to(np.sign(fresh.sum(0)), fresh.shape)
    for epoch in record.snapshots():
        weights = names(PATH, record.snapshot(epoch)[0])[0]
        assert (weights * expected >= 0).all()
    np.testing.assert_array_equal(np.abs(fresh) * expected, names(PATH, begun(record)[0])[0])


def test_a_fraction_of_units_by_seed_and_one_sign_a_population():
    """Exactly so many, the same in every matrix that a population feeds, other ones for another seed."""
    network, ports = Network((RNN(10),)), Ports(2, 3, False)
    prunables = network.prunables(ports)
    rng = np.random.default_rng(0)
    weights = {"cell0": {}, "readout": {}}
    for p in prunables:
        room, name = p.path.split("/")
        weights[room][name] = rng.normal(size=p.shape)
    signs = Signs(("recurrent", "readout"), excitatory=0.8)
    held = signs.held(0, prunables, weights, {})
    columns = np.asarray(held[PATH])[0, 0]
    assert (columns == 1).sum() == 8
    np.testing.assert_array_equal(np.asarray(held["readout/weights"]), np.broadcast_to(columns, (1, 3, 10)))
    others = [np.asarray(signs.held(seed, prunables, weights, {})[PATH])[0, 0] for seed in range(1, 6)]
    assert any((other != columns).any() for other in others)
    assert (np.asarray(Signs(excitatory=0.0).held(0, prunables, weights, {})[PATH]) == -1).all()


def test_what_excites_and_what_inhibits_begin_in_balance():
    network, ports = Network((RNN(50),)), Ports(2, 1, False)
    prunables = network.prunables(ports)
    weights = {p.path: np.random.default_rng(0).uniform(-1, 1, p.shape) for p in prunables}
    for share in (0.5, 0.8):
        signs = Signs(excitatory=share)
        held = signs.held(0, prunables, unflatten(weights), {})
        begun = np.asarray(turned(unflatten(weights), held, signs.sizes(True))["cell0"]["recurrent"])
        assert abs(begun.mean()) < 0.02
        assert (begun > 0).mean() == pytest.approx(share)
    assert Signs(excitatory=0.8).sizes(False) == Signs(excitatory=1.0).sizes(True) == Signs().sizes(True) == (1, 1)


@given(arrays(np.float32, (1, 3, 4), elements=floats(-2, 2, width=32)), arrays(bool, (1, 3, 4)))
def test_a_projection_moves_what_is_wrong_to_0_and_nothing_else(values, positive):
    signs = {PATH: np.where(positive, 1, -1).astype(np.int8)}
    once = projected(unflatten({PATH: values}), signs)
    found = np.asarray(get(once, PATH))
    assert (found * signs[PATH] >= 0).all()
    right = values * signs[PATH] >= 0
    np.testing.assert_array_equal(found, np.where(right, values, 0))
    assert found[right].tobytes() == values[right].tobytes()
    np.testing.assert_array_equal(get(projected(once, signs), PATH), found)


def test_signs_of_a_file(tiny, tmp_path):
    matrix = np.array([[0, 1, -1, 0], [2, 0, -3, 0], [1, 4, 0, 0], [0, 0, -1, 0.0]])
    file = tmp_path / "signs.csv"
    np.savetxt(file, matrix, delimiter=",")
    record = run(tiny(signs={"kept": str(file)}, **LOUD), tmp_path / "runs")
    weights = names(PATH, record.weights())[0]
    assert (weights * [1, 1, -1, 1] >= 0).all()
    record = run(tiny(signs={"kept": str(file), "by": "entry"}, **LOUD), tmp_path / "runs")
    assert (names(PATH, record.weights())[0] * np.sign(matrix) >= 0).all()


@pytest.mark.parametrize("rewind", ["initial", "none", "random"])
def test_signs_are_those_of_the_first_training_in_every_round(tiny, tmp_path, rewind):
    fields = {"sparsifier": {"magnitude": {"drop_fraction": 0.25}}, "rounds": {"count": 1, "rewind": rewind}}
    fields["frozen"] = ["cell0/diagonal"]
    record = run(tiny(signs={"by": "entry"}, snapshots=3, **fields, **LOUD), tmp_path)
    first, last = (np.sign(names(PATH, r.snapshot(e)[0])) for r, e in zip(record.lineage(), (0, 3), strict=True))
    assert (first * last >= 0).all()
    assert record.masks()[PATH].sum() == 12
    kept = [names("cell0/diagonal", w).tobytes() for r in record.lineage() for w in (begun(r)[0], r.weights())]
    assert len(set(kept)) == 1, "what is frozen is never drawn again"


def test_carried_states_and_several_gates(tmp_path):
    """A GRU on text whose windows follow one another, embedding frozen, stopped in the middle: Dale's law through all
    gates, in recurrent matrix and read-out alike."""
    book = tmp_path / "book.txt"
    book.write_text("a b c d e f g h\n" * 60, encoding="utf-8")
    spec = read_spec(
        {
            "task": {"language": {"file": str(book), "sequence": 5, "rows": 2}},
            "network": {"cells": [{"gru": {"hidden": 4}}], "embedding": 3},
            "optimizer": {"sgd": {"learning_rate": 1.0, "clip_norm": 1.0}},
            "signs": {"where": ["recurrent", "readout"], "excitatory": 0.5},
            "frozen": ["embedding"],
            "snapshots": 1,
            "epochs": 2,
            "updates_per_epoch": 3,
            "batch": 2,
        }
    )
    whole = run(spec, tmp_path / "whole")
    run(spec, tmp_path / "parts", until=Clock(2))
    parts = run(spec, tmp_path / "parts")
    for path, array in flatten(whole.weights()).items():
        assert array.tobytes() == flatten(parts.weights())[path].tobytes(), path
    recurrent, readout = (names(path, whole.weights()) for path in (PATH, "readout/weights"))
    assert recurrent.shape == (3, 4, 4)
    sent = np.concatenate([recurrent.reshape(-1, 4), readout[0]])
    kinds = [set(np.sign(column[column != 0])) for column in sent.T]
    assert sorted(map(tuple, kinds)) == [(-1,), (-1,), (1,), (1,)]
    np.testing.assert_array_equal(
        names("embedding/weights", begun(whole)[0]), names("embedding/weights", whole.weights())
    )


# ------------------------------------------------------------------------------------------------------------ initial


@pytest.fixture(scope="module")
def source(tiny, tmp_path_factory):
    """A trained sparse run to begin from."""
    return run(tiny(sparsifier=METHODS["static"]), tmp_path_factory.mktemp("source"))


def start(spec, store):
    record = run(spec, store, until=Clock(0, 0, 4, 3))
    return flatten(record.weights()), record.masks()


def test_a_run_goes_on_with_its_masks_and_weights(source, tiny, tmp_path):
    weights, masks = start(tiny(initial={"from": str(source.directory)}, seed=7), tmp_path)
    np.testing.assert_equal(weights, flatten(source.weights()))
    np.testing.assert_equal(masks, source.masks())
    record = run(tiny(initial=str(source.directory), seed=7), tmp_path)
    np.testing.assert_equal(record.masks(), source.masks())
    assert (names(PATH, record.weights())[~source.masks()[PATH]] == 0).all()
    assert (names(PATH, record.weights()) != names(PATH, source.weights())).any()


@pytest.mark.parametrize("kind", [False, "signs"])
def test_a_mask_with_fresh_weights_or_fresh_sizes(source, tiny, tmp_path, kind):
    weights, masks = start(tiny(initial={"from": str(source.directory), "weights": kind}, seed=7), tmp_path)
    free, _ = start(tiny(seed=7), tmp_path)
    mask, old = source.masks()[PATH], names(PATH, source.weights())
    np.testing.assert_equal(masks, source.masks())
    np.testing.assert_array_equal(np.abs(weights[PATH]), np.abs(free[PATH]) * mask)
    expected = np.sign(old) if kind else np.sign(free[PATH]) * mask
    np.testing.assert_array_equal(np.sign(weights[PATH]), expected)
    np.testing.assert_array_equal(weights["cell0/diagonal"], free["cell0/diagonal"])


def test_weights_alone(source, tiny, tmp_path):
    spec = tiny(initial={"from": str(source.directory), "masks": False, "where": ["recurrent"]}, seed=7)
    weights, masks = start(spec, tmp_path)
    assert masks == {}
    np.testing.assert_array_equal(weights[PATH], names(PATH, source.weights()))
    assert (weights["cell0/diagonal"] != names("cell0/diagonal", source.weights())).any()


MATRIX = np.array([[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0.0]])
"""A ring: unit i hears unit i + 1. Rows are targets."""


@pytest.mark.parametrize("ending", ["npy", "npz", "csv", "txt", "safetensors"])
def test_a_graph_from_a_file(tiny, tmp_path, ending):
    file = tmp_path / f"ring.{ending}"
    write = {
        "npy": lambda: np.save(file, MATRIX),
        "npz": lambda: np.savez(file, ring=MATRIX),
        "csv": lambda: np.savetxt(file, MATRIX, delimiter=","),
        "txt": lambda: np.savetxt(file, MATRIX),
        "safetensors": lambda: safetensors_file.write(file, {PATH: MATRIX[None].astype("float32")}),
    }
    write[ending]()
    record = run(tiny(initial={"from": str(file), "weights": False}), tmp_path / "runs")
    np.testing.assert_array_equal(record.masks()[PATH][0], MATRIX != 0)
    np.testing.assert_array_equal(names(PATH, record.weights())[0] != 0, MATRIX != 0)
    assert (record.history()["nonzeros"] == 4).all()


def test_a_sparsifier_goes_on_from_a_given_mask(tiny, tmp_path):
    np.save(tmp_path / "ring.npy", MATRIX)
    initial = {"from": str(tmp_path / "ring.npy"), "weights": False}
    grown = run(
        tiny(initial=initial, sparsifier={"set": {"density": 0.25, "drop_fraction": 0.5}}, snapshots=1), tmp_path / "r"
    )
    np.testing.assert_array_equal(begun(grown)[1][PATH][0], MATRIX != 0)
    assert [grown.snapshot(e)[1][PATH].sum() for e in grown.snapshots()] == [4, 4, 4, 4]
    assert (grown.snapshot(2)[1][PATH][0] != (MATRIX != 0)).any()
    with pytest.raises(SpecError, match=r"leave 4 of 16 weights, the sparsifier begins with 8.*density: 0.25"):
        run(tiny(initial=initial, sparsifier=METHODS["set"]), tmp_path / "r")
    pruned = run(tiny(initial=initial, sparsifier={"one_shot": {"density": 0.125}}), tmp_path / "r")
    assert pruned.masks()[PATH].sum() == 2
    assert not (pruned.masks()[PATH][0] & (MATRIX == 0)).any()
    rounds = {"sparsifier": {"magnitude": {"drop_fraction": 0.5}}, "rounds": {"count": 1}}
    last = run(tiny(initial=initial, **rounds), tmp_path / "r")
    assert [r.masks()[PATH].sum() for r in last.lineage()] == [4, 2]


def test_what_does_not_fit_is_said_with_both_shapes(source, tiny, tmp_path):
    np.save(tmp_path / "five.npy", np.ones((5, 5)))
    with pytest.raises(SpecError, match=r"initial: cell0/recurrent has shape \(1, 4, 4\).*has \(5, 5\)"):
        run(tiny(initial=str(tmp_path / "five.npy")), tmp_path / "r")
    other = tiny(initial=str(source.directory), network={"plrnn": {"hidden": 5}})
    with pytest.raises(SpecError, match=r"\(1, 5, 5\).*\(1, 4, 4\)"):
        run(other, tmp_path / "r")
    masks = source.directory / "masks.safetensors"
    with pytest.raises(SpecError, match="only the mask of cell0/recurrent; give weights: false"):
        run(tiny(initial=str(masks)), tmp_path / "r")
    _, found = start(tiny(initial={"from": str(masks), "weights": False}), tmp_path / "r")
    np.testing.assert_equal(found, source.masks())


def test_one_matrix_for_several_gates_and_a_turned_one():
    gated = (Prunable("cell0/recurrent", "recurrent", 4, 3, 3), Prunable("readout/weights", "readout", 1, 2, 3))
    fresh = {
        "cell0": {"recurrent": np.ones((4, 3, 3), "float32")},
        "readout": {"weights": np.ones((1, 2, 3), "float32")},
    }
    ring = Given({"": np.eye(3)}, {}, "ring.npy", "")
    laid = Initial("ring.npy", weights=False).lay(ring, gated, fresh)
    np.testing.assert_array_equal(laid.masks[PATH], np.broadcast_to(np.eye(3, dtype=bool), (4, 3, 3)))
    with pytest.raises(SpecError, match="one matrix for the 4 gates"):
        Initial("ring.npy").lay(ring, gated, fresh)
    wide = Given({"": np.ones((3, 2))}, {}, "wide.npy", "")
    with pytest.raises(SpecError, match="turn it"):
        Initial("wide.npy", where=("readout",)).lay(wide, gated, fresh)


# ------------------------------------------------------------------------------------------- identity, kill and resume


def test_the_identity_has_the_content_not_the_place(tiny, tmp_path):
    def named(**fields):
        return describe(tiny(**fields), 0, None)["identity"]

    places = [tmp_path / name for name in ("a.npy", "b.npy", "c.npy")]
    for place, matrix in zip(places, (MATRIX, MATRIX, MATRIX.T), strict=True):
        np.save(place, matrix)
    a, b, c = (named(initial=str(place)) for place in places)
    assert a == b != c
    plain = named()
    assert named(frozen=[], initial=None, signs=None) == plain
    found = [a, named(frozen=["recurrent"]), named(signs={}), named(signs={"kept": str(places[0])})]
    assert len({plain, *found}) == 5
    assert named(signs={"kept": str(places[1])}) == found[-1]


def test_kill_and_resume_with_everything_held(tiny, tmp_path, same):
    """Frozen, signed, given and watched: the same bits however it was stopped."""
    np.save(tmp_path / "ring.npy", MATRIX)
    fields = {
        "initial": {"from": str(tmp_path / "ring.npy"), "weights": "signs"},
        "signs": {"by": "entry"},
        "frozen": ["cell0/diagonal"],
        "watch": ["score"],
        "sparsifier": {"set": {"density": 0.25, "drop_fraction": 0.5}},
        **LOUD,
    }
    whole = run(tiny(**fields), tmp_path / "whole")
    for step in (0, 3, 4, 11):
        run(tiny(**fields), tmp_path / "parts", until=Clock(step, 0, 4, 3))
    parts = run(tiny(**fields), tmp_path / "parts")
    same(parts, whole)
    assert (parts.directory / "watch.csv").read_bytes() == (whole.directory / "watch.csv").read_bytes()


def test_the_defaults_name_the_runs_of_before(tiny):
    """Without any of the newer fields the identity is made of the others alone."""
    spec, newer = tiny(), {"initial", "frozen", "signs", "watch", "snapshots"}
    about = describe(spec, 0, None)
    deciding = {k: v for k, v in plain(spec).items() if k not in {*newer, "measures"}}
    ((name, task),) = deciding["task"].items()
    deciding["task"] = {name: {k: v for k, v in task.items() if k not in spec.task.places}}
    whole = {k: about[k] for k in ("format", "judge", "data", "round", "parent")} | {"spec": deciding}
    assert about["identity"] == identity(whole)
