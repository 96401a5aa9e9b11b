"""The contract of a measure over the registry and every cell; judging single weights against really zeroing them."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.errors import SpecError, Undefined
from sparsernn.masks import dense
from sparsernn.measures import MEASURES
from sparsernn.measures.base import AbstractMeasure, as_lower
from sparsernn.measures.hubs import Hubs
from sparsernn.measures.reconstruction import ReconstructionQuality
from sparsernn.measures.score import Score
from sparsernn.models.base import AbstractCell
from sparsernn.models.network import Network, Ports
from sparsernn.spec import build
from sparsernn.tasks.adding import Adding
from sparsernn.tasks.reconstruction import Reconstruction
from sparsernn.testing.claims import check_part
from sparsernn.testing.measure import check_defined, check_numbers
from sparsernn.training.run_spec import RunSpec
from sparsernn.weights import get, replace

CELLS = {
    "plrnn": {"plrnn": {"hidden": 5}},
    "plrnn_vanilla": {"plrnn": {"hidden": 5, "mean_centered": False}},
    "rnn": {"rnn": {"hidden": 5}},
    "lstm": {"lstm": {"hidden": 4}},
    "gru": {"gru": {"hidden": 4}},
    "rhn": {"rhn": {"hidden": 4, "depth": 2}},
    "ctrnn": {"ctrnn": {"hidden": 4}},
    "neural_ode": {"neural_ode": {"hidden": 4, "substeps": 2}},
}
KNOWN = {"plrnn": (-0.3, 0.8, 1), "plrnn_vanilla": (-0.5, 0.8, 1), "rnn": (3, None, 1), "lstm": (10, None, 4)}
"""Scales of weights with which a small network moves without end and without chaos."""
ADDING = Adding(length=6, held_out=11)


def test_every_cell_is_here():
    assert {next(iter(c)) for c in CELLS.values()} == set(AbstractCell.registry.members)


@pytest.fixture(scope="module")
def waves(tmp_path_factory):
    time = np.arange(420) * 0.3
    path = tmp_path_factory.mktemp("waves") / "waves.npy"
    np.save(path, np.stack([np.sin(time), np.cos(1.3 * time)], axis=1))
    return Reconstruction(file=str(path), sequence=8, split=(0.4, 0.3, 0.3))


@pytest.fixture(params=["adding", "waves"])
def task(request, waves):
    return {"adding": ADDING, "waves": waves}[request.param]


@functools.cache
def network_of(cell):
    return Network((build(AbstractCell, CELLS[cell]),))


def drawn(cell, task, scale=1.0):
    """A network and weights large enough that every one of them matters."""
    network, ports = network_of(cell), Ports(task.inputs, task.outputs, task.observed)
    rng = np.random.default_rng(3)
    shapes = jax.eval_shape(lambda: network.init(jax.random.key(0), ports))
    weights = jax.tree.map(lambda s: jnp.asarray(scale * 0.5 * rng.normal(size=s.shape), s.dtype), shapes)
    return network, weights, network.prunables(ports)


def lively(cell, task):
    """Weights with which free runs neither settle at once nor escape: known ones, for other cells found by trying. A
    small network of some cells never oscillates: then the weights as they are drawn."""
    network, weights, prunables = drawn(cell, task)
    for scales in [KNOWN[cell]] if cell in KNOWN else itertools.product((1, 2, 3, 5, 10, 20), (None,), (1, 4)):
        found = scaled(weights, *scales)
        if cell in KNOWN or moves(network, found, task):
            return network, found, prunables
    return network, weights, prunables


def moves(network, weights, task):
    """Whether a run without input is finite and still in motion after 200 steps, within the range of the data."""
    states = network.first_states(weights, jnp.zeros((1, 2)) + 0.5) if task.observed else network.zeros((1,))
    outputs = np.asarray(
        network.run(weights, states, 200, jnp.zeros((200, 1, task.inputs)) if task.inputs else None)[0]
    )
    return np.isfinite(outputs).all() and (outputs[150:].std(axis=0) > 0.05).all() and np.abs(outputs).max() < 3


def scaled(weights, recurrent, diagonal, readout):
    own = weights["cell0"]
    new = {"cell0/recurrent": recurrent * own["recurrent"], "cell0/bias": (0.1 if diagonal else 0.3) * own["bias"]}
    if diagonal:
        new["cell0/diagonal"] = jnp.full_like(own["diagonal"], diagonal)
    if "readout" in weights:
        new["readout/weights"] = readout * weights["readout"]["weights"]
    return replace(weights, new)


# ------------------------------------------------------------------------------------------------------- contract


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", MEASURES)
def test_numbers(name, cell, task):
    measure = build(AbstractMeasure, name)
    check_part(measure)
    if measure.unsupported_reason(task) is not None:
        assert isinstance(measure.unsupported_reason(task), str)
        with pytest.raises(SpecError, match="cannot be taken here"):
            RunSpec(task, network_of(cell), measures=(measure,))
        return
    network, weights, _ = lively(cell, task)
    check_numbers(measure, network, weights, task, Ports(task.inputs, task.outputs, task.observed))


@pytest.mark.parametrize("name", MEASURES)
def test_a_network_that_overflows_has_undefined_numbers_not_nan(name, waves):
    measure = build(AbstractMeasure, name)
    network, weights, prunables = drawn("plrnn_vanilla", waves, scale=1e12)
    found = measure.measure(network, weights, dense(prunables), waves, "test")
    check_defined(found)
    if measure.better_on(waves):
        assert any(isinstance(number, Undefined) for number in found.values())


def test_worth():
    assert as_lower(2.0, "lower") == 2
    assert as_lower(2.0, "higher") == -2
    assert as_lower(Undefined("no"), "higher") == as_lower(Undefined("no"), "lower") == np.inf


# ----------------------------------------------------------------------------------------------------------- score


def test_score_is_the_mean_over_the_whole_split(waves):
    for task in (ADDING, waves):
        network, weights, _ = drawn("rnn", task)
        whole, pieces = (Score(batch).measure(network, weights, {}, task, "test") for batch in (1000, 4))
        assert set(whole) == set(pieces)
        for key, number in whole.items():
            assert pieces[key] == pytest.approx(number, rel=1e-5), key
        assert any(key.startswith("reference: ") for key in whole)
    (batch,) = ADDING.examples("test", 1000)
    network, weights, _ = drawn("rnn", ADDING)
    outputs = network.run(weights, network.zeros((11,)), 6, batch.inputs).outputs[-1]
    found = Score().measure(network, weights, {}, ADDING, "test")
    assert found["mse"] == pytest.approx(float(((outputs - batch.targets) ** 2).mean()), rel=1e-5)


def test_keys_by_which_checkpoints_are_chosen(waves):
    assert Score().better_on(ADDING) == {"loss": "lower", "mse": "lower", "accuracy": "higher"}
    assert Score().better_on(waves) == {"loss": "lower", "mse": "lower"}


# ------------------------------------------------------------------------------------------------------------ hubs


@pytest.mark.parametrize("cell", CELLS)
def test_hubs_of_a_star(cell):
    """One unit that sends to all."""
    network, weights, _ = drawn(cell, ADDING)
    matrix = np.zeros_like(weights["cell0"]["recurrent"])
    matrix[..., 2] = 1.0
    weights = replace(weights, {"cell0/recurrent": jnp.asarray(matrix)})
    found = Hubs(nulls=10).measure(network, weights, {}, ADDING, "test")
    n = matrix.shape[-1]
    assert (found["edges"], found["density"]) == (n, 1 / n)
    assert (found["out_largest"], found["in_largest"]) == (n, 1)
    assert found["out_gini"] == pytest.approx((n - 1) / n)
    assert found["in_gini"] == pytest.approx(0)
    assert found["out_top_share"] == 1
    assert found["out_gini_null_mean"] < found["out_gini"]
    assert found["out_gini_null_sd"] > 0


def test_hubs_without_edges_and_of_cells_that_are_not_there():
    network, weights, _ = drawn("lstm", ADDING)
    empty = replace(weights, {"cell0/recurrent": jnp.zeros_like(weights["cell0"]["recurrent"])})
    found = Hubs(nulls=2).measure(network, empty, {}, ADDING, "test")
    assert found["edges"] == 0
    assert isinstance(found["out_gini"], Undefined)
    assert isinstance(found["out_gini_null_mean"], Undefined)
    for wrong, said in ((Hubs(cell=1), "cell is 0..0"), (Hubs(gate=4), "gate is 0..3")):
        with pytest.raises(SpecError, match=said):
            wrong.check(network, weights)


# -------------------------------------------------------------------------------------------------- single weights


def each_zeroed(weights, prunable):
    matrix = get(weights, prunable.path)
    for index in range(prunable.size):
        yield replace(weights, {prunable.path: matrix.reshape(-1).at[index].set(0).reshape(matrix.shape)})


def matrices(task):
    for cell in CELLS:
        network = network_of(cell)
        for prunable in network.prunables(Ports(task.inputs, task.outputs, task.observed)):
            yield pytest.param(cell, prunable.path, id=f"{cell}-{prunable.path}")


@pytest.mark.parametrize(("cell", "path"), [*matrices(ADDING)])
def test_score_without_each_weight_is_zeroing_it(cell, path):
    with jax.enable_x64(True):
        network, weights, prunables = drawn(cell, ADDING)
        (prunable,) = (p for p in prunables if p.path == path)
        starts = 3
        batches = list(ADDING.examples("validation", 11 // starts))[:starts]

        @jax.jit
        def losses(weights):
            found = []
            for batch in batches:
                states = network.zeros((batch.inputs.shape[1],))
                found.append(ADDING.loss(network.run(weights, states, 6, batch.inputs).outputs, batch))
            return jnp.stack(found)

        expected = np.array([losses(holed) for holed in each_zeroed(weights, prunable)])
        told = []
        increase, baseline = Score().ablate(
            network, weights, ADDING, prunable, np.arange(prunable.size), starts, lambda *at: told.append(at)
        )
        np.testing.assert_allclose(increase, expected - losses(weights), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(baseline, losses(weights), rtol=1e-9)
        assert np.abs(increase).max() > 1e-4
        assert told[-1] == (starts * prunable.size, starts * prunable.size)
        some = np.array([prunable.size - 1, 1, 3])
        again = Score().ablate(network, weights, ADDING, prunable, some, starts).increase
        np.testing.assert_allclose(again, increase[some], rtol=1e-12, atol=1e-14)  # sums of another shape of batch


@pytest.mark.parametrize("cell", CELLS)
def test_score_without_each_weight_on_a_recording(cell, waves):
    with jax.enable_x64(True):
        network, weights, prunables = drawn(cell, waves)
        starts = 2
        batches = list(waves.examples("validation", 15 // starts))[:starts]

        @jax.jit
        def losses(weights):
            found = []
            for batch in batches:
                outputs = network.run(weights, network.first_states(weights, batch.first), 8).outputs
                found.append(jnp.square(outputs - batch.targets).mean())
            return jnp.stack(found)

        for prunable in prunables:
            expected = np.array([losses(holed) for holed in each_zeroed(weights, prunable)])
            increase, _ = Score().ablate(network, weights, waves, prunable, np.arange(prunable.size), starts)
            np.testing.assert_allclose(increase, expected - losses(weights), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cell", CELLS)
def test_geometry_without_each_weight_is_zeroing_it(cell, waves):
    """D_stsp of really zeroed networks, run and counted one by one, less the mean of intact runs from many starts."""
    measure, starts, kept = ReconstructionQuality(bins=5, removal_rows=100), 2, 100
    with jax.enable_x64(True):
        network, weights, prunables = (lively if cell in KNOWN else drawn)(cell, waves)
        values = waves.load().validation[:kept]
        reference = stsp.prepare(values, stsp.definition_for(*values.shape, bins=5))

        def divergences(weights, starts=(0, 25)):
            for start in starts:
                states = network.first_states(weights, jnp.asarray(values[start]))
                run = network.run(weights, states, 125).outputs[25:]
                yield stsp.divergence(reference, np.asarray(run))

        for prunable in prunables:
            expected = np.array([[*divergences(holed)] for holed in each_zeroed(weights, prunable)])
            increase, baseline = measure.ablate(network, weights, waves, prunable, np.arange(prunable.size), starts)
            many = np.linspace(0, 50, prunable.size + 1, endpoint=False).astype(int)
            np.testing.assert_allclose(baseline, [*divergences(weights, many)], rtol=1e-9)
            same = np.array([*divergences(weights)])
            wanted = np.where(expected == same, 0, expected - baseline.mean())
            np.testing.assert_allclose(increase, wanted, rtol=1e-9, atol=1e-9)
            assert not moves(network, weights, waves) or len(np.unique(increase.round(6))) > 5, (
                "the removals should differ"
            )


def test_a_weight_that_does_nothing_has_no_harm_at_all(waves):
    """The last unit is never above 0 after relu, so nothing that it sends matters: exactly 0 in spite of chaos."""
    network, weights, prunables = lively("plrnn_vanilla", waves)
    silent = replace(weights, {"cell0/bias": get(weights, "cell0/bias").at[-1].set(-50.0)})
    (matrix,) = prunables
    increase, baseline = ReconstructionQuality(bins=5, removal_rows=100).ablate(
        network, silent, waves, matrix, np.arange(matrix.size), 2
    )
    increase = increase.reshape(matrix.target, matrix.source, 2)
    assert (increase[:, -1] == 0).all()
    assert (increase[:-1, :-1] != 0).any()
    assert np.isfinite(baseline).all()


def test_undefined_scores_the_ceiling_or_what_the_preset_says(waves):
    network, weights, prunables = lively("plrnn_vanilla", waves)
    far = replace(weights, {"cell0/bias": jnp.full(5, 1e6)})
    for preset in ("hemmer2024", None):
        measure = ReconstructionQuality(bins=5, preset=preset)
        increase, baseline = measure.ablate(network, far, waves, prunables[0], np.arange(3), 1)
        assert np.isfinite(increase).all()
        assert (baseline == 20).all() == (preset is not None)


def test_losses_that_overflow_count_as_worst(waves):
    """Without the weight that holds it back a unit grows without bound; the score of it must still be a number."""
    network, weights, prunables = drawn("plrnn_vanilla", waves)
    zero = jax.tree.map(jnp.zeros_like, weights)
    matrix = jnp.zeros((1, 5, 5)).at[0, 4, 4].set(-1e9)
    weights = replace(zero, {"cell0/recurrent": matrix, "cell0/diagonal": jnp.full(5, 1e9), "cell0/bias": jnp.ones(5)})
    increase, baseline = Score().ablate(network, weights, waves, prunables[0], np.arange(25), 2)
    assert np.isfinite(increase).all()
    assert np.isfinite(baseline).all()


def test_starts_are_equal_parts_and_must_be_filled():
    network, weights, prunables = drawn("rnn", ADDING)
    increase, baseline = Score(batch=500).ablate(network, weights, ADDING, prunables[0], np.arange(2), 4)
    assert (increase.shape, baseline.shape) == ((2, 4), (4,))
    assert len(set(baseline)) == 4
    with pytest.raises(SpecError, match="from 12 starts; validation has 11"):
        Score().ablate(network, weights, ADDING, prunables[0], np.arange(2), 12)


def test_measures_that_cannot_judge_say_so():
    network, weights, prunables = drawn("rnn", ADDING)
    with pytest.raises(SpecError, match="Hubs cannot judge single weights"):
        Hubs().ablate(network, weights, ADDING, prunables[0], np.arange(2), 1)
