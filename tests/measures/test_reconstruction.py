"""The measure `reconstruction` on several stretches."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.errors import Undefined
from sparsernn.files.series import Series
from sparsernn.measures import reconstruction as measure_module
from sparsernn.measures.free_runs import plan_of, scores, streamed
from sparsernn.measures.reconstruction import ReconstructionQuality
from sparsernn.measures.truth import Truth, _truth, truth_of
from sparsernn.models.network import Network, Ports
from sparsernn.spec import build
from sparsernn.tasks import recording as module
from sparsernn.tasks.reconstruction import Reconstruction


@pytest.fixture
def spirals(monkeypatch):
    """``spirals(lengths)``: damped spirals from random beginnings, one a stretch: transients that no long run has."""
    module.load.cache_clear()
    _truth.cache_clear()

    def make(lengths):
        rng = np.random.default_rng(0)
        parts = []
        for n in lengths:
            angle, size = rng.uniform(0, 6.28), rng.uniform(1, 2)
            z = size * np.exp(1j * angle + (-0.01 + 0.2j) * np.arange(n))
            parts.append(np.stack([z.real, z.imag], axis=1))
        values = np.concatenate(parts) + 0.01 * rng.normal(size=(sum(lengths), 2))
        starts = tuple(int(n) for n in np.cumsum([0, *lengths[:-1]]))
        monkeypatch.setattr(module, "series_of", lambda task: Series(values, ("a", "b"), 0.1, "made", "", starts))
        return Reconstruction(file="made.npy", sequence=10)

    yield make
    module.load.cache_clear()
    _truth.cache_clear()


@pytest.fixture(scope="module")
def net():
    network = build(Network, {"plrnn": {"hidden": 4}})
    ports = Ports(0, 2, True)
    return network, network.init(jax.random.key(0), ports), network.prunables(ports)


def test_trials_are_run_from_their_beginnings_and_as_long(spirals, net):
    task = spirals([60, 90, 70, 80, 60, 90, 70, 80, 75, 85])
    network, weights, _ = net
    recording = task.load()
    assert recording.trials
    values, starts = recording.test, recording.starts["test"]
    pools = ReconstructionQuality(starts=3).generate(network, weights, values, starts, True)
    assert pools.shape == (3, *values.shape)
    for s, pool in enumerate(pools):
        for begin, part in zip(starts, np.split(values, starts[1:]), strict=True):
            made = pool[begin : begin + len(part)]
            np.testing.assert_array_equal(made[: s + 1], part[: s + 1], "the rows up to the beginning are the data's")
            states = network.first_states(weights, jnp.asarray(part[s], jnp.float32))
            alone = network.run(weights, states, len(part) - s - 1).outputs
            np.testing.assert_allclose(made[s + 1 :], alone, atol=1e-4)


def test_parts_of_a_recording_with_gaps_drop_their_transients(spirals, net):
    task = spirals([400, 700])
    network, weights, _ = net
    values = task.load().test
    starts = (0, 120)
    pools = ReconstructionQuality(starts=2).generate(network, weights, values, starts, False)
    for begin, part in zip(starts, np.split(values, starts[1:]), strict=True):
        for s, row in enumerate((0, len(part) // 4)):
            states = network.first_states(weights, jnp.asarray(part[row], jnp.float32))
            skip = int(0.25 * len(part))
            alone = network.run(weights, states, skip + len(part)).outputs[skip:]
            np.testing.assert_allclose(pools[s, begin : begin + len(part)], alone, atol=1e-4)


def test_a_perfect_copy_of_trials_scores_the_floor(spirals, net, monkeypatch):
    task = spirals([80] * 20)
    network, weights, _ = net
    quality = ReconstructionQuality()
    truth = truth_of(task, "test")
    others = task.load().validation
    monkeypatch.setattr(ReconstructionQuality, "generate", lambda *_: others[None])
    found = quality.measure(network, weights, {}, task, "test")
    assert found["d_stsp"] < 2 * found["d_stsp_floor"] < found["d_stsp_ceiling"] / 2
    assert found["d_stsp_of_training_data"] < 2 * found["d_stsp_floor"]
    assert found["d_h"] < 2 * found["d_h_floor"] + 0.05
    assert (found["collapsed"], found["escaped"]) == (0, 0)
    assert truth.starts == (0, 80, 160, 240)


@pytest.mark.parametrize("count", [5, 15])
def test_the_floor_of_trials_is_that_of_other_trials(spirals, net, count):
    task = spirals([200] * count)
    truth = truth_of(task, "test")
    recording = task.load()
    definition = truth.reference.definition
    assert truth.d_stsp_floor == stsp.floor(recording.test, definition, len(recording.validation), recording.validation)


def test_predictions_stay_within(spirals, net):
    """A prediction across a boundary would be wrong by the jump to the next trial; a perfect network makes none."""
    task = spirals([80] * 20)
    network, weights, _ = net
    values, starts = task.load().test, task.load().starts["test"]
    quality = ReconstructionQuality(horizon=20)
    error = quality.prediction_error(network, weights, values, starts)
    parts = np.split(values, starts[1:])
    rows = np.concatenate([part[:-20] for part in parts])
    truth = np.concatenate([part[20:] for part in parts])
    states = network.first_states(weights, jnp.asarray(rows, jnp.float32))
    ahead = np.asarray(network.run(weights, states, 20).outputs)[-1]
    assert error == pytest.approx(((ahead - truth) ** 2).mean(), rel=1e-4)
    assert "shorter than the horizon" in quality.prediction_error(network, weights, values, range(0, 320, 20))


@pytest.mark.parametrize(("lengths", "trials"), [([70, 90, 80], True), ([150, 400], False), ([300], False)])
@pytest.mark.parametrize("estimator", ["binning", "gmm"])
def test_streamed_is_the_divergence_of_the_pool(spirals, net, lengths, trials, estimator):
    """Chunks that end anywhere, and rows that do not count, change nothing."""
    task = spirals([100] * 10)
    network, weights, _ = net
    values = task.load().train[: sum(lengths)]
    starts = [int(n) for n in np.cumsum([0, *lengths[:-1]])]
    reference = stsp.prepare(values, stsp.definition_for(len(values), 2, estimator=estimator))
    pools = ReconstructionQuality(starts=2).generate(network, weights, values, starts, trials)
    parts = np.split(values, starts[1:])
    for s in (0, 1):
        found = streamed(network, weights, parts, np.full(3, s), 2, trials, reference, None)
        expected = stsp.divergence(reference, pools[s], starts)
        np.testing.assert_allclose(found, expected, rtol=2e-3)


def test_weights_are_judged_trial_by_trial(spirals, net, monkeypatch):
    task = spirals([60] * 15)
    network, weights, prunables = net
    matrix = next(p for p in prunables if p.path.endswith("recurrent"))
    monkeypatch.setattr(measure_module, "BLOCK", 4)
    found = ReconstructionQuality().ablate(network, weights, task, matrix, np.array([1, 2, 7]), 2)
    assert found.increase.shape == (3, 2)
    recording = task.load()
    quality = ReconstructionQuality(starts=2)
    definition = quality._definition(recording.validation)
    reference = stsp.prepare(recording.validation, definition)
    pools = quality.generate(network, weights, recording.validation, recording.starts["validation"], True)
    baseline = [stsp.divergence(reference, pool, recording.starts["validation"]) for pool in pools]
    np.testing.assert_allclose(found.baseline, baseline, rtol=1e-3)


def testplan_of():
    assert plan_of(100, 4, True).rows.tolist() == [0, 1, 2, 3]
    assert plan_of(10, 4, True).rows.tolist() == [0, 0, 0, 0]
    assert plan_of(100, 4, False).rows.tolist() == [0, 12, 25, 37]


def test_a_trial_that_ends_elsewhere_counts_by_its_rows_in_the_floor():
    """It is the last one of the other trials; without its boundary the whole of them would seem to have left."""
    rng = np.random.default_rng(0)
    values, others = rng.normal(size=(600, 2)), rng.normal(size=(600, 2))
    others[540:] += 40
    definition = stsp.definition_for(600, 2)
    ceiling = stsp.ceiling(stsp.prepare(values, definition), 600)
    found = stsp.floor(values, definition, 600, others, second_starts=[0, 180, 360, 540])
    assert found < 0.5 * ceiling
    assert stsp.floor(values, definition, 600, others) == pytest.approx(ceiling)


STOPS = np.arange(1200)
WAVES = np.stack([np.sin(0.05 * STOPS), np.cos(0.071 * STOPS)], axis=1)


def truth_from(values):
    none = Undefined("not asked")
    return Truth(values, stsp.prepare(values), none, none, none, none, (0,), False)


def stopped(values, row):
    return np.concatenate([values[:row], np.tile(values[row], (len(values) - row, 1))])[None]


@pytest.mark.parametrize("unit", [1.0, 1e-6, 1e6])
@pytest.mark.parametrize(("row", "collapsed"), [(0, 1), (540, 1), (720, 1), (880, 1), (1190, 0)])
def test_a_run_that_stops_on_its_way_has_collapsed_in_any_unit(row, collapsed, unit):
    found = scores(truth_from(WAVES * unit), stopped(WAVES * unit, row))
    assert found["collapsed"] == found["frozen"] == collapsed


@pytest.mark.parametrize(("row", "collapsed"), [(0, 1), (500, 1), (700, 0)])
def test_a_run_that_pauses_as_the_data_do_has_not_stopped(row, collapsed):
    pausing = WAVES.copy()
    pausing[200:700] = pausing[200]  # 500 of 1,200 rows
    assert scores(truth_from(pausing), stopped(WAVES, row))["collapsed"] == collapsed


def test_a_run_that_comes_to_rest_with_the_data_has_not_stopped():
    resting = stopped(WAVES, 500)[0]
    assert scores(truth_from(resting), stopped(WAVES, 400))["collapsed"] == 0
