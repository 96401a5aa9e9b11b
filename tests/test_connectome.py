"""The block matrix of a whole network, put together by what each matrix connects."""

import jax
import numpy as np
import pytest

from sparsernn.connectome import whole
from sparsernn.errors import SpecError
from sparsernn.models.lstm import LSTM
from sparsernn.models.network import Network, Ports
from sparsernn.models.plrnn import PLRNN
from sparsernn.models.rnn import RNN
from sparsernn.weights import flatten


def made(network, ports):
    weights = jax.tree.map(np.asarray, network.init(jax.random.key(0), ports))
    return network.prunables(ports), flatten(weights), weights


def test_a_stack_moves_as_its_block_matrix_says():
    """A linear network (ReLU units far above 0) steps by the blocks: every matrix stands where it acts."""
    network, ports = Network((RNN(4, "relu"), RNN(3, "relu"))), Ports(2, 2)
    prunables, arrays, weights = made(network, ports)
    found = whole(prunables, arrays)
    assert found.populations == ("input", "cell0", "cell1", "output")
    assert found.sizes == (2, 4, 3, 2)
    assert list(found.labels[:3]) == ["input", "input", "cell0"]
    weights["cell0"]["bias"] = weights["cell1"]["bias"] = np.float32(1_000)
    rng = np.random.default_rng(0)
    x, h0, h1 = (rng.standard_normal(n).astype(np.float32) for n in (2, 4, 3))
    after = network.step(weights, (h0, h1), x)
    block = found.block
    np.testing.assert_allclose(after[0] - 1_000, block("cell0", "cell0") @ h0 + block("cell0", "input") @ x, atol=1e-2)
    expected = block("cell1", "cell1") @ h1 + block("cell1", "cell0") @ after[0]
    np.testing.assert_allclose(after[1], np.maximum(expected + 1_000, 0), rtol=1e-4)
    np.testing.assert_allclose(network.read(weights, after[1]), block("output", "cell1") @ after[1], rtol=1e-4)
    assert not found.block("cell0", "cell1").any()
    assert not found.block("input", "cell0").any()
    cells = found.among("cell0", "cell1")
    np.testing.assert_array_equal(cells.weights, found.weights[2:9, 2:9])
    np.testing.assert_array_equal(found.adjacency, found.weights.T)


def test_an_embedding_and_a_tied_one():
    ports = Ports(0, 6, tokens=6)
    prunables, arrays, _ = made(Network((LSTM(3),), embedding=2), ports)
    found = whole(prunables, arrays)
    assert dict(zip(found.populations, found.sizes, strict=True)) == {"tokens": 6, "input": 2, "cell0": 3, "output": 6}
    np.testing.assert_array_equal(found.block("input", "tokens"), arrays["embedding/weights"][0])
    np.testing.assert_allclose(found.block("cell0", "cell0"), np.abs(arrays["cell0/recurrent"]).sum(axis=0))
    assert "|W|" in found.note
    signed = whole(prunables, arrays, gates="sum")
    np.testing.assert_allclose(signed.block("cell0", "input"), arrays["cell0/input"].sum(axis=0), rtol=1e-6)
    prunables, arrays, _ = made(Network((LSTM(3),), embedding=3, tied=True), ports)
    found = whole(prunables, arrays, tied=True)
    np.testing.assert_array_equal(found.block("input", "tokens"), found.block("output", "cell0").T)
    assert found.block("input", "tokens").any()


def test_a_plrnn_has_its_units_alone():
    prunables, arrays, _ = made(Network((PLRNN(4),)), Ports(0, 2, observed=True))
    found = whole(prunables, arrays)
    assert found.populations == ("cell0",)
    np.testing.assert_array_equal(found.weights, arrays["cell0/recurrent"][0])


def test_what_does_not_fit_is_refused():
    prunables, arrays, _ = made(Network((RNN(4),)), Ports(2, 1))
    with pytest.raises(SpecError, match='"cell0" has 4 units, but 5'):
        whole((*prunables, prunables[0]._replace(path="more", target=5)), arrays)
    with pytest.raises(SpecError, match="expected"):
        whole(prunables, arrays | {"cell0/recurrent": np.zeros((1, 3, 3))})
    with pytest.raises(SpecError, match="no population"):
        whole(prunables, arrays).block("cell7", "cell0")
