"""The penalty on unbalanced loops: by enumeration, its invariances, its gradient, and what training makes of it."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn import rng
from sparsernn.errors import SpecError
from sparsernn.masks import Prunable
from sparsernn.models.network import Network, Ports
from sparsernn.models.rnn import RNN
from sparsernn.optimizers.adam import Adam
from sparsernn.precision import precise
from sparsernn.regularizers.balance import Balance, unbalance
from sparsernn.sparsifiers.methods.static import Static
from sparsernn.tasks.adding import Adding
from sparsernn.topology import loops
from sparsernn.topology.balance import balance, triads
from sparsernn.topology.signed_graph import graph_of
from sparsernn.training.loop import Operands, Trainer, init_carry, segment


def drawn(seed, n=9, share=0.4):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, n)) * (rng.random((n, n)) < share)


def enumerated(w):
    """1 - S / T over all ordered triples of different units; w is [target, source]."""
    signed = whole = 0.0
    for i, j, k in itertools.permutations(range(len(w)), 3):
        product = w[j, i] * w[k, j] * w[k, i]
        signed, whole = signed + product, whole + abs(product)
    return 1 - signed / whole if whole else 0.0


def of(w):
    with precise():
        return float(unbalance(jnp.asarray(w)[None])[0])


@pytest.mark.parametrize("seed", range(3))
def test_against_all_triples(seed):
    w = drawn(seed)
    assert of(w) == pytest.approx(enumerated(w), abs=1e-12)
    with precise():
        assert float(unbalance(jnp.asarray(w)[None], -1.0)[0]) == pytest.approx(2 - enumerated(w), abs=1e-12)


def test_it_is_the_pooled_eta_where_weights_have_one_size_and_nothing_is_mutual():
    w = np.sign(np.triu(drawn(4, 30, 0.5), 1))
    eta = float(balance(triads(loops.raw(graph_of(w.T).signed))).pooled)
    assert of(w) == pytest.approx(2 - 2 * eta, abs=1e-12)


def test_invariances():
    w = drawn(5)
    found = of(w)
    for scale in (1e-9, -3.0, 1e9):
        assert of(w * scale) == pytest.approx(found if scale > 0 else 2 - found, abs=1e-12)
    turn = np.random.default_rng(0).choice([-1.0, 1.0], len(w))
    assert of(turn[:, None] * w * turn) == pytest.approx(found, abs=1e-12), "units turned over"
    order = np.random.default_rng(1).permutation(len(w))
    assert of(w[order][:, order]) == pytest.approx(found, abs=1e-12)
    assert of(w + np.diag(np.arange(9.0))) == pytest.approx(found, abs=1e-12), "no unit to itself"
    single = jnp.asarray(w[None] * 1e-13, jnp.float32)  # its cubes are no floats any more
    assert float(unbalance(single)[0]) == pytest.approx(found, abs=1e-5)


def test_gradient():
    with precise():
        w, gradient = drawn(6), jax.grad(lambda w: unbalance(w[None])[0])
        slope = np.asarray(gradient(jnp.asarray(w)))
        for i, j in [(0, 1), (3, 2), (7, 8), *np.argwhere(w == 0)[:4]]:
            step = np.zeros_like(w)
            step[i, j] = 1e-6
            assert slope[i, j] == pytest.approx((of(w + step) - of(w - step)) / 2e-6, abs=2e-6)
        assert (np.diag(slope) == 0).all()
        assert abs((slope * w).sum()) < 1e-12, "it neither shrinks nor grows the weights"
        for empty in (np.zeros((4, 4)), np.roll(np.eye(4), 1, axis=0)):  # no weights; a ring without loops
            assert of(empty) == 0
            assert np.isfinite(gradient(jnp.asarray(empty))).all()
            assert (np.asarray(gradient(jnp.asarray(empty))) == 0).all()


def test_several_matrices_and_what_is_no_graph():
    two = (Prunable("a", "recurrent", 2, 9, 9, 0, "cell0", "cell0"), Prunable("b", "recurrent", 1, 9, 9, 0, "c", "c"))
    weights = {"a": jnp.asarray([drawn(1), drawn(2)]), "b": jnp.asarray([drawn(3)])}
    mean = np.mean([enumerated(drawn(seed)) for seed in (1, 2, 3)])
    assert float(Balance().penalty({}, {}, weights, two)) == pytest.approx(mean, abs=1e-5)
    lines = Prunable("cell0/input", "input", 1, 9, 3, 0, "input", "cell0")
    with pytest.raises(SpecError, match="same units"):
        Balance(where=("input",)).init(jax.random.key(0), (*two, lines))


def test_training_with_it_balances_a_network():
    """Beside the same training without it."""
    found = {}
    for strength in (0.0, 3.0):
        network, static = Network((RNN(24),)), Static(density=0.3)
        trainer = Trainer(
            Adding(4),
            network,
            Ports(2, 1, False),
            None,
            Adam(learning_rate=0.02),
            static,
            (Balance(strength=strength),),
            4,
            10,
            4,
        )
        weights = network.init(rng.key(0, "init"), trainer.ports)
        carry = init_carry(
            trainer, weights, ({},), static.init(rng.key(0), trainer.prunables, trainer.clock(0), weights)
        )
        carry = segment(trainer, Operands(rng.key(0), 0, None, ({},)), carry, 0, 40)
        w = np.asarray(carry.weights["cell0"]["recurrent"])[0]
        found[strength] = float(balance(triads(loops.raw(graph_of(w.T).signed))).pooled)
    assert found[3.0] > found[0.0] + 0.2


@pytest.mark.parametrize(("towards", "sign"), [("balance", 1), ("imbalance", -1)])
def test_following_its_gradient_moves_eta(towards, sign):
    w = jnp.asarray(np.random.default_rng(0).normal(size=(1, 30, 30)) / 30**0.5, jnp.float32)
    mask = jnp.asarray(np.random.default_rng(1).random((1, 30, 30)) < 0.2)
    part = Balance(towards=towards)
    matrix = (Prunable("w", "recurrent", 1, 30, 30),)
    slope = jax.jit(jax.grad(lambda w: part.penalty({}, {}, {"w": w * mask}, matrix)))
    eta = lambda w: float(balance(triads(loops.raw(graph_of(np.asarray(w * mask)[0].T).signed))).pooled)
    begun = eta(w)
    for _ in range(100):
        w = w - 0.5 * slope(w)
    assert sign * (eta(w) - begun) > 0.25
    assert 0.35 < begun < 0.65
