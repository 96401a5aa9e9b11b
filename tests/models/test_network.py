import jax
import numpy as np
import pytest

from sparsernn.errors import SpecError
from sparsernn.linear import Knockout
from sparsernn.models.lstm import LSTM
from sparsernn.models.network import Forcing, Network, Ports
from sparsernn.models.plrnn import PLRNN
from sparsernn.models.rnn import RNN
from sparsernn.precision import precise
from sparsernn.spec import build, plain

OBSERVED, SIZE, HIDDEN = Ports(0, 3, True), 4, 10


def made(cell, ports=OBSERVED):
    network = Network((cell,))
    weights = network.init(jax.random.key(0), ports)
    return network, jax.tree.map(lambda a: np.asarray(a, np.float64), weights)


@pytest.mark.parametrize("cell", [RNN(HIDDEN), LSTM(HIDDEN)])
def test_forcing_through_the_pseudo_inverse(cell):
    """Fully forced, the read-out is the signal; what the read-out does not see is untouched."""
    network, weights = made(cell)
    draw = np.random.default_rng(0).normal
    with precise():
        states = jax.tree.map(lambda a: draw(size=(SIZE, a.shape[-1])), network.zeros(()))
        signal = draw(size=(SIZE, 3))
        before = cell.outputs(states[-1])
        read = network.read(weights, before)
        for alpha in (0.0, 0.3, 1.0):
            forced = network.impose(weights, states, signal, alpha)
            after = cell.outputs(forced[-1])
            np.testing.assert_allclose(
                network.read(weights, after), (1 - alpha) * read + alpha * signal, atol=1e-5 * (alpha > 0) + 1e-13
            )
            b = weights["readout"]["weights"][0]
            unseen = np.eye(HIDDEN) - np.linalg.pinv(b) @ b
            np.testing.assert_allclose((after - before) @ unseen, 0, atol=1e-13)
        assert np.abs(after - before).max() > 0.1
        if isinstance(cell, LSTM):
            np.testing.assert_array_equal(forced[-1].cell, states[-1].cell)


def test_inverse_is_numpys_up_to_its_ridge():
    network, weights = made(RNN(HIDDEN))
    with precise():
        got = network.inverse(weights)
    np.testing.assert_allclose(got, np.linalg.pinv(weights["readout"]["weights"][0]).T, rtol=1e-4)
    assert Network.inverse({"cell0": {}}) is None


def test_inverse_of_a_readout_with_an_empty_row_is_finite():
    """Pruning may take all weights of one output: this one cannot be forced, the others still are."""
    network, weights = made(RNN(HIDDEN))
    weights["readout"]["weights"][0, 1] = 0
    with precise():
        states = (np.random.default_rng(0).normal(size=(SIZE, HIDDEN)),)
        forced = network.impose(weights, states, np.ones((SIZE, 3)), 1.0)
        read = np.asarray(network.read(weights, forced[0]))
    np.testing.assert_allclose(read[:, [0, 2]], 1, atol=1e-5)
    assert np.isfinite(forced[0]).all()


def test_inverse_under_knockout_is_one_for_each_removal():
    network, weights = made(RNN(HIDDEN))
    matrix = weights["readout"]["weights"]
    target, source = np.array([0, 2]), np.array([9, 4])
    with precise():
        got = network.inverse({"readout": {"weights": Knockout(matrix, np.zeros(2, int), target, source)}})
        for r in range(2):
            holed = matrix.copy()
            holed[0, target[r], source[r]] = 0
            expected = network.inverse({"readout": {"weights": holed}})
            np.testing.assert_allclose(got[r], expected, rtol=1e-10, atol=1e-14)


def test_outputs_are_taken_before_the_forcing():
    """With full forcing at every step, a zero network still answers its bias, not the signal."""
    network, weights = made(PLRNN(HIDDEN))
    weights = jax.tree.map(np.zeros_like, weights)
    weights["cell0"]["bias"] += 0.25
    signal = np.random.default_rng(0).normal(size=(5, SIZE, 3))
    states = network.first_states(weights, signal[0])
    outputs, (final,) = network.unroll(weights, None, states, Forcing(signal, np.ones(5)))
    np.testing.assert_allclose(outputs, 0.25, rtol=1e-6)
    np.testing.assert_allclose(final[:, :3], signal[-1], rtol=1e-6)


def test_a_cell_alone_stands_for_a_network():
    assert build(Network, "lstm") == Network((LSTM(),))
    assert build(Network, {"plrnn": {"hidden": 8}}) == Network((PLRNN(8),))
    assert build(Network, {"cells": ["rnn", {"lstm": {"hidden": 3}}]}) == Network((RNN(), LSTM(3)))
    form = {"cells": [{"lstm": {"hidden": 3}}], "embedding": None, "tied": False, "dropout": None}
    assert plain(Network((LSTM(3),))) == form


def test_networks_that_cannot_do_the_task_are_refused():
    with pytest.raises(SpecError, match="hidden=2 is below the 3 observed"):
        Network((PLRNN(2),)).init(jax.random.key(0), OBSERVED)
    with pytest.raises(SpecError, match="hidden=2 is below the 3 observed"):
        Network((PLRNN(2), RNN(5))).check(Ports(1, 3, True))
    with pytest.raises(SpecError, match="without external inputs only one cell"):
        Network((RNN(5), RNN(5))).check(OBSERVED)
    with pytest.raises(SpecError, match="at least one cell"):
        Network(())
    Network((RNN(2), RNN(5))).check(Ports(1, 3, True))


def test_one_weight_of_knockout_needs_its_axis():
    """Without the check, a batch would silently be taken for the removals."""
    network, weights = made(RNN(HIDDEN))
    index = np.zeros(5, int)
    weights["cell0"]["recurrent"] = Knockout(weights["cell0"]["recurrent"], index, index, index)
    with pytest.raises(SpecError, match=r"knockout of 5 weights needs .* leading axis of 5, got \(4, 10\)"):
        network.step(weights, network.zeros((SIZE,)), None)


@pytest.mark.parametrize("cell", [RNN(HIDDEN), PLRNN(HIDDEN), LSTM(HIDDEN)])
def test_connectome_of_a_reconstruction(cell):
    network, weights = made(cell)
    found = network.connectome(weights)
    assert found.weights.shape == (HIDDEN, HIDDEN)
    if isinstance(cell, PLRNN):
        np.testing.assert_array_equal(found.readout, np.eye(3, HIDDEN))
    else:
        np.testing.assert_array_equal(found.readout, weights["readout"]["weights"][0])
    with pytest.raises(SpecError, match=r"cell is 0\.\.0, got 1"):
        network.connectome(weights, 1)


def test_gates_of_an_lstm_are_told_apart():
    network, weights = made(LSTM(HIDDEN), Ports(2, 3, False))
    gates = [network.connectome(weights, 0, gate) for gate in range(4)]
    assert [g.note for g in gates] == ["the input gate", "the forget gate", "the candidate gate", "the output gate"]
    summed = network.connectome(weights)
    np.testing.assert_allclose(summed.weights, sum(np.abs(g.weights) for g in gates))
    np.testing.assert_allclose(summed.inputs, sum(np.abs(g.inputs) for g in gates))
    with pytest.raises(SpecError, match=r"gate is 0\.\.3"):
        network.connectome(weights, 0, 4)


def test_only_the_last_cell_of_a_stack_has_the_readout():
    network = Network((RNN(4), LSTM(5)))
    weights = network.init(jax.random.key(0), Ports(2, 3, False))
    assert network.connectome(weights, 0).readout is None
    assert network.connectome(weights, 1).readout.shape == (3, 5)
    assert network.connectome(weights, 1).inputs.shape == (5, 4)


def test_rnn_starts_from_the_activation_of_a_linear_map():
    cell = RNN(6, "relu")
    weights = {"initial": np.arange(12.0).reshape(6, 2) - 6}
    np.testing.assert_allclose(cell.init_state(weights, np.array([1.0, 1.0])), [0, 0, 0, 1, 5, 9])


def test_unknown_activation_is_refused():
    with pytest.raises(SpecError, match="activation: input should be 'tanh' or 'relu', got 'gelu'"):
        RNN(5, "gelu")
