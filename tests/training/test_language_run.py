"""A language model from text to perplexity: carried states, dropout, pruning, tied embedding, killed and resumed."""

import jax
import numpy as np
import pytest

from sparsernn import read_spec, run
from sparsernn.models.network import Network, Ports
from sparsernn.sparsifiers.base import Clock
from sparsernn.spec import build
from sparsernn.weights import flatten

WORDS = ("the", "cat", "sat", "on", "a", "mat", "and", "saw", "one", "dog")


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Sentences that go round in a fixed order of words, each begun at random: the next word is certain."""
    rng, lines = np.random.default_rng(0), []
    for _ in range(300):
        first = rng.integers(len(WORDS))
        lines.append(" ".join(WORDS[(first + i) % len(WORDS)] for i in range(6)))
    path = tmp_path_factory.mktemp("text") / "book.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def spec(book, **changes):
    fields = {
        "task": {"language": {"file": book, "sequence": 7, "rows": 4}},
        "network": {"cells": [{"lstm": {"hidden": 8}}, {"gru": {"hidden": 8}}], "embedding": 8},
        "optimizer": {"adam": {"learning_rate": 2e-2}},
        "epochs": 3,
        "updates_per_epoch": "pass",
        "batch": 5,
        "measures": ["score"],
        "select": {"key": "perplexity", "every": 1},
    }
    return read_spec(fields | changes)


DROPOUT = {"input": 0.1, "between": 0.1, "output": 0.1, "state": 0.1, "weights": 0.1}


@pytest.mark.parametrize("each", ["step", "sequence"])
def test_paused_and_resumed_is_the_same_bit_for_bit(book, tmp_path, each):
    network = {
        "cells": [{"lstm": {"hidden": 8}}, {"rhn": {"hidden": 8, "depth": 2}}],
        "embedding": 8,
        "tied": True,
        "dropout": DROPOUT | {"each": each},
    }
    wanted = spec(book, network=network, sparsifier={"set": {"density": 0.5, "where": ["recurrent", "readout"]}})
    whole = run(wanted, tmp_path / "whole")
    for step in (11, 70):  # in the middle of a pass, with carried states
        paused = run(wanted, tmp_path / "parts", until=Clock(step))
        assert paused.outcome.name == "paused"
    resumed = run(wanted, tmp_path / "parts")
    assert resumed.outcome.name == whole.outcome.name == "finished"
    for one, two in ((whole.weights(), resumed.weights()), (whole.masks(), resumed.masks())):
        assert {k: np.asarray(v).tobytes() for k, v in flatten(one).items()} == {
            k: np.asarray(v).tobytes() for k, v in flatten(two).items()
        }
    for name, column in whole.history().items():
        np.testing.assert_array_equal(column, resumed.history()[name])


def test_it_learns_what_can_be_known(book, tmp_path):
    record = run(spec(book, epochs=20), tmp_path)
    (entry,) = record.measures().values()
    test = entry["test"]
    assert test["perplexity"] == pytest.approx(np.exp(test["loss"]))
    assert test["perplexity"] < 2.0, "five of seven words follow from the one before, the sixth from six"
    assert test["reference: perplexity of word frequencies"] > 7


def test_states_are_carried_in_training_and_in_evaluation(book):
    """The same windows from rest give another loss: what came before is known."""
    from sparsernn.measures.score import Score

    wanted = spec(book)
    trainer = wanted.trainer()
    weights = trainer.network.init(jax.random.key(0), trainer.ports)
    weights = jax.tree.map(lambda a: 5 * a, weights)
    carried = Score().measure(trainer.network, weights, {}, wanted.task, "test")["loss"]
    anew, words = 0.0, 0
    for batch in wanted.task.examples("test", 500):
        rested = batch._replace(begins=np.ones(4, bool))
        begun = trainer.network.init_states(weights, rested, False)
        outputs = trainer.network.unroll(weights, batch.inputs, begun).outputs
        anew += float(wanted.task.loss(outputs, batch)) * batch.count
        words += batch.count
    assert abs(anew / words - carried) > 1e-3


def test_dropout_is_of_training_only_and_keeps_the_mean():
    network = build(Network, {"cells": [{"rnn": {"hidden": 50}}], "dropout": {"output": 0.5}})
    ports = Ports(3, 2)
    weights = network.init(jax.random.key(0), ports)
    xs = np.random.default_rng(0).normal(size=(6, 4, 3)).astype(np.float32)
    rest = network.zeros((4,))
    plain = network.unroll(weights, xs, rest).outputs
    np.testing.assert_array_equal(plain, network.unroll(weights, xs, rest, key=None).outputs)
    keys = jax.random.split(jax.random.key(1), 4000)
    dropped = jax.vmap(lambda k: network.unroll(weights, xs, rest, key=k).outputs)(keys)
    assert float(np.abs(dropped[0] - plain).max()) > 0.05
    np.testing.assert_allclose(dropped.mean(axis=0), plain, atol=0.05)


@pytest.mark.parametrize("each", ["step", "sequence"])
def test_what_is_dropped_where(each):
    ports, xs = Ports(3, 2), np.ones((5, 4, 3), np.float32)
    for where in DROPOUT:
        layers = [{"rnn": {"hidden": 20}}] * 2
        network = build(Network, {"cells": layers, "dropout": {where: 0.5, "each": each}})
        weights = network.init(jax.random.key(0), ports)
        one, again, other = (
            network.unroll(weights, xs, network.zeros((4,)), key=jax.random.key(k)).outputs for k in (0, 0, 1)
        )
        np.testing.assert_array_equal(one, again)
        assert not np.array_equal(one, other), where
        same_rows = bool(np.allclose(one[:, 0], one[:, 1], atol=1e-6))
        assert same_rows == (where == "weights"), f"{where}: equal sequences are dropped apart, weights together"


def test_networks_and_words_that_do_not_fit(book):
    from sparsernn.errors import SpecError
    from sparsernn.training.run import check

    for network, said in (
        ({"cells": ["lstm"]}, "give embedding"),
        ({"cells": ["lstm"], "embedding": 7, "tied": True}, "embedding must be the last cell's hidden = 100"),
    ):
        with pytest.raises(SpecError, match=said):
            check(spec(book, network=network))
