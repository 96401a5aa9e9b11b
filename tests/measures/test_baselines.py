"""Baselines: what each predicts is known on paper, no pair crosses a boundary, and they are scored as networks are."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sparsernn.dynamics.dstsp import divergence as stsp
from sparsernn.errors import Interrupted, SpecError, Undefined
from sparsernn.measures import baselines as module
from sparsernn.measures.base import stopping
from sparsernn.measures.baselines import Baselines
from sparsernn.measures.horizons import HORIZONS, by_horizon, predictable
from sparsernn.measures.predictors import PREDICTORS
from sparsernn.measures.predictors.base import FittedStretches, Lacking
from sparsernn.measures.predictors.echo_state import EchoState
from sparsernn.measures.predictors.linear import Linear
from sparsernn.measures.predictors.next_generation import NextGeneration
from sparsernn.measures.predictors.trivial import Mean, Persistence
from sparsernn.measures.reconstruction import ReconstructionQuality
from sparsernn.models.network import Network, Ports
from sparsernn.spec import build
from sparsernn.tasks.adding import Adding
from sparsernn.tasks.reconstruction import Reconstruction


def circle(length, step=0.3):
    time = np.arange(length) * step
    return np.stack([np.sin(time), np.cos(time)], axis=1) * np.sqrt(2)


def henon(length):
    x = np.zeros((length, 2))
    for i in range(1, length):
        x[i] = 1 - 1.4 * x[i - 1, 0] ** 2 + x[i - 1, 1], 0.3 * x[i - 1, 0]
    return (x - x.mean(axis=0)) / x.std(axis=0)


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    path = tmp_path_factory.mktemp("henon") / "henon.npy"
    np.save(path, henon(1200))
    return Reconstruction(file=str(path), sequence=8)


@pytest.fixture(scope="module")
def numbers(task):
    return Baselines(starts=2).measure(None, None, None, task, "test")


# ------------------------------------------------------------------------------------------------------- predictors


def test_a_rotation_is_linear():
    values = FittedStretches(circle(600))
    model = Linear.fit(values, FittedStretches(circle(300)))
    ahead = model.run(values, np.array([5, 100]), 40)
    for i, row in enumerate((5, 100)):
        np.testing.assert_allclose(ahead[:, i], values.values[row + 1 : row + 41], atol=1e-3)
    assert model.parameters == model.maps.size == 2 * (2 * model.order + 1)


def test_no_pair_crosses_a_boundary():
    """Two stretches of one rotation with a jump between them: the pair over the jump would spoil the map."""
    first, second = circle(60), 5 + circle(60)[::-1]
    broken = np.concatenate([circle(80), circle(200)[111:191], circle(300)[203:283]])
    known = Linear.of_order(FittedStretches(broken, (0, 80, 160)), 1)
    blind = Linear.of_order(FittedStretches(broken), 1)
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    assert np.abs(known.maps[1:] - turn).max() < 1e-4
    assert np.abs(blind.maps[1:] - turn).max() > 1e-3
    both = FittedStretches(np.concatenate([first, second]), (0, 60))
    np.testing.assert_array_equal(both.lagged(np.array([60, 61, 2]), range(3))[:, :, 0],
                                  both.values[[[60, 60, 60], [61, 60, 60], [2, 1, 0]], 0])  # fmt: skip


@pytest.mark.parametrize("kind", [NextGeneration, EchoState])
def test_reservoirs_see_no_pair_across_a_boundary(kind):
    """What stretches give together is what sums over them give; the row before a boundary predicts nothing."""
    pytest.importorskip("reservoirpy")
    values = henon(420)
    make = lambda s: (
        kind.candidates(s, 1.0)[1]
        if kind is EchoState
        else kind.candidates(s, module.import_module("reservoirpy.nodes").NVAR(delay=2, order=2, strides=1))[1]
    )
    spoiled = values.copy()
    spoiled[200] = 30.0  # the first row of the second stretch of one, in the middle of the other
    whole = make(FittedStretches(values, (0, 200)))
    apart = make(FittedStretches(np.concatenate([values[:200], values[201:]]), (0, 200)))
    cut = make(FittedStretches(np.concatenate([spoiled[:200], spoiled[201:]]), (0, 200)))
    weights = lambda model: getattr(model, "readout", getattr(model, "weights", None))
    np.testing.assert_array_equal(weights(apart), weights(cut))
    assert np.isfinite(weights(whole)).all()


def test_trivial_ones():
    values = FittedStretches(circle(50))
    rows = np.array([3, 7])
    np.testing.assert_array_equal(Persistence.fit(values, values).run(values, rows, 2)[1], values.values[rows])
    np.testing.assert_allclose(Mean.fit(values, values).run(values, rows, 2)[1, 0], values.values.mean(axis=0))


def test_a_quadratic_map_is_learned_by_the_next_generation_reservoir():
    pytest.importorskip("reservoirpy")
    values = FittedStretches(henon(1000))
    model = NextGeneration.fit(values, FittedStretches(henon(600)))
    ahead = model.run(values, np.arange(100, 150), 1)[0]
    np.testing.assert_allclose(ahead, values.values[101:151], atol=1e-3)
    with pytest.raises(Lacking, match="60 columns"):
        NextGeneration.fit(FittedStretches(np.random.default_rng(0).normal(size=(500, 60))), values)


def test_its_features_are_those_of_the_node():
    nodes = pytest.importorskip("reservoirpy.nodes")
    node, values = nodes.NVAR(delay=2, order=2, strides=2), henon(40)
    theirs = node.run(values)
    model = NextGeneration(np.zeros(0), node, 2)
    rows = np.arange(4, 40)
    ours = model.features(FittedStretches(values).lagged(rows, model.lags))
    np.testing.assert_allclose(ours[:, 1:], theirs[rows], atol=1e-12)
    np.testing.assert_array_equal(ours[:, 0], 1)


def test_its_states_are_those_of_the_node():
    nodes = pytest.importorskip("reservoirpy.nodes")
    from reservoirpy import mat_gen

    node = nodes.Reservoir(500, lr=0.3, sr=0.9, bias=mat_gen.uniform(low=-0.2, high=0.2), seed=0)
    values = henon(1500)
    theirs = node.run(values)
    model = EchoState(node, np.zeros(0))
    np.testing.assert_allclose(model.listen(values)[300:], theirs[300:], atol=1e-3)  # 100 steps of washout
    np.testing.assert_allclose(model.listen(values)[:50], theirs[:50], atol=1e-4)


def test_a_reservoir_begins_alike_alone_and_among_many_rows():
    """At the first row of a stretch it has heard nothing; begun at 0 there its error was that of all rows together."""
    pytest.importorskip("reservoirpy")
    values = FittedStretches(henon(900), (0, 400))
    model = EchoState.candidates(FittedStretches(henon(600)), 1.0)[1]
    many = model.run(values, np.arange(899), 1)[0]
    for row in (0, 3, 99, 100, 399, 400, 401, 600):
        np.testing.assert_allclose(many[row], model.run(values, np.array([row]), 1)[0, 0], atol=1e-3)


def test_no_global_state_is_touched():
    pytest.importorskip("reservoirpy")
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    values = FittedStretches(henon(500))
    first, second = (EchoState.candidates(values, 1.0)[0].readout for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_what_overflows_is_not_computed_on():
    growing = Linear(np.array([[0.0], [3.0]]), 1)
    made = growing.run(FittedStretches(np.ones((10, 1))), np.array([0]), 200)
    assert np.isnan(made[-1]).all()
    assert made[3, 0, 0] == 81


# ---------------------------------------------------------------------------------------------------------- horizons


def test_rows_that_can_be_predicted_from_stay_in_their_stretch():
    rows = predictable(100, (0, 40, 45), 10, 1000)
    assert set(rows) == set(range(30)) | set(range(45, 90))
    assert len(predictable(100, (0,), 10, 7)) == 7
    assert len(predictable(5, (0,), 10)) == 0


def test_errors_by_horizon():
    values = np.arange(300.0)[:, None]
    found = by_horizon(values, (0,), lambda rows, steps: np.tile(values[rows], (steps, 1, 1)))
    assert found == {f"error_at_{h}": float(h * h) for h in HORIZONS}
    short = by_horizon(values[:25], (0,), lambda rows, steps: np.full((steps, len(rows), 1), np.inf))
    assert list(short) == [f"error_at_{h}" for h in (1, 2, 5, 10)]
    assert all(isinstance(value, Undefined) for value in short.values())


@pytest.mark.parametrize("lags", [(0, 1, 2), (2, 0, 1)])
def test_the_future_of_noise_is_not_read_off_its_delays(tmp_path, lags):
    """Of white noise nothing is known ahead, though two of three columns of the next row stand in this one."""
    np.save(tmp_path / "noise.npy", np.random.default_rng(0).normal(size=2000))
    task = Reconstruction(file=str(tmp_path / "noise.npy"), lags=lags, sequence=8)
    found = Baselines(starts=1, horizon=1).measure(None, None, None, task, "test")
    assert found["linear/error_at_1"] == pytest.approx(found["mean/error_at_1"], rel=0.1)
    assert found["linear/prediction_error"] == pytest.approx(found["mean/prediction_error"], rel=0.1)
    network = build(Network, {"plrnn": {"hidden": 4}})
    weights = network.init(jax.random.key(0), Ports(0, 3, True))
    own = ReconstructionQuality(starts=1, horizon=1).measure(network, weights, {}, task, "test")
    rows = np.asarray(task.load().test)
    ahead = network.run(weights, network.first_states(weights, jnp.asarray(rows[:-1])), 1).outputs[-1]
    newest = lags.index(2)
    assert own["prediction_error"] == pytest.approx(np.mean((np.asarray(ahead) - rows[1:])[:, newest] ** 2), rel=1e-3)
    assert own["error_at_1"] == pytest.approx(own["prediction_error"], rel=0.3)


# ------------------------------------------------------------------------------------------------------- the measure


def test_every_baseline_has_its_numbers(numbers):
    wanted = {"d_stsp", "d_h", "prediction_error", "parameters", "seconds", "error_at_1", "error_at_100"}
    for name in PREDICTORS:
        assert wanted <= {key.partition("/")[2] for key in numbers if key.startswith(f"{name}/")}, name
    assert numbers["mean/prediction_error"] == pytest.approx(1, abs=0.2)
    assert numbers["linear/error_at_1"] < numbers["mean/error_at_1"]
    assert numbers["mean/collapsed"] == numbers["persistence/collapsed"] == 1


def test_it_is_computed_once_a_process_and_on_test_only(task, numbers):
    again = Baselines(starts=2).measure(None, None, None, task, "test")
    assert again == numbers  # the seconds too
    assert Baselines(starts=2).measure(None, None, None, task, "validation") == {}


def test_free_runs_are_scored_as_a_networks_are(task, numbers):
    """Persistence stands still at the rows that a network's free runs begin at."""
    values = np.asarray(task.load().test)
    reference = stsp.prepare(values, ReconstructionQuality()._definition(values))
    rows = np.linspace(0, len(values) // 2, 2, endpoint=False).astype(int)
    expected = np.mean([stsp.divergence(reference, np.tile(values[r], (len(values), 1))) for r in rows])
    assert numbers["persistence/d_stsp"] == pytest.approx(float(expected))


def test_one_that_diverges_scores_as_one_that_escaped(task, monkeypatch):
    class Growing(Persistence):
        def step(self, state):
            return 3 * state + 1, 3 * state + 1

    monkeypatch.setitem(PREDICTORS, "persistence", f"{__name__}:Growing")
    monkeypatch.setattr(module, "import_module", lambda name: type("m", (), {"Growing": Growing, "Mean": Mean,
        "Linear": Linear, "EchoState": EchoState, "NextGeneration": NextGeneration}))  # fmt: skip
    found = Baselines(starts=3).measure(None, None, None, task, "test")
    values = np.asarray(task.load().test)
    assert found["persistence/escaped"] == 1
    assert found["persistence/d_stsp"] == pytest.approx(float(stsp.ceiling(stsp.prepare(values), len(values))))
    assert isinstance(found["persistence/error_at_100"], Undefined)
    assert isinstance(found["persistence/d_h"], Undefined)


def test_without_the_extra_reservoirs_are_undefined_with_the_command(task, monkeypatch):
    monkeypatch.setitem(sys.modules, "reservoirpy", None)
    found = Baselines(starts=1).measure(None, None, None, task, "test")
    for name in ("echo_state", "next_generation"):
        assert 'pip install "sparsernn[baselines]"' in found[f"{name}/d_stsp"]
        assert isinstance(found[f"{name}/d_stsp"], Undefined)
    assert isinstance(found["linear/d_stsp"], float)


def test_other_tasks_are_refused():
    assert "reconstruction" in Baselines().unsupported_reason(Adding(length=6))
    with pytest.raises(SpecError):
        Baselines(starts=0)


def test_several_stretches_are_scored_as_a_networks_runs_are(tmp_path):
    """Persistence beside a network's own bookkeeping: in each stretch it stands where that stretch's runs begin."""
    for i in range(6):
        np.save(tmp_path / f"{i}.npy", henon(260)[i * 7 :])
    task = Reconstruction(file=tuple(str(tmp_path / f"{i}.npy") for i in range(6)), sequence=8)
    recording = task.load()
    assert len(recording.starts["test"]) >= 1
    truth = module.truth_of(task, "test")
    runs = module.free_runs(
        truth.values, truth.starts, 2, truth.trials, lambda rows, steps: np.tile(truth.values[rows], (steps, 1, 1))
    )
    assert runs.shape == (2, *truth.values.shape)
    found = Baselines(starts=2).measure(None, None, None, task, "test")
    expected = module.scores(truth, runs)
    assert found["persistence/d_stsp"] == pytest.approx(expected["d_stsp"])
    assert found["persistence/collapsed"] == expected["collapsed"]


@pytest.mark.parametrize("looks", [0, 3, 30])
def test_who_asks_them_to_stop_does_not_wait_for_them(task, looks):
    left = iter(range(looks))
    with stopping(lambda: next(left, None) is None), pytest.raises(Interrupted, match="the same command"):
        Baselines(starts=7).measure(None, None, None, task, "test")
    assert next(left, None) is None
