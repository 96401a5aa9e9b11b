"""Eta and signed motifs of networks, by enumeration; beside nulls; in any gauge."""

import itertools

import jax
import numpy as np
import pytest

from sparsernn.errors import SpecError, Undefined
from sparsernn.measures.balance import Balance
from sparsernn.models.lstm import LSTM
from sparsernn.models.network import Network, Ports
from sparsernn.models.rnn import RNN
from sparsernn.tasks.adding import Adding
from sparsernn.topology.motifs import SIGNS

TASK = Adding(length=8, held_out=60)


def taken(measure, w, cell=RNN):
    network = Network((cell(w.shape[-1]),))
    weights = jax.tree.map(np.array, network.init(jax.random.key(0), Ports(2, 1)))
    weights["cell0"]["recurrent"] = w if w.ndim == 3 else w[None]
    return measure.measure(network, weights, {}, TASK, "test")


def drawn(seed, n=20, share=0.2):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, n)) * (rng.random((n, n)) < share)


def enumerated(w):
    """Counts of motifs in 030T; (balanced, all) loops by type of triad; w is [target, source]."""
    a = np.sign(w.T) * (1 - np.eye(len(w)))
    mutual = (a != 0) & (a.T != 0)
    counts, types = dict.fromkeys(SIGNS, 0), {}
    names = {(0, 0, 0): "030T", (0, 1, 0): "120D", (1, 0, 0): "120U", (1, 1, 1): "300"}
    for i, j, k in itertools.permutations(range(len(a)), 3):
        if not (a[i, j] and a[j, k] and a[i, k]):
            continue
        name = names.get((int(mutual[i, j]), int(mutual[j, k]), int(mutual[i, k])), "other")
        found = types.setdefault(name, [0, 0])
        found[0] += a[i, j] * a[j, k] == a[i, k]
        found[1] += 1
        if name == "030T":
            counts["".join("+" if s > 0 else "-" for s in (a[i, j], a[j, k], a[i, k]))] += 1
    return counts, types


@pytest.mark.parametrize("seed", range(3))
def test_by_enumeration(seed):
    w = drawn(seed)
    found, (counts, types) = taken(Balance(), w), enumerated(w)
    assert {signs: found[signs] for signs in SIGNS} == counts
    types.pop("other", None)
    assert found["balanced"] == sum(b for b, _ in types.values())
    assert found["balanced"] + found["unbalanced"] == sum(n for _, n in types.values())
    assert found["eta_pooled"] == pytest.approx(found["balanced"] / (found["balanced"] + found["unbalanced"]))
    assert found["eta"] == pytest.approx(np.mean([b / n for b, n in types.values() if b]))
    assert found["eta_all_types"] == pytest.approx(np.mean([b / n for b, n in types.values()]))
    for name, (b, n) in types.items():
        assert found[f"loops_{name}"] == n
        assert found[f"share_{name}"] == pytest.approx(b / n)
    assert not any("null" in key or "_z" in key for key in found), "none unless they are asked for"


def test_beside_nulls_and_in_any_gauge():
    w = drawn(7, 24, 0.15)
    turn = np.random.default_rng(1).choice([-1, 1], 24)
    one, two = (taken(Balance(nulls=30, gauges=6), v) for v in (w, turn[:, None] * w * turn))
    for key in ("eta", "eta_pooled", "balanced", "unbalanced", "loops_030T"):
        assert one[key] == pytest.approx(two[key])
    assert [one[s] for s in SIGNS] != [two[s] for s in SIGNS]
    for key in ("eta_pooled", "+++", "---"):
        assert abs(one[f"{key}_z"] - two[f"{key}_z"]) < 3 * (one[f"{key}_z_sd"] + two[f"{key}_z_sd"]) / 6**0.5
        assert one[f"{key}_null_sd"] > 0
    plain = Network((RNN(24, activation="relu"),))
    weights = jax.tree.map(np.array, plain.init(jax.random.key(0), Ports(2, 1)))
    weights["cell0"]["recurrent"] = w[None]
    found = Balance(nulls=30).measure(plain, weights, {}, TASK, "test")
    assert "+++_z_sd" not in found, "units of relu have the sign that they have"
    assert found["+++_z"] == pytest.approx((found["+++"] - found["+++_null_mean"]) / found["+++_null_sd"])
    assert found["+++_null_mean"] == one["+++_null_mean"]


def test_what_a_turn_does():
    """By the output of the network: turning a unit of tanh over changes only its own sign."""
    cell, rng = RNN(5), np.random.default_rng(0)
    weights = cell.init(jax.random.key(0), 2, 0)
    turn = np.array([1, -1, 1, -1, 1.0])
    turned = {
        "recurrent": turn[:, None] * weights["recurrent"] * turn,
        "input": turn[:, None] * weights["input"],
        "bias": turn * weights["bias"],
    }
    state, x = rng.normal(size=5), rng.normal(size=2)
    plain = cell.step(weights, state, cell.project(weights, x))
    other = cell.step(turned, turn * state, cell.project(turned, x))
    assert cell.odd_gates == (0,)
    assert not RNN(5, activation="relu").odd_gates
    assert LSTM(5).odd_gates != (0,)
    np.testing.assert_allclose(other, turn * plain, atol=1e-6)


def test_the_core_is_without_the_weights_nearest_to_zero():
    w = drawn(3)
    positive, negative = np.sort(w[w > 0]), np.sort(w[w < 0])[::-1]
    cut = positive[round(0.3 * len(positive)) - 1], negative[round(0.3 * len(negative)) - 1]
    assert taken(Balance(core=0.3), w) == taken(Balance(), np.where((w > cut[0]) | (w < cut[1]), w, 0))


def test_numbers_that_do_not_exist():
    for w in (np.zeros((4, 4)), abs(drawn(1)), np.full((4, 4), np.nan)):
        found = taken(Balance(nulls=4), w)
        assert isinstance(found["eta"], Undefined)
    assert isinstance(taken(Balance(), np.repeat(drawn(1, 8, 0.5)[None], 4, axis=0), LSTM)["eta"], Undefined)
    assert isinstance(taken(Balance(gate=1), np.repeat(drawn(1, 8, 0.5)[None], 4, axis=0), LSTM)["eta"], float)
    ring = np.roll(np.eye(4), 1, axis=0) * np.array([1, -1, 1, 1])
    assert isinstance(taken(Balance(nulls=4), ring)["eta"], Undefined)
    for fields in ({"nulls": 1}, {"core": 1.0}, {"gauges": 1}, {"null": "shuffle"}):
        with pytest.raises(SpecError):
            Balance(**fields)
